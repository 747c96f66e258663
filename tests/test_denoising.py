"""Denoising autoencoders: corruption processes and denoising."""

import functools
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone

from skae import AutoencoderTransformer, DenoisingAutoencoder
from skae.core.data.samples import Samples
from skae.core.objective import Batch
from skae.objectives.denoising.corruption import (
    CORRUPTIONS,
    corrupt,
    noise_constants,
    standard_normal,
)
from tests.datasets import curved
from tests.discovery import fast, short
from tests.test_compilation import compilations

KINDS = sorted(CORRUPTIONS)
each_kind = pytest.mark.parametrize("noise", KINDS)


def scaled(x, key, factor=1.0):
    """A noise function on samples in the units of X."""
    return factor * x + 0.1 * jax.random.normal(key, x.shape)


def finite_in_units_of_X(x, key):
    """Finite only for samples in the units of `shifted`."""
    return jnp.where((x > 900) & (x < 1100), x, jnp.nan)


def apply(noise, level, samples, weight=None, seed=0, constants=None):
    x = np.asarray(samples, np.float32)
    weight = np.ones(len(x), np.float32) if weight is None else np.asarray(weight, np.float32)
    known = {}
    if constants is None:
        known = noise_constants(noise, Samples(x), weight, standardized=False)
    key = jax.random.key(seed)
    return np.asarray(corrupt(noise, key, Batch(x, weight), np.float32(level), known or constants))


TABLE = np.random.default_rng(0).normal(size=(400, 90)) * np.linspace(0.5, 3, 90) + 2.0


# ---- corruption


