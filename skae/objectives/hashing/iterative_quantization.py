"""Iterative quantization (ITQ): rotates principal components for the least quantization error.

Gong and Lazebnik (2011). NumPy only.
"""

import numpy as np

from skae.core.data.samples import Samples
from skae.core.initialization.principal_components import Components

__all__ = ["iterative_quantization", "rotated_components"]

N_ITERATIONS = 50
# A rotation is determined well by this many evenly spaced samples.
MAX_SAMPLES = 20_000


def iterative_quantization(
    codes: np.ndarray,
    weight: np.ndarray,
    rng: np.random.Generator,
    n_iterations: int = N_ITERATIONS,
) -> np.ndarray:
    """Rotation R that minimizes ``||sign(codes R) - codes R||^2``, up to local minima.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_components)
        Centered.
    weight : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
        Draws the initial rotation.
    n_iterations : int
        Each iteration computes the signs given R, then R given the signs (an orthogonal
        Procrustes problem).

    Returns
    -------
    rotation : ndarray of shape (n_components, n_components)
    """
    width = codes.shape[1]
    rotation, triangle = np.linalg.qr(rng.standard_normal((width, width)))
    # The signs that make the rotation uniformly distributed.
    rotation = rotation * np.where(np.diag(triangle) < 0, -1.0, 1.0)
    weighted = codes * weight[:, None]
    for _ in range(n_iterations):
        signs = np.where(codes @ rotation >= 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(weighted.T @ signs)
        rotation = left @ right
    return rotation


def rotated_components(
    vectors: np.ndarray,
    mean: np.ndarray,
    samples: Samples,
    weight: np.ndarray,
    rng: np.random.Generator,
) -> Components:
    """Principal components rotated by ITQ, with the standard deviations of their codes.

    Parameters
    ----------
    vectors : ndarray of shape (n_features, n_components)
        Principal components; columns beyond the rank of the data are zero.
    mean : ndarray of shape (n_features,)
        Mean of the samples.
    samples : Samples
    weight : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
    """
    index = np.linspace(0, samples.n_samples - 1, min(samples.n_samples, MAX_SAMPLES)).astype(int)
    subset, weight = samples.select(index), weight[index]
    codes = np.empty((subset.n_samples, vectors.shape[1]))
    for part, block in subset.blocks():
        codes[part] = (block - mean) @ vectors
    rotation = iterative_quantization(codes, weight, rng)
    squares = np.square(codes @ rotation)
    deviations = np.sqrt(np.average(squares, axis=0, weights=weight))
    return Components(vectors @ rotation, deviations)
