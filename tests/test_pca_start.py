"""``max_iter=0`` gives PCA: codes, signs, order and reconstruction."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from skae.core.activations import ACTIVATIONS
from tests.datasets import correlated, curved
from tests.discovery import short

SHAPES = [(60, 8, 3), (60, 8, 8), (60, 8, 1), (10, 30, 4), (10, 30, 9), (5, 5, 2), (300, 3, 2)]


def start(n_components, **parameters):
    chosen = {"hidden_layer_sizes": (8,), "max_iter": 0, "random_state": 0, **parameters}
    return AutoencoderTransformer(n_components, **chosen)


def assert_is_pca(model, X, n_components, samples=None):
    pca = PCA(n_components, svd_solver="full").fit(X)
    samples = X if samples is None else samples
    tolerance = 1e-4 * X.std()
    np.testing.assert_allclose(model.transform(samples), pca.transform(samples), atol=tolerance)
    best = pca.inverse_transform(pca.transform(samples))
    np.testing.assert_allclose(model.reconstruct(samples), best, atol=tolerance)
    np.testing.assert_allclose(model.mean_, pca.mean_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_samples, n_features, n_components", SHAPES)
@pytest.mark.parametrize("tied_weights", short([False, True]))
def test_start_is_pca(n_samples, n_features, n_components, tied_weights):
    X = correlated(n_samples, n_features)
    model = start(n_components, tied_weights=tied_weights).fit(X)
    assert_is_pca(model, X, n_components, samples=np.vstack([X, correlated(20, n_features, 5)]))


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_start_is_pca_for_other_centered_losses(loss):
    X = correlated(60, 8)
    assert_is_pca(start(3, loss=loss).fit(X), X, 3)


@pytest.mark.parametrize("tied_weights", short([False, True]))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_start_is_exact_for_every_activation(activation, tied_weights):
    X = correlated(60, 8)
    model = start(
        3, hidden_layer_sizes=(7, 5), activation=activation, tied_weights=tied_weights
    ).fit(X)
    assert_is_pca(model, X, 3)


@pytest.mark.parametrize("hidden", [(), (4,), (6, 5, 4), "auto"])
def test_start_is_pca_for_every_depth(hidden):
    X = correlated(60, 8)
    assert_is_pca(start(2, hidden_layer_sizes=hidden).fit(X), X, 2)


@pytest.mark.parametrize("tied_weights", [False, True])
def test_overcomplete_start_keeps_all(tied_weights):
    X = correlated(60, 4)
    model = start(7, tied_weights=tied_weights).fit(X)
    codes = model.transform(X)
    assert codes.shape == (60, 7)
    np.testing.assert_allclose(codes[:, :4], PCA(4).fit_transform(X), atol=1e-4)
    np.testing.assert_allclose(model.reconstruct(X), X, atol=1e-4)


def test_more_components_than_samples():
    X = correlated(4, 9)
    model = start(6).fit(X)
    np.testing.assert_allclose(model.reconstruct(X), X, atol=1e-4)
    np.testing.assert_allclose(
        np.abs(model.transform(X)[:, :3]), np.abs(PCA(3).fit_transform(X)), atol=1e-4
    )


@pytest.mark.thorough
def test_many_columns_use_another_solver_with_the_same_result():
    # more columns than a covariance matrix is made for, few samples; then many of both
    for n_samples, n_features in ((40, 2500), (2300, 2500)):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(n_samples, 5)) * [16, 8, 4, 2, 1] @ rng.normal(size=(5, n_features))
        X = (X + 0.01 * rng.normal(size=X.shape)).astype(np.float32)
        model = start(3).fit(X)
        pca = PCA(3, svd_solver="randomized", random_state=0, iterated_power=9).fit(X)
        want = pca.transform(X)
        np.testing.assert_allclose(model.transform(X), want, atol=2e-3 * want.std())


@pytest.mark.parametrize("shuffled", [False, True])
def test_start_with_weights_is_weighted_pca(shuffled):
    X, w = correlated(60, 6), np.random.default_rng(0).integers(0, 4, 60)
    if shuffled:
        order = np.random.default_rng(1).permutation(60)
        model = start(3).fit(X[order], sample_weight=w[order])
    else:
        model = start(3).fit(X, sample_weight=w)
    pca = PCA(3, svd_solver="full").fit(np.repeat(X, w, axis=0))
    np.testing.assert_allclose(model.mean_, pca.mean_, rtol=1e-9)
    np.testing.assert_allclose(model.transform(X), pca.transform(X), atol=1e-4)


@pytest.mark.parametrize("tied_weights", [False, True])
@pytest.mark.parametrize(
    "code_activation, low, high", [("logistic", 0.0, 1.0), ("tanh", -1.0, 1.0)]
)
def test_bounded_codes_start_in_their_linear_range(code_activation, low, high, tied_weights):
    X = correlated(200, 6)
    model = start(3, code_activation=code_activation, tied_weights=tied_weights).fit(X)
    codes = model.transform(X)
    margin = 0.1 * (high - low)
    assert np.mean((codes > low + margin) & (codes < high - margin)) > 0.9
    assert (codes.std(axis=0) > 0.05).all(), "the codes start flat"
    want = PCA(3).fit_transform(X)
    for j in range(3):
        assert np.corrcoef(codes[:, j], want[:, j])[0, 1] > 0.98
    # the decoder starts as the least-squares map from those codes back to the samples
    if not tied_weights:
        design = np.column_stack([codes, np.ones(len(X))])
        best = design @ np.linalg.lstsq(design, X, rcond=None)[0]
        np.testing.assert_allclose(model.reconstruct(X), best, atol=1e-3 * X.std())
    assert model.score(X) > PCA(3).fit(X).explained_variance_ratio_.sum() - 0.05


def test_cross_entropy_starts_at_the_linearized_logit():
    X = curved(90, 6)
    model = start(2, loss="binary_cross_entropy").fit(X)
    pca = PCA(2, svd_solver="full").fit(X)
    m = np.clip(X.mean(axis=0), 0.01, 0.99)
    logits = np.log(m / (1 - m)) + pca.transform(X) @ pca.components_ / (m * (1 - m))
    np.testing.assert_allclose(model.reconstruct(X), expit(logits), atol=1e-4)
    constant = np.sum((X - X.mean(axis=0)) ** 2)
    assert np.sum((model.reconstruct(X) - X) ** 2) < constant


def test_random_start_is_not_pca():
    X = correlated(60, 8)
    model = start(3, init="random").fit(X)
    assert model.score(X) < PCA(3).fit(X).explained_variance_ratio_.sum() - 0.1


def test_linear_path_is_off_for_huge_layers():
    # n_features x n_components above 2e7: documented
    X = np.random.default_rng(0).normal(size=(3, 4500)).astype(np.float32)
    small = start(4, hidden_layer_sizes=(2,)).fit(X)
    large = start(4500, hidden_layer_sizes=(2,)).fit(X)
    assert "linear" in small.params_
    assert "linear" not in large.params_
    assert np.isfinite(large.reconstruct(X)).all()
