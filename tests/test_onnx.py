"""ONNX export: onnxruntime computes the same results as the estimator."""

import json
import os
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    PretrainedClassifier,
    RecurrentAutoencoder,
    SparseAutoencoder,
)
from skae.networks import Residual
from tests import own_modules
from tests.datasets import curved
from tests.discovery import ESTIMATORS, fast, few_of, short

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

CASES = [
    pytest.param(cls, method, id=f"{cls.__name__}.{method}")
    for cls in ESTIMATORS
    if hasattr(cls, "to_onnx")
    for method in cls._portable_methods
]
# Networks and settings that the estimators' defaults do not cover.
RANDOM = {"init": "random", "max_iter": 0}
NETWORKS = {
    "a plain network": (AutoencoderTransformer, {"activation": "gelu", **RANDOM}),
    "tied": (AutoencoderTransformer, {"tied_weights": True, "code_activation": "tanh"}),
    "cross-entropy": (AutoencoderTransformer, {"loss": "binary_cross_entropy"}),
    "the largest": (SparseAutoencoder, {"penalty": "top_k", "n_components": 4, "n_active": 2}),
    "pooling": (
        ConvolutionalAutoencoder,
        {"image_shape": (2, 3), "downsampling": "max_pool", "upsampling": "resize", **RANDOM},
    ),
    "valid": (
        ConvolutionalAutoencoder,
        {"image_shape": (2, 3), "kernel_size": 2, "padding": "valid", "stride": 1, **RANDOM},
    ),
    "both directions": (
        RecurrentAutoencoder,
        {"cell": "gru", "bidirectional": True, "hidden_sizes": (3, 2), **RANDOM},
    ),
    "residual": (
        AutoencoderTransformer,
        {"network": Residual(width=4, n_blocks=1), "hidden_layer_sizes": "auto", **RANDOM},
    ),
    "modules of one's own": (
        AutoencoderTransformer,
        {"network": own_modules.pair(), "hidden_layer_sizes": "auto"},
    ),
}


@pytest.fixture(scope="module")
def samples():
    return curved(1000, seed=5).astype(np.float32)


def exported(model, path, method=None, **options):
    """Export a method and load it in onnxruntime."""
    assert model.to_onnx(path, method, **options) is model
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def run(session, X):
    (result,) = session.run(None, {"X": X})
    return result


def assert_close(one, other):
    assert one.shape == other.shape
    if other.dtype == np.uint8:
        # the logit of a bit may round to the other side of 0
        assert one.dtype == np.uint8 and (one != other).mean() < 1e-3
        return
    if other.dtype.kind == "i":
        # the score of a sample may round to the other side of the threshold
        assert one.dtype.kind == "i" and (one != other).mean() <= 2e-3
        return
    scale = max(1e-6, float(np.abs(other).max()))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("cls, method", CASES)
