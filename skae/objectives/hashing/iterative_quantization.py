"""Iterative quantization: the rotation of principal components whose signs lose least.

Gong and Lazebnik (2011). NumPy only; knows samples and weights, nothing of networks.
"""

import numpy as np

from skae.core.initialization.principal_components import Components

__all__ = ["iterative_quantization", "rotated_components"]

N_ITERATIONS = 50
# so many samples, spread evenly, settle a rotation: more would only take time
MAX_SAMPLES = 20_000


def iterative_quantization(codes, weight, rng, n_iterations=N_ITERATIONS) -> np.ndarray:
    """The rotation R that minimizes ``||sign(codes R) - codes R||^2``, up to local minima.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_components)
        Centered.
    weight : ndarray of shape (n_samples,)
    n_iterations : int
        Signs given R, then R given the signs (orthogonal Procrustes), this many times.

    Returns
    -------
    rotation : ndarray of shape (n_components, n_components)
    """
    width = codes.shape[1]
    rotation, triangle = np.linalg.qr(rng.standard_normal((width, width)))
    rotation = rotation * np.where(np.diag(triangle) < 0, -1.0, 1.0)
    weighted = codes * weight[:, None]
    for _ in range(n_iterations):
        signs = np.where(codes @ rotation >= 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(weighted.T @ signs)
        rotation = left @ right
    return rotation


def rotated_components(vectors, mean, samples, weight, rng) -> Components:
    """Principal `vectors` rotated for quantization, with the deviations of the new codes.

    Parameters
    ----------
    vectors : ndarray of shape (n_features, n_components)
        Zeros stand for components that the samples do not have.
    mean : ndarray of shape (n_features,)
        Of the samples.
    samples : Samples
    weight : ndarray of shape (n_samples,)
    """
    index = np.linspace(0, samples.n_samples - 1, min(samples.n_samples, MAX_SAMPLES)).astype(int)
    some, weight = samples.select(index), weight[index]
    codes = np.empty((some.n_samples, vectors.shape[1]))
    for part, block in some.blocks():
        codes[part] = (block - mean) @ vectors
    rotation = iterative_quantization(codes, weight, rng)
    squares = np.square(codes @ rotation)
    deviations = np.sqrt(np.average(squares, axis=0, weights=weight))
    return Components(vectors @ rotation, deviations)
