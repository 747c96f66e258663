"""The pullback metric against the decoder's Jacobian and against finite differences."""

import jax
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from skae import AutoencoderTransformer, RecurrentAutoencoder
from tests.discovery import AUTOENCODERS, CLASSES_AND_LOSSES, short


@pytest.mark.representatives
@pytest.mark.parametrize("cls, loss", CLASSES_AND_LOSSES)
def test_metric_is_the_mean_of_squared_jacobians(cls, loss, fitted, X_new):
    model = fitted(cls, loss=loss)
    decode, params = model.decoder_function()
    codes = model.transform(X_new).astype(np.float32)
    jacobians = jax.jit(jax.vmap(jax.jacobian(lambda z: decode(params, z[None])[0])))(codes)
    expected = np.einsum("nij,nik->jk", jacobians, jacobians) / len(codes)
    metric = model.pullback_metric(X_new)
    assert metric.dtype == np.float64
    np.testing.assert_allclose(metric, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_array_equal(metric, metric.T)
    root = model.pullback_metric(X_new, root=True)
    np.testing.assert_allclose(root @ root, metric, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_metric_of_principal_components_is_the_identity(X):
    model = AutoencoderTransformer(3, hidden_layer_sizes=(), max_iter=1, random_state=0).fit(X)
    np.testing.assert_allclose(model.pullback_metric(X), np.eye(3), atol=0.02)


@pytest.mark.parametrize("factor", short([1.0, 1e4]))
def test_distances_of_mapped_codes_are_those_of_reconstructions(factor, X):
    model = AutoencoderTransformer(
        2, hidden_layer_sizes=(8,), init="random", max_iter=20, random_state=0
    ).fit(X * factor)
    codes = model.transform(X * factor)
    steps = np.random.default_rng(0).normal(size=codes.shape) * 1e-3 * codes.std()
    moved = model.inverse_transform(codes + steps) - model.inverse_transform(codes - steps)
    by_metric = 2 * steps @ model.pullback_metric(X * factor, root=True)
    np.testing.assert_allclose(np.square(by_metric).sum(), np.square(moved).sum(), rtol=0.2)


@pytest.mark.parametrize("cls", [AutoencoderTransformer, RecurrentAutoencoder])
def test_any_number_of_samples_and_sparse_ones(cls, fitted, X):
    model = fitted(cls)
    samples = np.concatenate([X, X])[:65]  # one block and one sample
    parts = [model.pullback_metric(part) for part in (samples[:64], samples[64:])]
    mean = np.average(parts, axis=0, weights=(64, 1))
    np.testing.assert_allclose(model.pullback_metric(samples), mean, rtol=1e-5)
    sparse = model.pullback_metric(csr_array(samples))
    np.testing.assert_allclose(sparse, model.pullback_metric(samples), rtol=1e-5)


def test_invalid_samples_raise(fitted, X):
    with pytest.raises(NotFittedError):
        AutoencoderTransformer().pullback_metric(X)
    model = fitted(AutoencoderTransformer)
    with pytest.raises(ValueError, match="features"):
        model.pullback_metric(X[:, :3])
    with pytest.raises(ValueError, match="minimum of 1"):
        model.pullback_metric(X[:0])
    with pytest.raises(ValueError, match="NaN"):
        model.pullback_metric(X * np.nan)


@pytest.mark.representatives
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_samples_far_from_the_training_set_give_a_finite_metric(cls, fitted, X):
    for far in (1e8, 1e12, 1e30, np.finfo(float).max):
        samples = X[:5].copy()
        samples[2, 1] = far
        for root in (False, True):
            assert np.isfinite(fitted(cls).pullback_metric(samples, root=root)).all()