@each_kind
def test_level_zero_does_not_change_samples(noise):
    np.testing.assert_allclose(apply(noise, 0.0, TABLE), TABLE, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("noise", [k for k in KINDS if CORRUPTIONS[k].is_probability])
def test_the_fraction_of_corrupted_entries_is_the_level(noise):
    for level in (0.1, 0.5, 0.9):
        noisy = apply(noise, level, TABLE)
        corrupted = noisy != TABLE.astype(np.float32)
        if noise == "dropout":
            corrupted = np.isclose(noisy, TABLE.mean(axis=0), rtol=1e-4)
        assert abs(corrupted.mean() - level) < 0.01


def test_gaussian_noise_has_the_standard_deviation_of_its_level():
    spread = np.sqrt(TABLE.var(axis=0).mean())
    added = apply("gaussian", 0.5, TABLE) - TABLE
    assert abs(added.mean()) < 0.02 * spread
    assert abs(added.std() / (0.5 * spread) - 1) < 0.02
    z = np.asarray(standard_normal(jax.random.key(1), (100_001,)))
    assert abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.02
    assert abs(np.mean(z**4) - 3) < 0.15
    assert abs(np.mean(np.abs(z) > 1.96) - 0.05) < 0.005


@pytest.mark.thorough
def test_dropout_preserves_the_expected_value_and_masking_does_not():
    draws = {n: np.mean([apply(n, 0.4, TABLE, seed=s) for s in range(200)], 0) for n in KINDS[:]}
    deviation = TABLE - TABLE.mean(axis=0)
    for noise, factor in (("dropout", 1.0), ("masking", 0.6), ("gaussian", 1.0)):
        found = np.sum((draws[noise] - TABLE.mean(axis=0)) * deviation) / np.sum(deviation**2)
        assert abs(found - factor) < 0.01, noise


def test_salt_and_pepper_are_the_extremes_of_each_feature():
    noisy = apply("salt_and_pepper", 0.4, TABLE)
    x = TABLE.astype(np.float32)
    corrupted = noisy != x
    low, high = noisy == x.min(axis=0), noisy == x.max(axis=0)
    assert (corrupted <= (low | high)).all()
    assert abs(low.mean() - 0.2) < 0.01 and abs(high.mean() - 0.2) < 0.01


@pytest.mark.parametrize("n_features, n_draws", short([(90, 50), (3, 1500)]))
def test_swap_draws_other_samples_by_weight_and_no_padding(n_features, n_draws):
    weight = np.array([1.0, 0.0, 3.0, 2.0, 0.0, 0.0])
    samples = np.repeat(np.arange(6.0)[:, None], n_features, axis=1)
    draws = np.concatenate([apply("swap", 1.0, samples, weight, s) for s in range(n_draws)], axis=1)
    for sample in range(6):
        others = np.where(np.arange(6) == sample, 0, weight)
        shares = np.array([np.mean(draws[sample] == donor) for donor in range(6)])
        np.testing.assert_allclose(shares, others / others.sum(), atol=0.03)


def test_swap_of_a_single_sample_and_donors_of_each_feature():
    assert (apply("swap", 0.9, TABLE[:1]) == TABLE[:1].astype(np.float32)).all()
    padded = np.concatenate([TABLE[:1], np.zeros((3, 90))])
    assert (apply("swap", 0.9, padded, [1, 0, 0, 0])[0] == TABLE[0].astype(np.float32)).all()
    samples = np.repeat(np.arange(50.0)[:, None], 60, axis=1)
    donors = apply("swap", 1.0, samples)
    assert np.mean([len(np.unique(sample)) for sample in donors]) > 30, (
        "each feature has its own donor"
    )


def test_noise_depends_on_the_key():
    for noise in KINDS:
        assert (apply(noise, 0.5, TABLE, seed=0) != apply(noise, 0.5, TABLE, seed=1)).mean() > 0.1


# ---- estimator


@pytest.fixture(scope="module")
def samples():
    return curved(600, 12), curved(200, 12, seed=1)


@pytest.mark.parametrize(
    "noise, loss",
    short(
        [
            ("gaussian", "squared_error"),
            *((kind, "squared_error") for kind in KINDS if kind != "gaussian"),
            ("dropout", "binary_cross_entropy"),
        ]
    ),
)
def test_reconstructions_of_noisy_samples_are_closer_to_clean_ones(noise, loss, samples):
    X, X_new = samples
    level = 0.5 if noise == "gaussian" else 0.2
    model = fast(
        DenoisingAutoencoder, n_components=4, noise=noise, noise_level=level, loss=loss, max_iter=30
    ).fit(X)
    noisy = model.corrupt(X_new, random_state=0)
    denoised = model.inverse_transform(model.transform(noisy))
    assert np.mean((denoised - X_new) ** 2) < 0.8 * np.mean((noisy - X_new) ** 2)
    plain = fast(AutoencoderTransformer, n_components=4, loss=loss, max_iter=30).fit(X)
    naive = plain.reconstruct(noisy.clip(0, 1))
    assert np.mean((denoised - X_new) ** 2) < np.mean((naive - X_new) ** 2)
    # Clean samples are reconstructed well, too.
    assert model.score(X_new) > 0.7 * plain.score(X_new)


def test_transform_adds_no_noise_and_corrupt_does(samples):
    X, _ = samples
    model = fast(DenoisingAutoencoder, noise="dropout").fit(X)
    np.testing.assert_array_equal(model.transform(X), model.transform(X))
    one, again, other = (model.corrupt(X, random_state=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any() and (model.corrupt(X) != model.corrupt(X)).any()
    assert one.shape == X.shape and one.dtype == X.dtype
    assert model.corrupt(X.astype(np.float32)).dtype == np.float32


@each_kind
@pytest.mark.parametrize("n_samples", [1, 2, 257])
def test_corrupt_accepts_any_number_of_samples(noise, n_samples, samples):
    model = fast(DenoisingAutoencoder, noise=noise, noise_level=0.5, max_iter=0).fit(samples[0])
    X = curved(n_samples, 12, seed=4)
    noisy = model.corrupt(X, random_state=0)
    assert noisy.shape == X.shape and np.isfinite(noisy).all()
    if noise == "swap" and n_samples > 1:
        own = np.isclose(noisy[:, :, None], X.T[None], atol=1e-5).any(axis=2)
        assert own.all(), "swapped entries are values of the same feature"


def test_gaussian_level_is_in_units_of_the_data(samples):
    X, _ = samples
    for factor in (1.0, 1000.0):
        model = fast(DenoisingAutoencoder, noise_level=0.5, max_iter=0).fit(X * factor)
        added = model.corrupt(X * factor, random_state=0) - X * factor
        assert abs(added.std() / (0.5 * model.scale_) - 1) < 0.05


def test_salt_and_pepper_uses_the_extremes_of_the_training_set(samples):
    X, _ = samples
    model = fast(DenoisingAutoencoder, noise="salt_and_pepper", noise_level=0.9, max_iter=0).fit(X)
    noisy = model.corrupt(X[:50], random_state=0)
    np.testing.assert_allclose(noisy.max(axis=0), X.max(axis=0), rtol=1e-5)
    np.testing.assert_allclose(noisy.min(axis=0), X.min(axis=0), rtol=1e-5)


def test_level_is_traced_and_kind_is_static():
    X = curved(300, 27)
    model = fast(DenoisingAutoencoder, early_stopping=False).fit(X)
    model.corrupt(X)
    with compilations() as found:
        clone(model).set_params(noise_level=0.7).fit(X).corrupt(X[:3])
    assert len(found) == 0
    with compilations() as found:
        clone(model).set_params(noise="swap").fit(X)
    assert len(found) == 1


def test_functions_receive_samples_in_the_units_of_X(samples):
    shifted = 1000 + 20 * (samples[0] - 0.5)
    model = fast(DenoisingAutoencoder, noise=finite_in_units_of_X).fit(shifted)
    assert np.isfinite(model.history_["loss"]).all()
    np.testing.assert_allclose(model.corrupt(shifted), shifted, rtol=1e-5)


@pytest.mark.thorough
def test_partial_functions_fit_and_pickle(samples):
    X, _ = samples
    noise = functools.partial(scaled, factor=0.5)
    model = fast(DenoisingAutoencoder, noise=noise).fit(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.corrupt(X, 3), model.corrupt(X, 3))
    found = np.polyfit(X.ravel(), model.corrupt(X, 3).ravel(), 1)[0]
    assert abs(found - 0.5) < 0.02
    with compilations() as found:
        clone(model).set_params(noise=functools.partial(scaled, factor=0.5)).fit(X)
    assert len(found) == 0


@pytest.mark.thorough
def test_training_continues_with_other_noise(samples):
    X, _ = samples
    model = fast(DenoisingAutoencoder, warm_start=True).fit(X)
    for noise in KINDS:
        assert np.isfinite(model.set_params(noise=noise).fit(X).score(X))
    with pytest.raises(ValueError, match="warm_start"):
        model.set_params(noise=scaled).fit(X)


# ---- invalid parameters


@pytest.mark.parametrize("noise", [k for k in KINDS if CORRUPTIONS[k].is_probability])
@pytest.mark.parametrize("level", [1.0, 2])
def test_probabilities_are_below_one(noise, level):
    with pytest.raises(ValueError, match=rf"noise_level={level}.*{noise}"):
        fast(DenoisingAutoencoder, noise=noise, noise_level=level).fit(curved())


def test_functions_must_keep_the_shape():
    for bad in (lambda x, key: x[:, :2], lambda x, key: None):
        with pytest.raises(ValueError, match=r"noise function must return an array of the shape"):
            fast(DenoisingAutoencoder, noise=bad).fit(curved())
    with pytest.raises(ValueError, match="hashable"):
        noise = functools.partial(scaled, factor=[1.0])
        fast(DenoisingAutoencoder, noise=noise).fit(curved())


@pytest.mark.parametrize("n_samples", [1, 2, 5, 4001])
def test_normals_of_any_number_of_samples(n_samples):
    got = np.asarray(standard_normal(jax.random.key(0), (n_samples, 64)))
    assert got.shape == (n_samples, 64) and np.isfinite(got).all()
    assert len(np.unique(got)) > 0.9 * min(got.size, 2**12)
    if n_samples > 1000:
        assert abs(got.mean()) < 0.01 and abs(got.std() - 1) < 0.01
        # The two samples that share random words are independent.
        half = n_samples // 2
        assert abs(np.mean(got[:half] * got[-half:])) < 0.01
