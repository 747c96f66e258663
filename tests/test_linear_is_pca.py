"""A linear autoencoder under squared error spans PCA's subspace, wherever it starts."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from tests.datasets import correlated


@pytest.mark.parametrize("tied_weights", [False, True])
def test_random_linear_autoencoder_reaches_pca(tied_weights):
    X = correlated(200, 6)
    model = AutoencoderTransformer(
        2,
        hidden_layer_sizes=(),
        activation="identity",
        init="random",
        tied_weights=tied_weights,
        alpha=0.0,
        learning_rate=2e-2,
        batch_size=64,
        max_iter=300,
        early_stopping=False,
        random_state=0,
    ).fit(X)
    assert "linear" not in model.params_
    pca = PCA(2).fit(X)
    best = np.mean((X - pca.inverse_transform(pca.transform(X))) ** 2)
    assert -np.mean(model.score_samples(X)) <= 1.001 * best
    decoded = model.reconstruct(X) - model.reconstruct(X).mean(axis=0)
    directions = np.linalg.svd(decoded, full_matrices=False)[2][:2]
    angle = np.rad2deg(subspace_angles(directions.T, pca.components_.T).max())
    assert angle < 1.0


def test_trained_from_pca_a_linear_autoencoder_stays_there():
    X = correlated(200, 6)
    model = AutoencoderTransformer(
        2,
        hidden_layer_sizes=(),
        activation="identity",
        max_iter=20,
        batch_size=64,
        early_stopping=False,
        random_state=0,
    ).fit(X)
    pca = PCA(2).fit(X)
    best = np.mean((X - pca.inverse_transform(pca.transform(X))) ** 2)
    assert -np.mean(model.score_samples(X)) <= 1.02 * best
