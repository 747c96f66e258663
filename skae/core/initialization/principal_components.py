"""Principal components of weighted samples, read block by block.

From the covariance matrix, the Gram matrix or a randomized range finder (Halko, Martinsson and
Tropp 2011), whichever is small, so that the initialization never takes longer than a few epochs.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

__all__ = ["MAX_COVARIANCE", "Components", "principal_components"]

MAX_COVARIANCE = 2048
_OVERSAMPLES = 10
_POWER_ITERATIONS = 5


class Components(NamedTuple):
    """``vectors`` of shape (n_features, n_components), and ``deviations``, the standard deviations
    of the codes. Components beyond the rank of the samples are 0.
    """

    vectors: np.ndarray
    deviations: np.ndarray


def principal_components(blocks, n_samples, n_features, weight, n_components, rng) -> Components:
    """The first principal components of standardized samples.

    Parameters
    ----------
    blocks : callable
        Returns an iterator over ``(slice, samples)``; the samples are centered, float32.
    weight : ndarray of shape (n_samples,), mean 1
    n_components : int
        Components beyond min(n_samples, n_features) are 0.
    rng : numpy.random.Generator
        For the randomized solver.
    """
    rank = min(n_components, n_features, n_samples)
    if n_features <= MAX_COVARIANCE:
        values, vectors = _from_covariance(blocks, n_features, weight / n_samples, rank)
    elif n_samples <= MAX_COVARIANCE:
        values, vectors = _from_gram(blocks, n_samples, n_features, weight / n_samples, rank)
    else:
        values, vectors = _randomized(blocks, n_features, weight / n_samples, rank, rng)
    vectors = vectors * _signs(vectors)
    deviations = np.sqrt(np.maximum(values, 0.0))
    # Directions without variance are rounding errors of the solver.
    vectors = np.where(deviations > 1e-6 * max(deviations.max(initial=0.0), 1e-30), vectors, 0.0)
    missing = n_components - rank
    return Components(
        np.pad(vectors, ((0, 0), (0, missing))).astype(np.float32),
        np.pad(deviations, (0, missing)).astype(np.float32),
    )


def _signs(vectors):
    """Signs that make the largest entry of each component positive, as in scikit-learn's PCA."""
    if not vectors.size:
        return np.ones(vectors.shape[1])
    largest = np.argmax(np.abs(vectors), axis=0)
    return np.where(vectors[largest, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)


def _from_covariance(blocks, n_features, share, rank):
    covariance = np.zeros((n_features, n_features))
    for part, samples in blocks():
        weighted = samples * np.sqrt(share[part], dtype=np.float32)[:, None]
        if len(samples) < 2 * n_features:
            weighted = weighted.astype(np.float64)
        covariance += weighted.T @ weighted
    values, vectors = eigh(covariance, subset_by_index=(n_features - rank, n_features - 1))
    return values[::-1], vectors[:, ::-1]


def _from_gram(blocks, n_samples, n_features, share, rank):
    samples = np.empty((n_samples, n_features), np.float32)
    for part, block in blocks():
        samples[part] = block * np.sqrt(share[part], dtype=np.float32)[:, None]
    values, left = eigh(
        (samples @ samples.T).astype(np.float64), subset_by_index=(n_samples - rank, n_samples - 1)
    )
    values, left = values[::-1], left[:, ::-1]
    vectors = samples.T @ left / np.sqrt(np.maximum(values, 1e-30))
    return values, vectors


def _randomized(blocks, n_features, share, rank, rng):
    width = min(rank + _OVERSAMPLES, n_features)
    basis = rng.standard_normal((n_features, width)).astype(np.float32)
    for _ in range(_POWER_ITERATIONS):
        basis = np.linalg.qr(_covariance_times(blocks, basis, share))[0].astype(np.float32)
    small = basis.T @ _covariance_times(blocks, basis, share)
    values, rotation = eigh(0.5 * (small + small.T).astype(np.float64))
    return values[::-1][:rank], (basis @ rotation[:, ::-1][:, :rank])


def _covariance_times(blocks, basis, share):
    product = np.zeros(basis.shape)
    for part, samples in blocks():
        product += samples.T @ ((samples @ basis) * share[part, None].astype(np.float32))
    return product
