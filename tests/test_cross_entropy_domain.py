"""Samples outside [0, 1] under cross-entropy: `fit` accepts rounding, other methods finite values.

`make test` fits the representatives and the variational autoencoder, `make stress` all of them.
"""

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import MinMaxScaler

from skae import VAE, AutoencoderOutlierDetector, AutoencoderTransformer
from tests.datasets import curved
from tests.discovery import AUTOENCODERS, fast, few_of

LOSS = {"loss": "binary_cross_entropy"}
CLASSES = [*few_of([cls for cls in AUTOENCODERS if cls is not VAE]), VAE]


def rounded_outside(dtype):
    """Samples whose extremes leave [0, 1] by one or two units in the last place."""
    X = curved().astype(dtype)
    eps = np.finfo(dtype).eps
    X[3, 2], X[5, 1], X[7, 4], X[9, 0] = 1 + eps, 1 + 2 * eps, -eps, 1.0
    return X


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_rounding_is_clipped(dtype, method):
    X = rounded_outside(dtype)
    before, clipped = X.copy(), np.clip(X, 0, 1)
    model = getattr(fast(AutoencoderTransformer, **LOSS), method)(X)
    want = getattr(fast(AutoencoderTransformer, **LOSS), method)(clipped)
    np.testing.assert_array_equal(model.transform(clipped), want.transform(clipped))
    np.testing.assert_array_equal(X, before)


def test_rounding_of_sparse_samples_and_of_the_validation_set():
    X = np.where(curved() < 0.4, 0, rounded_outside(np.float64))
    rows, clipped = sparse.csr_array(X), np.clip(X, 0, 1)
    values = rows.data.copy()
    model = fast(AutoencoderTransformer, **LOSS).fit(rows, X_val=X)
    want = fast(AutoencoderTransformer, **LOSS).fit(sparse.csr_array(clipped), X_val=clipped)
    np.testing.assert_array_equal(model.transform(clipped), want.transform(clipped))
    np.testing.assert_array_equal(rows.data, values)


def test_every_output_of_min_max_scaler_can_be_fitted():
    for seed in range(40):
        X = np.random.default_rng(seed).normal(50, 12, size=(96, 6))
        scaled = MinMaxScaler().fit_transform(X)
        fast(AutoencoderTransformer, max_iter=0, **LOSS).fit(scaled)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("value", [1 + 1e-5, -1e-5])
def test_more_than_rounding_is_refused(value, dtype):
    X = curved().astype(dtype)
    X[3, 2] = value
    for call in (
        lambda: fast(AutoencoderTransformer, **LOSS).fit(X),
        lambda: fast(AutoencoderTransformer, **LOSS).partial_fit(X),
        lambda: fast(AutoencoderTransformer, **LOSS).fit(curved(), X_val=X),
    ):
        with pytest.raises(ValueError, match=r"needs X in \[0, 1\].*MinMaxScaler\(clip=True\)"):
            call()


def some_outside(X, values):
    X = X.copy()
    X[np.arange(len(values)), np.arange(len(values)) % X.shape[1]] = values
    return X


@pytest.mark.parametrize("cls", CLASSES)
def test_finite_samples_outside_the_interval_are_encoded(cls, fitted, X_new):
    model = fitted(cls, **LOSS)
    X = some_outside(X_new, [1.5, -0.5, 20.0, -1e6])
    for samples in (X, X.astype(np.float32), sparse.csr_array(X)):
        for method in ("transform", "reconstruct", "score_samples"):
            results = getattr(model, method)(samples)
            assert np.isfinite(results).all(), method
            if samples is X:  # other samples of the batch are unaffected
                inside = getattr(model, method)(X_new)[4:]
                np.testing.assert_array_equal(results[4:], inside, err_msg=method)
        assert np.isfinite(model.score(samples))
    assert (model.score_samples(X)[[2, 3]] < model.score_samples(X_new).min()).all()


@pytest.mark.parametrize("cls", CLASSES)
def test_extreme_samples_have_finite_results(cls, fitted, X_new):
    model = fitted(cls, **LOSS)
    for dtype in (np.float32, np.float64):
        limit = np.finfo(dtype).max
        X = some_outside(X_new.astype(dtype), [limit, -limit, 1e30, -1e20])
        for method in ("transform", "reconstruct", "score_samples"):
            assert np.isfinite(getattr(model, method)(X)).all(), (method, dtype)


def test_nan_and_infinity_are_still_refused(fitted, X_new):
    model = fitted(AutoencoderTransformer, **LOSS)
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            model.transform(some_outside(X_new, [value]))


def test_likelihood_does_not_increase_outside_the_interval(fitted, X_new):
    """Bernoulli's formula exceeds 1 there: outliers would have the highest scores."""
    model = fitted(VAE, **LOSS)
    for outside in (X_new * 3, X_new - 2, X_new * 100):
        for method in (model.score_samples, model.log_likelihood):
            assert (method(outside) <= 0).all() and method(outside).mean() < method(X_new).mean()


def test_detector_over_cross_entropy_scores_samples_outside_the_interval(X, X_new):
    detector = AutoencoderOutlierDetector(fast(AutoencoderTransformer, **LOSS), random_state=0)
    train = some_outside(X, [4.0, -3.0])
    detector.fit(train)
    assert (detector.predict(train)[:2] == -1).all()
    new = some_outside(X_new, [2.0, -1.0, 1e4])
    assert (detector.predict(new)[:3] == -1).all()
    assert np.isfinite(detector.reconstruction_errors(new)).all()
    with pytest.raises(ValueError, match=r"MinMaxScaler\(clip=True\)"):
        detector.fit(3 * X)


def test_exports_agree_outside_the_interval(fitted, X_new, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = fitted(AutoencoderTransformer, **LOSS)
    X = some_outside(X_new, [1.5, -0.5, 20.0, -1e3]).astype(np.float32)
    for method in ("transform", "reconstruct"):
        path = tmp_path / f"{method}.onnx"
        model.to_onnx(path, method)
        session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"X": X})
        np.testing.assert_allclose(found, getattr(model, method)(X), rtol=1e-4, atol=1e-5)
    function, params = model.encoder_function()
    np.testing.assert_allclose(function(params, X), model.transform(X), rtol=1e-4, atol=1e-5)
