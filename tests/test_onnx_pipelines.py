"""Whole pipelines by skl2onnx: nothing needs to be registered."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    PretrainedClassifier,
    PretrainedRegressor,
    RecurrentAutoencoder,
    SemanticHasher,
)
from tests.datasets import curved
from tests.discovery import fast

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")


@pytest.fixture(scope="module")
def samples():
    return curved(1000, seed=5).astype(np.float32)


def run(pipeline, X, **options):
    """All outputs of a converted pipeline in onnxruntime."""
    written = skl2onnx.to_onnx(pipeline, X[:1], **options)
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(written.SerializeToString(), providers=providers)
    return session.run(None, {session.get_inputs()[0].name: X})


def assert_close(one, other):
    np.testing.assert_allclose(one.reshape(other.shape), other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "cls", [AutoencoderTransformer, ConvolutionalAutoencoder, RecurrentAutoencoder]
)
def test_last_step_of_a_pipeline(cls, X, samples):
    pipeline = make_pipeline(StandardScaler(), fast(cls, max_iter=1)).fit(X)
    (codes,) = run(pipeline, samples)
    assert codes.dtype == np.float32
    assert_close(codes, pipeline.transform(samples))


@pytest.mark.parametrize("cls", [AutoencoderTransformer, SemanticHasher])
def test_transformer_before_a_classifier(cls, X, y, samples):
    # L-BFGS of SciPy warns under old releases of scikit-learn
    classifier = LogisticRegression(solver="newton-cholesky")
    pipeline = make_pipeline(StandardScaler(), fast(cls), classifier).fit(X, y)
    labels, probabilities = run(pipeline, samples, options={"zipmap": False})
    assert_close(probabilities, pipeline.predict_proba(samples))
    assert (labels == pipeline.predict(samples)).mean() > 0.99


def test_input_dtypes_other_than_float32(X, samples):
    pipeline = make_pipeline(fast(AutoencoderTransformer)).fit(X)
    for dtype in (np.float64, np.int64):
        (codes,) = run(pipeline, (4 * samples).astype(dtype))
        assert_close(codes, pipeline.transform((4 * samples).astype(dtype)))


def test_feature_union_and_column_transformer(X, samples):
    """Tensor names of two estimators in one graph do not collide."""
    union = FeatureUnion([(name, fast(AutoencoderTransformer)) for name in ("one", "other")])
    parts = ColumnTransformer(
        [("few", fast(AutoencoderTransformer), [0, 2, 3]), ("scaled", StandardScaler(), [1])]
    )
    for model in (union, parts):
        (found,) = run(make_pipeline(model).fit(X), samples)
        assert_close(found, model.transform(samples))


def test_classifiers_and_regressors(X, y, samples):
    labels = np.where(y, "hü", "hott")
    classifier = make_pipeline(StandardScaler(), fast(PretrainedClassifier)).fit(X, labels)
    named, probabilities = run(classifier, samples)
    assert_close(probabilities, classifier.predict_proba(samples))
    assert (named == classifier.predict(samples)).mean() > 0.99
    regressor = make_pipeline(StandardScaler(), fast(PretrainedRegressor)).fit(X, X[:, 0])
    (numbers,) = run(regressor, samples)
    assert_close(numbers, regressor.predict(samples))


def test_operator_set_versions(X, samples):
    pipeline = make_pipeline(fast(AutoencoderTransformer)).fit(X)
    (codes,) = run(pipeline, samples, target_opset={"": 18, "ai.onnx.ml": 3})
    assert_close(codes, pipeline.transform(samples))
    with pytest.raises(ValueError, match="AutoencoderTransformer needs target_opset=18 or higher"):
        skl2onnx.to_onnx(pipeline, X[:1].astype(np.float32), target_opset=15)
