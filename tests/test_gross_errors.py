"""Fits to data with a few huge values: as good as without them; ordinary data are not changed."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import datasets

from skae import VAE, AutoencoderTransformer, DenoisingAutoencoder, SparseAutoencoder
from skae.core.data.gross_errors import fence_of, find_gross_errors
from skae.core.data.moments import weighted_units
from skae.core.data.samples import Samples
from tests.discovery import AUTOENCODERS, fast, is_centered

rng = np.random.default_rng(0)
N = 2000
ROWS = rng.integers(N, size=12)
NORMAL = rng.normal(size=(N, 8))
ORDINARY = {
    "normal": NORMAL,
    "few samples": NORMAL[:30],
    "exponential": rng.exponential(size=(N, 8)),
    "log-normal": np.exp(2 * rng.normal(size=(N, 8))),
    "Student's t, 4 degrees of freedom": rng.standard_t(4, size=(N, 8)),
    "negative binomial": rng.negative_binomial(0.3, 0.01, size=(N, 8)),
    "rare bits": (rng.random((N, 8)) < 0.003).astype(float),
    "rare counts": rng.poisson(0.05, size=(N, 8)),
    "two modes": np.where(rng.random((N, 8)) < 0.98, NORMAL, NORMAL + 15),
    "constant": np.ones((N, 3)),
    "scales from 1e-3 to 1e3": NORMAL * 10.0 ** np.arange(-3, 5),
    "sparse": sp.random_array((N, 50), density=0.01, rng=0, format="csr"),
    "iris": datasets.load_iris().data,
    "wine": datasets.load_wine().data,
    "breast cancer": datasets.load_breast_cancer().data,
    "diabetes": datasets.load_diabetes().data,
    "digits": datasets.load_digits().data,
}


def gross_errors(X):
    samples = Samples(X)
    return find_gross_errors(samples, fence_of(samples))


@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_data_have_no_gross_errors(kind):
    assert gross_errors(ORDINARY[kind]) is None


@pytest.mark.parametrize(
    "kind, n_errors",
    [
        *((kind, n) for kind in ("normal", "exponential") for n in (1, 12, 170, 320)),
        *(("rare counts", n) for n in (1, 12)),
    ],
)
def test_gross_errors_are_found_and_clipped_to_the_range_of_the_others(kind, n_errors):
    clean = ORDINARY[kind].astype(float)
    where = np.random.default_rng(1).choice(clean.size, n_errors, replace=False)
    is_gross = np.isin(np.arange(clean.size), where).reshape(clean.shape)
    X = np.where(is_gross, 1000.0 * np.random.default_rng(2).choice([-1, 1], clean.shape), clean)
    found, features = gross_errors(X), np.flatnonzero(is_gross.any(axis=0))
    others = np.where(is_gross, np.median(X, axis=0), X)
    assert found.n_values == n_errors and list(found.features) == list(features)
    want = X.copy()
    want[:, features] = np.clip(X, others.min(axis=0), others.max(axis=0))[:, features]
    np.testing.assert_array_equal(Samples(X).clipped(found.clip).raw(slice(None)), want)


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "int16", "int64", "uint64", "longdouble", "CSR"]
)
def test_gross_errors_of_every_dtype(dtype):
    X = np.round(10 * NORMAL + 100)
    X[3, 2] = 30_000
    X = sp.csr_array(X) if dtype == "CSR" else X.astype(dtype)
    found = gross_errors(X)
    assert (found.n_values, list(found.features)) == (1, [2])
    clipped = Samples(X).clipped(found.clip).raw(slice(None))
    assert clipped.dtype == X.dtype
    dense = X.toarray() if dtype == "CSR" else X
    np.testing.assert_array_equal(np.delete(clipped, 3, axis=0), np.delete(dense, 3, axis=0))
    assert clipped[3, 2] == np.delete(dense[:, 2], 3).max()


def test_a_twentieth_of_a_feature_may_be_a_code_for_missing_values():
    X = NORMAL.copy()
    X[: N // 25, 0] = -9999
    assert gross_errors(X).n_values == N // 25


def test_training_reads_clipped_values():
    """float32 is standardized on the device, float64 on the host."""
    for dtype in (np.float32, np.float64):
        samples = NORMAL.astype(dtype)
        samples[5, 1] = 1e6
        found = gross_errors(samples)
        units = weighted_units(Samples(samples).clipped(found.clip), np.ones(N))
        read = Samples(samples, units).clipped(found.clip)
        assert read.on_host == (dtype is np.float64) and units.scale < 1.1
        for part in (slice(0, 10), np.arange(10)):
            out = np.empty((10, 8), read.dtype)
            read.read(part, out)
            assert np.abs(out).max() < 10 and np.abs(read.standardized(part)).max() < 10
        assert np.abs(read.select(np.arange(9)).in_memory().standardized(slice(0, 9))).max() < 10


@pytest.mark.representatives
@pytest.mark.parametrize("cls", [cls for cls in AUTOENCODERS if is_centered(fast(cls))])
def test_fit_with_one_gross_error_is_nearly_the_clean_fit(cls, fitted, X, X_new):
    dirty = X.copy()
    dirty[7, 3] = 999_999.0
    with pytest.warns(UserWarning, match=r"Extreme values in X: 1 in 1 of 6 features \(3\)"):
        model = fast(cls).fit(dirty)
    assert model.scale_ == pytest.approx(fitted(cls).scale_, rel=0.05)
    np.testing.assert_allclose(model.mean_, fitted(cls).mean_, atol=0.02)
    error, clean = (np.mean(-m.score_samples(X_new)) for m in (model, fitted(cls)))
    assert error < clean + 0.1 * model.scale_**2


def test_the_warning_names_features(X):
    frame = pd.DataFrame(X, columns=list("abcdef"))
    frame.loc[3, "b"], frame.loc[[4, 5], "e"] = 1e6, -1e5
    with pytest.warns(UserWarning, match=r"3 in 2 of 6 features \('b', 'e'\).*feature 'b' from 0"):
        fast(AutoencoderTransformer, max_iter=1).fit(frame)


def test_the_validation_set_and_later_fits_are_clipped_too(X):
    dirty = X.copy()
    dirty[0, 1] = -1e6
    clean = fast(AutoencoderTransformer).fit(X, X_val=X)
    model = fast(AutoencoderTransformer).fit(X, X_val=dirty)
    difference = model.history_["validation_loss"] - clean.history_["validation_loss"]
    assert np.abs(difference).max() < 0.05
    for name in ("partial_fit", "fit"):
        model = fast(AutoencoderTransformer, warm_start=True).fit(X)
        with pytest.warns(UserWarning, match="Extreme values in X"):
            getattr(model, name)(dirty)
        assert model.score(X) > fast(AutoencoderTransformer, max_iter=0).fit(X).score(X) - 0.05


def test_the_warning_is_that_of_the_line_that_calls_fit(X):
    dirty = np.where(np.arange(X.size).reshape(X.shape) == 7, 1e6, X)
    for name in ("fit", "partial_fit"):
        with pytest.warns(UserWarning, match="Extreme values in X") as caught:
            getattr(fast(AutoencoderTransformer, max_iter=1), name)(dirty)
        assert caught[0].filename == __file__


def test_statistics_of_the_training_samples_do_not_depend_on_gross_errors(X):
    dirty = np.where(np.arange(X.size).reshape(X.shape) == 7, 1e6, X)
    for cls in (VAE, SparseAutoencoder):
        with pytest.warns(UserWarning, match="Extreme values in X"):
            model = fast(cls).fit(dirty)
        statistics = model.kl_ if cls is VAE else model.mean_activation_
        assert np.abs(statistics).max() < 100


def test_huge_values_stay_outliers(X):
    dirty = X.copy()
    dirty[7, 3] = 1e6
    with pytest.warns(UserWarning, match="Extreme values in X"):
        model = fast(AutoencoderTransformer).fit(dirty)
    assert np.argmin(model.score_samples(dirty)) == 7
    assert model.score_samples(dirty)[7] < -1e6


def curved_surface(n_samples, seed):
    latent = np.random.default_rng(seed).uniform(-1, 1, (n_samples, 2))
    shape = np.random.default_rng(12345)
    linear, quadratic = shape.normal(size=(2, 8)), shape.normal(size=(2, 8))
    X = latent @ linear + 0.5 * np.square(latent) @ quadratic
    return X + 0.015 * np.random.default_rng([seed, 1]).normal(size=X.shape)


@pytest.mark.thorough
@pytest.mark.parametrize("cls", [AutoencoderTransformer, DenoisingAutoencoder])
@pytest.mark.parametrize("n_errors", [12, 170])
def test_default_fits_withstand_one_percent_of_gross_errors(cls, n_errors):
    X, X_new = curved_surface(N, 0), curved_surface(N, 2)
    where = np.random.default_rng(0).choice(X.size, n_errors, replace=False)
    X.flat[where] = np.random.default_rng(1).choice([-100, 100], n_errors)
    with pytest.warns(UserWarning, match=f"Extreme values in X: {n_errors} in 8 of 8"):
        assert cls(2, random_state=0).fit(X).score(X_new) > 0.99