def test_onnxruntime_agrees_with_the_estimator(cls, method, fitted, samples, tmp_path):
    model = fitted(cls)
    session = exported(model, tmp_path / "model.onnx", method)
    X = model.transform(samples).astype(np.float32) if method == "inverse_transform" else samples
    result = run(session, X)
    expected = getattr(model, method)(X)
    assert result.dtype == np.float32 or expected.dtype.kind in "iu"
    assert_close(result, expected)
    # any number of samples
    np.testing.assert_allclose(run(session, X[:1]), result[:1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", short(NETWORKS))
def test_all_kinds_of_networks(kind, X, samples, tmp_path):
    cls, parameters = NETWORKS[kind]
    model = fast(cls, **{"max_iter": 1, "early_stopping": False, **parameters}).fit(X)
    for method in cls._portable_methods:
        given = model.transform(samples) if method == "inverse_transform" else samples
        session = exported(model, tmp_path / f"{method}.onnx", method)
        assert_close(run(session, given), getattr(model, method)(given))


def test_features_with_a_large_mean(X, tmp_path):
    """Means that float32 cannot represent precisely are subtracted in two parts."""
    far = (X + 1e4).astype(np.float32)
    model = fast(AutoencoderTransformer).fit(far)
    codes = run(exported(model, tmp_path / "model.onnx"), far)
    np.testing.assert_allclose(codes, model.transform(far), rtol=0, atol=1e-5)


def test_metadata_and_names(X, tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    names = [f"ü{i}" for i in range(6)]
    model = fast(AutoencoderTransformer).fit(pandas.DataFrame(X, columns=names))
    model.to_onnx(tmp_path / "model.onnx", "reconstruct", opset=20)
    written = onnx.load(tmp_path / "model.onnx")
    metadata = {entry.key: entry.value for entry in written.metadata_props}
    assert json.loads(metadata.pop("feature_names_in_")) == names
    assert metadata == {"estimator": "AutoencoderTransformer", "method": "reconstruct"}
    assert written.producer_name == "skae" and written.opset_import[0].version == 20
    (x,), (output,) = written.graph.input, written.graph.output
    assert (x.name, output.name) == ("X", "reconstruct")
    assert [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim] == ["n_samples", 6]


def test_class_labels_in_metadata(fitted, tmp_path):
    fitted(PretrainedClassifier).to_onnx(tmp_path / "model.onnx")
    metadata = {p.key: p.value for p in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(metadata["classes_"]) == [0, 1] and metadata["method"] == "predict_proba"


@pytest.mark.parametrize("cls", few_of([cls for cls in ESTIMATORS if hasattr(cls, "to_onnx")]))
def test_invalid_arguments_raise(cls, fitted, tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(NotFittedError):
        fast(cls).to_onnx(path)
    with pytest.raises(ValueError, match=r"'score' of .* cannot be exported. Use one of"):
        fitted(cls).to_onnx(path, "score")
    for opset in (17, 1000, "18"):
        with pytest.raises(ValueError, match=f"opset={opset!r} must be an integer from 18"):
            fitted(cls).to_onnx(path, opset=opset)
    assert not path.exists()


def test_full_disk_keeps_the_old_file(fitted, tmp_path, monkeypatch):
    path, model = tmp_path / "model.onnx", fitted(AutoencoderTransformer)
    path.write_bytes(b"earlier")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        model.to_onnx(path)
    assert path.read_bytes() == b"earlier" and os.listdir(tmp_path) == ["model.onnx"]


def test_primitives_without_a_rule_raise(X, tmp_path):
    network = own_modules.Sorting(), own_modules.pair()[1]
    model = fast(AutoencoderTransformer, hidden_layer_sizes="auto", network=network, max_iter=0)
    model.fit(X).to_onnx(tmp_path / "decoder.onnx", "inverse_transform")
    with pytest.raises(ValueError, match=r"The network computes 'sort'.*to_stablehlo"):
        model.to_onnx(tmp_path / "encoder.onnx")


def test_missing_onnx_raises_with_installation_hint(fitted, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "skae\[onnx\]"'):
        fitted(AutoencoderTransformer).to_onnx(tmp_path / "model.onnx")


def test_export_does_not_change_the_estimator(fitted, tmp_path):
    model = fitted(AutoencoderTransformer)
    before = set(vars(model))
    model.to_onnx(tmp_path / "model.onnx")
    assert set(vars(model)) == before and set(vars(clone(model))) <= before


@pytest.mark.parametrize("far", [1e18, 3.4e38])
def test_extreme_values_are_clipped_as_in_the_estimator(far, fitted, tmp_path):
    model, path = fitted(AutoencoderTransformer), tmp_path / "model.onnx"
    for method, samples in (("transform", curved(3)), ("inverse_transform", np.ones((3, 2)))):
        samples = samples.astype(np.float32)
        samples[1, 0] = far
        model.to_onnx(path, method)
        session = onnxruntime.InferenceSession(path)
        (found,) = session.run(None, {session.get_inputs()[0].name: samples})
        expected = getattr(model, method)(samples)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
