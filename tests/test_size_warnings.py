"""Warnings of few samples, and of more components than features."""

import warnings

import pytest

from skae import (
    AutoencoderTransformer,
    DenoisingAutoencoder,
    SparseAutoencoder,
    WinnerTakeAllAutoencoder,
)
from tests.datasets import curved
from tests.discovery import fast

X = curved(40, 5)


@pytest.mark.parametrize("n_samples", [2, 9])
def test_few_samples(n_samples):
    with pytest.warns(UserWarning, match=f"X has n_samples={n_samples}: too few"):
        fast(AutoencoderTransformer).fit(X[:n_samples])


def test_ten_samples_are_enough():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        fast(AutoencoderTransformer).fit(X[:10])


def test_more_components_than_features_of_a_plain_autoencoder():
    with pytest.warns(UserWarning, match="n_components=7 is above the number of features, 5"):
        fast(AutoencoderTransformer, n_components=7).fit(X)


@pytest.mark.parametrize(
    "cls",
    [DenoisingAutoencoder, SparseAutoencoder, WinnerTakeAllAutoencoder],
    ids=lambda c: c.__name__,
)
def test_noise_and_sparsity_allow_more_components(cls):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        fast(cls, n_components=7).fit(X)


def test_the_warning_names_the_line_that_calls_fit():
    with pytest.warns(UserWarning, match="too few") as found:
        fast(AutoencoderTransformer).fit(X[:5])
    assert found[0].filename == __file__
