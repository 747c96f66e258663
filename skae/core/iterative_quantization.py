"""Iterative quantisation: the rotation of principal components whose signs lose least.

Gong and Lazebnik (2011). NumPy only; knows rows and weights, nothing of networks.
"""

import numpy as np

from skae.core.principal_components import Components

__all__ = ["iterative_quantization", "rotated_components"]

N_ITERATIONS = 50
# so many rows, spread evenly, settle a rotation: more would only take time
MAX_ROWS = 20_000


def iterative_quantization(codes, weight, rng, n_iterations=N_ITERATIONS) -> np.ndarray:
    """The rotation R that minimises ``||sign(codes R) - codes R||^2``, up to local minima.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_components)
        Centred.
    weight : ndarray of shape (n_rows,)
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


def rotated_components(vectors, mean, rows, weight, rng) -> Components:
    """Principal `vectors` rotated for quantisation, with the deviations of the new codes.

    Parameters
    ----------
    vectors : ndarray of shape (n_features, n_components)
        Zeros stand for components that the rows do not have.
    mean : ndarray of shape (n_features,)
        Of the rows.
    rows : Rows
    weight : ndarray of shape (n_rows,)
    """
    index = np.linspace(0, rows.n_rows - 1, min(rows.n_rows, MAX_ROWS)).astype(int)
    some, weight = rows.select(index), weight[index]
    codes = np.empty((some.n_rows, vectors.shape[1]))
    for part, block in some.blocks():
        codes[part] = (block - mean) @ vectors
    rotation = iterative_quantization(codes, weight, rng)
    squares = np.square(codes @ rotation)
    deviations = np.sqrt(np.average(squares, axis=0, weights=weight))
    return Components(vectors @ rotation, deviations)
