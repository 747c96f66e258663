"""Samples are returned as data frames where `set_output` or `set_config` asks for these."""

import numpy as np
import pytest
import sklearn

from skae import (
    VAE,
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    SemanticHasher,
)
from tests.datasets import curved
from tests.discovery import fast

pandas = pytest.importorskip("pandas", reason="pandas is not installed")
polars = pytest.importorskip("polars", reason="polars is not installed")

X, X_NEW = curved(), curved(40, seed=1)
NAMES = [f"feature {j}" for j in range(6)]
INDEX = [f"sample {i}" for i in range(40)]


def frame(kind, X, index=None):
    if kind == "pandas":
        return pandas.DataFrame(X, columns=NAMES, index=index)
    return polars.DataFrame(X, schema=NAMES)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_have_the_names_of_the_features_and_the_index_of_the_argument(kind, fitted):
    new, arrays = frame(kind, X_NEW, INDEX), fitted(AutoencoderTransformer)
    model = fast(AutoencoderTransformer).set_output(transform=kind).fit(frame(kind, X))
    detector = fast(AutoencoderOutlierDetector).set_output(transform=kind).fit(frame(kind, X))
    expected = arrays.reconstruct(X_NEW)
    plain = sklearn.clone(detector).set_output(transform="default").fit(X)
    for found, values in (
        (model.reconstruct(new), expected),
        (model.inverse_transform(model.transform(new)), expected),
        (detector.reconstruction_errors(new), plain.reconstruction_errors(X_NEW)),
    ):
        assert type(found) is type(new) and list(found.columns) == NAMES
        assert kind == "polars" or list(found.index) == INDEX
        np.testing.assert_allclose(found.to_numpy(), values, rtol=1e-5)
    model.set_output(transform="default")
    assert isinstance(model.reconstruct(new), np.ndarray)


@pytest.mark.thorough
def test_the_global_configuration_asks_for_frames():
    with sklearn.config_context(transform_output="pandas"):
        model, hasher = fast(AutoencoderTransformer).fit(X), fast(SemanticHasher).fit(X)
        assert list(model.reconstruct(X_NEW).columns) == [f"x{j}" for j in range(6)]
        bits = hasher.transform(X_NEW).set_axis(range(100, 140))
        assert list(hasher.inverse_transform(bits).index) == list(range(100, 140))
        assert np.isfinite(model.score_samples(X_NEW)).all() and model.score(X_NEW) > -1
        errors = fast(AutoencoderOutlierDetector).fit(X).reconstruction_errors(X_NEW)
        draws = fast(VAE).fit(X).sample(3, random_state=0)
        assert isinstance(errors, pandas.DataFrame) and isinstance(draws, np.ndarray)
        images = fast(ConvolutionalAutoencoder).fit(X.reshape(-1, 2, 3))
        assert images.reconstruct(X.reshape(-1, 2, 3)).shape == (96, 2, 3)


def test_an_unknown_container_is_refused():
    model = fast(AutoencoderOutlierDetector).set_output(transform="xarray").fit(X)
    with pytest.raises(ValueError, match="output config must be in"):
        model.reconstruction_errors(X)
