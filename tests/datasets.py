"""Small data sets, made from fixed seeds; all values in [0, 1], so that every loss takes them."""

import numpy as np

N_SAMPLES, N_FEATURES = 96, 6


def curved(n_samples=N_SAMPLES, n_features=N_FEATURES, seed=0):
    """Samples near a curved surface of two dimensions, in [0, 1], float64, no two equal."""
    rng = np.random.default_rng(seed)
    shape = np.random.default_rng(12345)
    latent = rng.uniform(-1, 1, (n_samples, 2))
    into = shape.normal(size=(2, 16))
    back = shape.normal(size=(16, n_features))
    samples = np.tanh(2 * latent @ into) @ back / 4 + 0.05 * rng.normal(
        size=(n_samples, n_features)
    )
    return 1 / (1 + np.exp(-2 * samples))


def labels(X):
    return (X[:, 0] > np.median(X[:, 0])).astype(int)


def correlated(n_samples, n_features, seed=0):
    """Gaussian samples with distinct variances along random directions, not centered."""
    rng = np.random.default_rng(seed)
    width = min(n_samples, n_features)
    samples = rng.normal(size=(n_samples, width)) * (1.6 ** -np.arange(width))
    rotation = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
    return samples @ rotation[:width] + 3.0 + rng.normal(size=n_features)


def flat(n_samples=N_SAMPLES, n_features=N_FEATURES, seed=1):
    """Samples near a plane with Gaussian noise: no autoencoder improves on two components."""
    rng = np.random.default_rng(seed)
    plane = rng.normal(size=(n_samples, 2)) @ rng.normal(size=(2, n_features))
    return plane + 0.3 * rng.normal(size=(n_samples, n_features))
