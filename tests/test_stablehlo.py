"""StableHLO export: JAX computes the same results as the estimator, without skae."""

import os
import sys

import jax
import numpy as np
import pytest
from jax import export
from sklearn.exceptions import NotFittedError

from skae import AutoencoderTransformer, PretrainedClassifier, RecurrentAutoencoder
from tests.datasets import curved
from tests.discovery import REPRESENTATIVES, fast

CASES = [
    (cls, method)
    for cls in [*REPRESENTATIVES, RecurrentAutoencoder, PretrainedClassifier]
    for method in cls._portable_methods[::2]
]


def written(model, path, method=None, **options):
    pytest.importorskip("flatbuffers", reason="flatbuffers is not installed")
    assert model.to_stablehlo(path, method, **options) is model
    return export.deserialize(bytearray(path.read_bytes()))


@pytest.mark.parametrize("cls, method", CASES)
def test_jax_agrees_with_the_estimator_for_any_number_of_samples(cls, method, fitted, tmp_path):
    model = fitted(cls)
    read = written(model, tmp_path / "model.stablehlo", method)
    assert read.platforms == ("cpu", "cuda", "tpu")
    with jax.default_device(jax.local_devices(backend="cpu")[0]):
        for n_samples in (1, 40):
            X = curved(n_samples, seed=3).astype(np.float32)
            expected, found = getattr(model, method)(X), np.asarray(read.call(X))
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_single_samples_with_a_large_mean(tmp_path):
    """XLA would fold two constants that are subtracted one after the other, and round the sum."""
    X = (1e6 + np.random.default_rng(0).standard_normal((200, 6))).astype(np.float32)
    model = fast(AutoencoderTransformer).fit(X)
    read = written(model, tmp_path / "model.stablehlo", platforms=["cpu"])
    expected = model.transform(X)
    found = np.concatenate([np.asarray(read.call(X[i : i + 1])) for i in range(20)])
    np.testing.assert_allclose(found, expected[:20], atol=1e-4)
    function, params = model.encoder_function()
    alone = jax.jit(lambda samples: function(params, samples))(X[:1])
    np.testing.assert_allclose(alone, expected[:1], atol=1e-4)


def test_full_disk_keeps_the_old_file(fitted, tmp_path, monkeypatch):
    pytest.importorskip("flatbuffers", reason="flatbuffers is not installed")
    path, model = tmp_path / "model.stablehlo", fitted(AutoencoderTransformer)
    path.write_bytes(b"earlier")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        model.to_stablehlo(path, platforms=["cpu"])
    assert path.read_bytes() == b"earlier" and os.listdir(tmp_path) == ["model.stablehlo"]


def test_paths_that_cannot_be_written(fitted, tmp_path):
    pytest.importorskip("flatbuffers", reason="flatbuffers is not installed")
    model = fitted(AutoencoderTransformer)
    with pytest.raises(FileNotFoundError, match="Create the folder first"):
        model.to_stablehlo(tmp_path / "no" / "model.stablehlo", platforms=["cpu"])
    with pytest.raises(ValueError, match="path='' is empty"):
        model.to_stablehlo("", platforms=["cpu"])


def test_inverse_transform(fitted, X_new, tmp_path):
    model = fitted(AutoencoderTransformer)
    read = written(model, tmp_path / "m", "inverse_transform", platforms=["cpu"])
    assert read.platforms == ("cpu",)
    codes = model.transform(X_new).astype(np.float32)
    found = np.asarray(read.call(codes))
    np.testing.assert_allclose(found, model.inverse_transform(codes), rtol=1e-4, atol=1e-5)


@pytest.mark.thorough
def test_it_runs_without_skae(fitted, X_new, tmp_path, run_python):
    model, path = fitted(AutoencoderTransformer), tmp_path / "model.stablehlo"
    written(model, path)
    np.save(tmp_path / "samples.npy", X_new.astype(np.float32))
    run_python(
        f"""
        import sys
        import numpy as np
        from jax import export
        model = export.deserialize(bytearray(open({str(path)!r}, "rb").read()))
        codes = model.call(np.load({str(tmp_path / "samples.npy")!r}))
        np.save({str(tmp_path / "codes.npy")!r}, codes)
        assert "skae" not in sys.modules and "sklearn" not in sys.modules
        """
    )
    codes = np.load(tmp_path / "codes.npy")
    np.testing.assert_allclose(codes, model.transform(X_new), rtol=1e-4, atol=1e-5)


def test_invalid_arguments_raise(fitted, tmp_path):
    path = tmp_path / "model.stablehlo"
    with pytest.raises(NotFittedError):
        fast(AutoencoderTransformer).to_stablehlo(path)
    with pytest.raises(ValueError, match="'predict' of AutoencoderTransformer"):
        fitted(AutoencoderTransformer).to_stablehlo(path, "predict")
    for platforms in ("cpu", (), ["abacus"]):
        with pytest.raises(ValueError, match="platforms="):
            fitted(AutoencoderTransformer).to_stablehlo(path, platforms=platforms)
    assert not path.exists()


def test_missing_flatbuffers_raises_with_installation_hint(fitted, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "flatbuffers", None)
    with pytest.raises(ImportError, match=r'pip install "skae\[stablehlo\]"'):
        fitted(AutoencoderTransformer).to_stablehlo(tmp_path / "model.stablehlo")
