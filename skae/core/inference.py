"""Encoding and decoding in fixed row blocks: any number of rows, one program.

A row gives the same bits whatever stands beside it, because it is always computed in a block of
the same shape.
"""

import jax
import numpy as np

from skae.core.losses import LOSSES
from skae.core.programs import compiled

__all__ = ["BLOCK_ROWS", "apply_in_blocks", "decode", "encode", "reconstruct"]

BLOCK_ROWS = 256


def encode(static, params, x):
    """Codes of rows in units of training; `static` is (network, name of the loss)."""
    network, _ = static
    return network.encode(params, x)


def decode(static, params, z):
    """Rows in units of training of codes."""
    network, loss = static
    return LOSSES[loss].link(network.decode(params, z))


def reconstruct(static, params, x):
    """Rows encoded and decoded."""
    network, loss = static
    return LOSSES[loss].link(network.reconstruct(params, x))


def apply_in_blocks(function, static, params, shape, read, out, device=None) -> None:
    """Run a compiled ``function(static, params, block)`` over all rows.

    Parameters
    ----------
    function : callable
        Module-level and pure, row by row.
    static : hashable
    params : pytree of arrays
    shape : tuple (n_rows, width)
        Of the input.
    read : callable
        ``read(slice)`` gives the input rows.
    out : ndarray with n_rows rows
        Written in place.
    device : jax.Device, optional
    """
    device = device if device is not None else jax.local_devices()[0]
    n_rows, width = shape
    params = jax.device_put(params, device)
    program = None
    for start in range(0, n_rows, BLOCK_ROWS):
        part = slice(start, min(start + BLOCK_ROWS, n_rows))
        block = np.zeros((BLOCK_ROWS, width), np.float32)
        block[: part.stop - start] = read(part)
        args = (params, jax.device_put(block, device))
        if program is None:
            program, _ = compiled(function, static, args)
        out[part] = np.asarray(program(*args))[: part.stop - start]
