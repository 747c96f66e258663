"""Whatever holds the samples, the fit is the same."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from skae import AutoencoderTransformer
from tests.discovery import AUTOENCODERS, REPRESENTATIVES, fast, few_of, outputs

each_autoencoder = pytest.mark.parametrize("cls", AUTOENCODERS)
a_few = pytest.mark.parametrize("cls", REPRESENTATIVES)
COLUMNS = [f"column {i}" for i in range(6)]


def pandas_frame(X, path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    return pandas.DataFrame(X, columns=COLUMNS, index=np.arange(len(X)) * 2)


def polars_frame(X, path):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    return polars.DataFrame(X, schema=COLUMNS)


def memory_map(X, path):
    mapped = np.memmap(path / "samples", X.dtype, "w+", shape=X.shape)
    mapped[...] = X
    mapped.flush()
    return np.memmap(path / "samples", X.dtype, "r", shape=X.shape)


def read_only(X, path):
    samples = X.copy()
    samples.flags.writeable = False
    return samples


CONTAINERS = {
    "pandas": pandas_frame,
    "polars": polars_frame,
    "list of lists": lambda X, path: X.tolist(),
    "column order": lambda X, path: np.asfortranarray(X),
    "strided": lambda X, path: np.repeat(np.repeat(X, 2, axis=1), 2, axis=0)[::2, ::2],
    "reversed twice": lambda X, path: X[::-1].copy()[::-1],
    "read-only": read_only,
    "memory map": memory_map,
    "big endian": lambda X, path: X.astype(X.dtype.newbyteorder(">")),
    "object": lambda X, path: X.astype(object),
    "CSR array": lambda X, path: sp.csr_array(X),
    "CSR matrix": lambda X, path: sp.csr_matrix(X),
    "CSC": lambda X, path: sp.csc_array(X),
}


@pytest.mark.parametrize("cls", few_of(AUTOENCODERS))
@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_container_gives_the_same_fit(cls, kind, X, X_new, fitted, tmp_path):
    model = fast(cls).fit(CONTAINERS[kind](np.array(X), tmp_path))
    expected = outputs(fitted(cls), X_new)
    for name, values in outputs(model, CONTAINERS[kind](np.array(X_new), tmp_path)).items():
        np.testing.assert_allclose(values, expected[name], rtol=2e-6, atol=1e-7, err_msg=name)


@a_few
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_jax_arrays(cls, dtype, X):
    samples = X.astype(dtype)
    expected = outputs(fast(cls).fit(samples), samples)
    got = outputs(fast(cls).fit(jnp.asarray(samples)), jnp.asarray(samples))
    for name in expected:
        assert isinstance(got[name], np.ndarray)
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@a_few
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "bool"])
def test_narrow_integers_are_read_as_float32(cls, dtype):
    samples = np.random.default_rng(0).integers(0, 2, (96, 6)).astype(dtype)
    narrow, wide = (fast(cls).fit(r).reconstruct(r) for r in (samples, samples.astype(np.float32)))
    np.testing.assert_allclose(narrow, wide, rtol=1e-6, atol=1e-7)


@a_few
def test_x_val_in_other_containers(cls, X, X_new, tmp_path):
    expected = fast(cls).fit(X, X_val=X_new).history_["validation_loss"]
    for kind in ("list of lists", "CSR array", "memory map"):
        held_out = CONTAINERS[kind](np.array(X_new), tmp_path)
        got = fast(cls).fit(X, X_val=held_out).history_["validation_loss"]
        np.testing.assert_allclose(got, expected, rtol=1e-6)


@each_autoencoder
@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_column_names(cls, kind, X, tmp_path):
    frame = CONTAINERS[kind](np.array(X), tmp_path)
    model = fast(cls).fit(frame)
    # scikit-learn below 1.9 does not know the names of polars' last releases
    known = list(getattr(StandardScaler().fit(frame), "feature_names_in_", ()))
    is_old = parse_version(sklearn.__version__) < parse_version("1.9")
    assert known == COLUMNS or (kind == "polars" and is_old)
    assert list(getattr(model, "feature_names_in_", ())) == known
    if known:
        with pytest.raises(ValueError, match="feature names"):
            model.transform(frame[COLUMNS[::-1]])
        with pytest.warns(UserWarning, match="feature names"):
            model.transform(X)
    codes = model.set_output(transform=kind).transform(frame)
    assert type(codes).__module__.split(".")[0] == kind
    assert list(codes.columns) == list(model.get_feature_names_out())
    if kind == "pandas":
        assert list(codes.index) == list(frame.index)
        # what comes out may go back in
        assert list(model.inverse_transform(codes).columns) == known


@a_few
def test_sparse_samples_are_made_dense_block_by_block(cls, X, monkeypatch):
    tallest = []
    dense = sp.csr_array.toarray

    def watched(self, *args, **keywords):
        tallest.append(self.shape[0])
        return dense(self, *args, **keywords)

    samples = sp.csr_array(np.tile(np.where(X < 0.4, 0.0, X), (40, 1)))
    model = fast(cls, max_iter=1).fit(samples)
    monkeypatch.setattr(sp.csr_array, "toarray", watched)
    model.transform(samples)
    assert tallest and max(tallest) <= 256
