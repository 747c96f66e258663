"""Whole pipelines by skl2onnx: nothing needs to be registered."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    PretrainedClassifier,
    PretrainedRegressor,
    RecurrentAutoencoder,
    SemanticHasher,
)
from tests.datasets import curved
from tests.discovery import fast, short

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pandas = pytest.importorskip("pandas", reason="pandas is not installed")
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
    "cls", short([AutoencoderTransformer, ConvolutionalAutoencoder, RecurrentAutoencoder])
)
def test_last_step_of_a_pipeline(cls, X, samples):
    pipeline = make_pipeline(StandardScaler(), fast(cls, max_iter=1)).fit(X)
    (codes,) = run(pipeline, samples)
    assert codes.dtype == np.float32
    assert_close(codes, pipeline.transform(samples))


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_feature_union_and_column_transformer(X, samples):
    """Tensor names of two estimators in one graph do not collide."""
    union = FeatureUnion([(name, fast(AutoencoderTransformer)) for name in ("one", "other")])
    parts = ColumnTransformer(
        [("few", fast(AutoencoderTransformer), [0, 2, 3]), ("scaled", StandardScaler(), [1])]
    )
    for model in (union, parts):
        (found,) = run(make_pipeline(model).fit(X), samples)
        assert_close(found, model.transform(samples))


def columns_of_table(n_samples=80):
    """A table as skl2onnx expects it: one array of shape (n_samples, 1) for each column."""
    rng = np.random.default_rng(1)
    columns = dict(zip("abcd", curved(n_samples, 4).astype(np.float32).T, strict=True))
    columns["count"] = rng.integers(0, 9, n_samples)
    columns["color"] = rng.choice(["blue", "green", "red"], n_samples)
    columns["size"] = rng.choice(["L", "M", "S"], n_samples)
    return {name: column.reshape(-1, 1) for name, column in columns.items()}


def assert_valid_and_equal(model, columns):
    """The checker, the node names and onnxruntime's output of a model of a table."""
    frame = pandas.DataFrame({name: column[:, 0] for name, column in columns.items()})
    model.fit(frame, columns["count"][:, 0])
    types = skl2onnx.common.data_types
    kinds = {"f": types.FloatTensorType, "i": types.Int64TensorType, "U": types.StringTensorType}
    inputs = [(name, kinds[c.dtype.kind]([None, 1])) for name, c in columns.items()]
    written = skl2onnx.to_onnx(model, initial_types=inputs)
    onnx.checker.check_model(written, full_check=True)
    names = [node.name for node in written.graph.node]
    assert len(set(names)) == len(names) and all(names)
    session = onnxruntime.InferenceSession(
        written.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    fed = {node.name: columns[node.name] for node in session.get_inputs()}
    expected = (model.transform if hasattr(model, "transform") else model.predict)(frame)
    assert_close(session.run(None, fed)[0], np.asarray(expected))


def table_parts(autoencoder):
    """Models of a table of numbers, counts and strings around an autoencoder."""
    numbers, strings = list("abcd"), ["color", "size"]

    def one_hot():
        return OneHotEncoder(sparse_output=False)

    def new():
        return clone(autoencoder)

    encoded = ColumnTransformer(
        [
            ("numbers", StandardScaler(), numbers),
            ("counts", "passthrough", ["count"]),
            ("strings", one_hot(), strings),
        ]
    )
    return {
        "after it": make_pipeline(encoded, new()),
        "in one branch": ColumnTransformer(
            [("numbers", new(), numbers), ("strings", one_hot(), strings)]
        ),
        "in all branches": ColumnTransformer(
            [
                ("numbers", make_pipeline(StandardScaler(), new()), numbers),
                ("mixed", new(), ["count", "b"]),
                ("strings", make_pipeline(one_hot(), new()), strings),
            ]
        ),
        "a union of it": make_pipeline(
            encoded, FeatureUnion([("codes", new()), ("same", StandardScaler()), ("more", new())])
        ),
        "in both": make_pipeline(
            ColumnTransformer([("numbers", new(), numbers), ("strings", one_hot(), strings)]),
            FeatureUnion([("codes", new()), ("same", StandardScaler())]),
            new(),
        ),
    }


PLACES = ["after it", "in one branch", "in all branches", "a union of it", "in both"]


@pytest.mark.parametrize("place", short(PLACES))
def test_column_transformer_of_numbers_and_strings(place):
    """Node names do not collide with those that skl2onnx gives to its own nodes."""
    model = table_parts(fast(AutoencoderTransformer, max_iter=1))[place]
    assert_valid_and_equal(model, columns_of_table())


@pytest.mark.thorough
@pytest.mark.parametrize(
    "cls",
    [
        ConvolutionalAutoencoder,
        pytest.param(RecurrentAutoencoder, marks=pytest.mark.stress),
        SemanticHasher,
        PretrainedClassifier,
        PretrainedRegressor,
    ],
)
def test_other_estimators_after_a_column_transformer(cls):
    assert_valid_and_equal(table_parts(fast(cls))["after it"], columns_of_table())


def test_two_pipelines_of_strings_alone():
    strings = ColumnTransformer(
        [
            (
                name,
                make_pipeline(OneHotEncoder(sparse_output=False), fast(AutoencoderTransformer)),
                [name],
            )
            for name in ("color", "size")
        ]
    )
    assert_valid_and_equal(strings, columns_of_table())


@pytest.mark.thorough
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
