"""Encoding and decoding in fixed row blocks: any number of rows, one program.

A row gives the same bits whatever stands beside it, because it is always computed in a block of
the same shape.
"""

import jax
import numpy as np

from skae.core.buffers import aligned
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
    # two take turns: one is computed on while the other is filled
    blocks = [aligned((BLOCK_ROWS, width), np.float32) for _ in range(1 + (n_rows > BLOCK_ROWS))]
    program, waiting = None, None
    for start in range(0, n_rows, BLOCK_ROWS):
        part = slice(start, min(start + BLOCK_ROWS, n_rows))
        blocks.reverse()
        blocks[0][: part.stop - start] = read(part)
        blocks[0][part.stop - start :] = 0
        args = (params, jax.device_put(blocks[0], device))
        if program is None:
            program, _ = compiled(function, static, args)
        sent = part, program(*args)
        _collect(waiting, out)
        waiting = sent
    _collect(waiting, out)


def _collect(sent, out):
    """Wait for a block's result and write it where it belongs."""
    if sent is not None:
        part, result = sent
        out[part] = np.asarray(result)[: part.stop - part.start]
