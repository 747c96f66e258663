"""How far reconstructions move with codes: the metric that a decoder gives to codes."""

import jax
import numpy as np

from skae.core.inference import BLOCK_ROWS, apply_in_blocks, decode

__all__ = ["pullback_metric"]


def pullback_metric(static, params, codes, device=None) -> np.ndarray:
    """Mean over codes of J'J, where J is the decoder's Jacobian, in units of training.

    Parameters
    ----------
    static : hashable
        As `decode` takes it.
    params : pytree of arrays
    codes : ndarray of shape (n_rows, n_components)
    device : jax.Device, optional

    Returns
    -------
    metric : ndarray of shape (n_components, n_components)
        float64, symmetric.
    """
    n_rows, n_components = codes.shape
    total = np.zeros((n_components, n_components))
    # a matrix a row: they are summed before there are many
    for start in range(0, n_rows, BLOCK_ROWS):
        block = codes[start : start + BLOCK_ROWS]
        squares = np.empty((len(block), n_components, n_components), np.float32)
        apply_in_blocks(_squares, static, params, block.shape, block.__getitem__, squares, device)
        total += squares.sum(axis=0, dtype=np.float64)
    return (total + total.T) / (2 * n_rows)


def _squares(static, params, codes):
    """J'J of each code, one after the other: a Jacobian has as many cells as rows of codes."""

    def of_one(code):
        jacobian = jax.jacfwd(lambda z: decode(static, params, z[None])[0])(code)
        return jacobian.T @ jacobian

    return jax.lax.map(of_one, codes)
