"""Reconstruction error relative to PCA with default parameters: a small benchmark."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer
from tests.discovery import short


def ratio(X, n_components, seed, **parameters):
    """Held-out squared error divided by that of PCA."""
    train, test = train_test_split(X, test_size=0.25, random_state=seed)
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    pca = PCA(n_components).fit(train)
    model = AutoencoderTransformer(n_components, random_state=seed, **parameters).fit(train)
    error = np.mean((model.reconstruct(test) - test) ** 2)
    return error / np.mean((pca.inverse_transform(pca.transform(test)) - test) ** 2)


@pytest.mark.parametrize("load, n_components", short([(load_wine, 3), (load_breast_cancer, 5)]))
def test_small_tables_are_never_worse_than_pca(load, n_components):
    X = load().data
    assert np.median([ratio(X, n_components, seed) for seed in (0, 1, 2)]) <= 1.01


@pytest.mark.thorough
def test_digits_are_much_better_than_pca():
    # Fewer epochs than the default, which the benchmark uses.
    assert ratio(load_digits().data, 10, 0, max_iter=40) < 0.75


@pytest.mark.thorough
def test_pure_noise_is_not_worse_than_pca():
    X = np.random.default_rng(0).normal(size=(60, 8))
    assert np.median([ratio(X, 2, seed) for seed in (0, 1, 2)]) <= 1.02
