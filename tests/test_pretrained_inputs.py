"""Targets and autoencoders that the semi-supervised estimators take."""

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

import skae
from skae import AutoencoderTransformer, PretrainedClassifier, PretrainedRegressor
from tests.datasets import curved
from tests.discovery import AUTOENCODERS, fast

X, X_NEW = curved(), curved(40, seed=1)
Y = np.column_stack([X[:, 0] + X[:, 1], 1e4 * X[:, 2], np.full(96, 7.0)])
LABELS = (X[:, 0] > np.median(X[:, 0])).astype(int)


def regressor(**parameters):
    return fast(PretrainedRegressor, max_iter=20, learning_rate=1e-2, **parameters)


@pytest.mark.thorough
def test_several_targets():
    model = regressor().fit(X, Y)
    predicted = model.predict(X)
    assert predicted.shape == (96, 3)
    np.testing.assert_allclose(model.target_mean_, Y.mean(axis=0))
    np.testing.assert_allclose(model.target_scale_, [*Y[:, :2].std(axis=0), 1.0])
    assert r2_score(Y[:, :2], predicted[:, :2]) > 0.5
    np.testing.assert_allclose(predicted[:, 2], 7.0, atol=0.1)
    assert model.score(X, Y) == r2_score(Y, predicted)
    frame = regressor().fit(X, pd.DataFrame(Y))
    np.testing.assert_array_equal(frame.predict(X), predicted)
    weights = np.arange(96.0) % 3
    weighted = regressor().fit(X, Y, sample_weight=weights)
    repeated = np.repeat(np.arange(96), weights.astype(int))
    other = regressor().fit(X[repeated], Y[repeated])
    np.testing.assert_allclose(weighted.predict(X), other.predict(X), rtol=1e-4)


def test_samples_without_targets_have_none_of_several():
    some = Y.copy()
    some[50:] = np.nan
    model = regressor(unlabeled=np.nan).fit(X, some)
    assert model.predict(X).shape == (96, 3) and np.isfinite(model.score(X, some))
    some[0, 1] = np.nan
    with pytest.raises(ValueError, match=r"unlabeled=np\.nan.*all of its targets or none"):
        regressor(unlabeled=np.nan).fit(X, some)


def test_one_column_is_one_target():
    with pytest.warns(UserWarning, match="column-vector"):
        model = regressor().fit(X, Y[:, :1])
    assert model.predict(X).shape == (96,)
    np.testing.assert_array_equal(model.predict(X), regressor().fit(X, Y[:, 0]).predict(X))


def test_several_targets_are_saved_and_exported(tmp_path):
    model = regressor().fit(X, Y)
    loaded = skae.load(model.save(tmp_path / "model.skae") and tmp_path / "model.skae")
    np.testing.assert_array_equal(loaded.predict(X_NEW), model.predict(X_NEW))
    onnxruntime = pytest.importorskip("onnxruntime")
    model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (found,) = session.run(None, {session.get_inputs()[0].name: X_NEW.astype(np.float32)})
    np.testing.assert_allclose(found, model.predict(X_NEW), rtol=1e-3)
    model.target_scale_ = model.target_scale_[:2]
    model.save(tmp_path / "forged.skae")
    with pytest.raises(ValueError, match="target_scale_ does not match"):
        skae.load(tmp_path / "forged.skae")


def test_nan_among_targets_is_answered_with_the_marker():
    y = np.where(X[:, 0] > 0.5, np.nan, X[:, 1])
    for targets in (y, y.astype(object), np.column_stack([y, y])):
        with pytest.raises(ValueError, match=r"y contains NaN\. .*unlabeled=np\.nan"):
            regressor().fit(X, targets)


@pytest.mark.parametrize("cls", [PretrainedClassifier, PretrainedRegressor])
def test_a_frozen_autoencoder_is_used_as_it_is(cls, fitted, tmp_path):
    autoencoder = fitted(AutoencoderTransformer)
    model = fast(cls, autoencoder=FrozenEstimator(autoencoder), freeze="all").fit(X, LABELS)
    expected = fast(cls, autoencoder=autoencoder, prefit=True, freeze="all").fit(X, LABELS)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert clone(model).autoencoder.estimator is autoencoder
    assert np.isfinite(cross_val_score(model, X, LABELS, cv=2)).all()
    model.save(tmp_path / "model.skae")
    loaded = skae.load(tmp_path / "model.skae")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(clone(loaded).fit(X, LABELS).predict(X), model.predict(X))


def test_other_frozen_estimators_are_refused():
    with pytest.raises(ValueError, match="FrozenEstimator of a fitted autoencoder of skae"):
        fast(PretrainedClassifier, autoencoder=FrozenEstimator(PCA(2).fit(X))).fit(X, LABELS)
    unfitted = FrozenEstimator(fast(AutoencoderTransformer))
    with pytest.raises(NotFittedError):
        fast(PretrainedClassifier, autoencoder=unfitted).fit(X, LABELS)


def test_a_class_of_minus_one_is_warned_of():
    some = LABELS.copy()
    some[50:] = -1
    with pytest.warns(UserWarning, match="pass unlabeled=-1") as caught:
        model = fast(PretrainedClassifier).fit(X, some)
    assert caught[0].filename == __file__ and list(model.classes_) == [-1, 0, 1]
    for y, parameters in ((some, {"unlabeled": -1}), (2 * LABELS - 1, {})):  # no warning
        fast(PretrainedClassifier, **parameters).fit(X, y)


@pytest.mark.thorough
@pytest.mark.parametrize("cls", [AutoencoderTransformer, AUTOENCODERS[-1]])
def test_bfloat16_is_read_as_float32(cls):
    narrow = X.astype(ml_dtypes.bfloat16)
    expected = fast(cls).fit(narrow.astype(np.float32))
    codes = expected.transform(narrow.astype(np.float32))
    for samples in (narrow, jnp.asarray(narrow)):
        model = fast(cls).fit(samples)
        found = model.transform(samples)
        assert found.dtype == codes.dtype
        np.testing.assert_array_equal(found, codes)
        model.partial_fit(samples, sample_weight=np.ones(96, ml_dtypes.bfloat16))
    back = expected.inverse_transform(codes.astype(ml_dtypes.bfloat16))
    assert back.dtype == np.float32
    regression = regressor().fit(narrow, narrow[:, 0])
    assert np.isfinite(regression.score(narrow, narrow[:, 0]))
    assert np.isfinite(regressor().fit(narrow, narrow[:, :2]).predict(narrow)).all()
