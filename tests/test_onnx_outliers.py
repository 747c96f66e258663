"""ONNX export of the outlier detector, alone and in pipelines."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderOutlierDetector, AutoencoderTransformer
from tests.datasets import curved
from tests.discovery import fast

pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.fixture(scope="module")
def model():
    # Small, with two members of different width as in the default ensemble.
    model = fast(AutoencoderOutlierDetector, cv=None).fit(curved(200))
    autoencoder = fast(AutoencoderTransformer, n_components=3)
    wider = AutoencoderOutlierDetector(autoencoder, cv=None, random_state=0).fit(curved(200))
    model.autoencoders_ += wider.autoencoders_
    model.references_ += wider.references_
    model.scales_ = np.vstack([model.scales_, wider.scales_])
    return model


@pytest.fixture(scope="module")
def samples():
    X = curved(500, seed=5).astype(np.float32)
    X[::5] *= np.linspace(-4, 4, 100, dtype=np.float32)[:, None]
    return X


def run(content, X):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: X})


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["score_samples", "decision_function", "predict"])
def test_onnxruntime_agrees_with_the_detector(method, model, samples, tmp_path):
    path = tmp_path / "detector.onnx"
    model.to_onnx(path, method)
    (found,) = run(path, samples)
    expected = getattr(model, method)(samples)
    assert found.shape == expected.shape
    if method == "predict":
        assert set(found) == {-1, 1}
        certain = np.abs(model.decision_function(samples)) > 1e-3
        np.testing.assert_array_equal(found[certain], expected[certain])
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_far_samples_have_finite_scores(model, samples, tmp_path):
    path = tmp_path / "detector.onnx"
    model.to_onnx(path, "decision_function")
    for far in (1e12, 3e38):
        X = samples[:3].copy()
        X[:, 1] = far
        (found,) = run(path, X)
        assert np.isfinite(found).all() and (found < 0).all()


def test_pipeline_returns_labels_and_scores(samples):
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    pipeline = make_pipeline(StandardScaler(), fast(AutoencoderOutlierDetector, cv=None)).fit(
        curved(200)
    )
    written = skl2onnx.to_onnx(pipeline, samples[:1])
    labels, scores = run(written.SerializeToString(), samples)
    expected = pipeline.decision_function(samples)
    assert labels.shape == scores.shape == (500, 1)
    np.testing.assert_allclose(scores[:, 0], expected, rtol=1e-3, atol=1e-4)
    certain = np.abs(expected) > 1e-3
    np.testing.assert_array_equal(labels[certain, 0], pipeline.predict(samples)[certain])
