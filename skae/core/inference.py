"""Encoding and decoding in padded sample blocks: any number of samples, the same bits for each.

A sample gives the same bits whatever stands beside it: it is computed in a block of 64 samples, whatever
their number, so that one sample is soon done. Among thousands the processor is faster in blocks of
1,024, or of as many as 16 MB hold. Those are used where they give the same bits, which is looked at
once for each program: how sums are ordered depends on the shapes alone.
"""

import math
import threading
from collections.abc import Hashable
from functools import partial

import jax
import numpy as np

from skae.core.compile.programs import MAX_PROGRAMS, compiled, key_of
from skae.core.data.buffers import aligned, is_aligned
from skae.core.data.samples import BLOCK_BYTES
from skae.core.losses import LOSSES

__all__ = ["BLOCK_SAMPLES", "MANY_SAMPLES", "apply_in_blocks", "decode", "encode", "reconstruct"]

BLOCK_SAMPLES = 64
#: From so many samples on, a second program is worth its compilation.
MANY_SAMPLES = 8192
_WIDE_SAMPLES = 1024
# wide blocks of many columns are of few samples: one of them would not tell enough
_TRIED_SAMPLES = 256

_agreeing: dict[Hashable, bool] = {}
_lock = threading.Lock()


def encode(static, params, x):
    """Codes of samples in units of training; `static` is (network, name of the loss)."""
    network, _ = static
    return network.encode(params, x)


def decode(static, params, z):
    """Samples in units of training of codes."""
    network, loss = static
    return LOSSES[loss].link(network.decode(params, z))


def reconstruct(static, params, x):
    """Samples encoded and decoded."""
    network, loss = static
    return LOSSES[loss].link(network.reconstruct(params, x))


def apply_in_blocks(function, static, params, shape, read, out, device=None) -> None:
    """Run a compiled ``function(static, params, block)`` over all samples.

    Parameters
    ----------
    function : callable
        Module-level and pure, sample by sample.
    static : hashable
    params : pytree of arrays
    shape : tuple (n_samples, width)
        Of the input.
    read : callable
        ``read(slice)`` gives the input samples.
    out : ndarray with n_samples samples
        Written in place.
    device : jax.Device, optional
    """
    n_samples, width = shape
    device = jax.local_devices()[0] if device is None else device
    params, put = _for_programs(params, device)
    size, wide = BLOCK_SAMPLES, _wide_samples(width)
    if (
        n_samples >= MANY_SAMPLES
        and wide > size
        and _agree(function, static, params, wide, width, put)
    ):
        size = wide
    weights = params if n_samples <= BLOCK_SAMPLES else jax.device_put(params, device)
    # two take turns: one is computed on while the other is filled
    blocks = [aligned((size, width), np.float32) for _ in range(1 + (n_samples > size))]
    program, waiting = None, None
    for start in range(0, n_samples, size):
        part = slice(start, min(start + size, n_samples))
        samples = np.asarray(read(part))
        if len(samples) < size or not is_aligned(samples):
            blocks.reverse()
            blocks[0][: len(samples)] = samples
            blocks[0][len(samples) :] = 0
            samples = blocks[0]
        block = put(samples)
        if program is None:
            program, _ = compiled(function, static, (params, block))
        sent = part, program(weights, block)
        _collect(waiting, out)
        waiting = sent
    _collect(waiting, out)


def _for_programs(params, device):
    """Weights as programs are made for them and take them, and what makes a block ready.

    On JAX's own device a program takes NumPy's arrays, sooner than they could be put there.
    """
    default = jax.config.jax_default_device  # type: ignore[attr-defined]
    if device == jax.local_devices()[0] and default is None:
        return params, lambda block: block
    return jax.device_put(params, device), partial(jax.device_put, device=device)


def _wide_samples(width):
    """Samples of a wide block: as many as fit, a power of two."""
    fitting = BLOCK_BYTES // (4 * width)
    return min(_WIDE_SAMPLES, 1 << max(0, fitting.bit_length() - 1))


def _agree(function, static, params, wide, width, put):
    """Whether samples get the same bits in wide blocks as in others."""
    key = key_of(function, static, params), wide, width
    with _lock:
        known = _agreeing.get(key)
    if known is not None:
        return known
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda weights: put(_filled(rng, weights)), params)
    samples = rng.standard_normal((max(wide, _TRIED_SAMPLES), width), np.float32)
    expected, found = (
        _in_blocks(
            function, static, params, [put(samples[i : i + n]) for i in range(0, len(samples), n)]
        )
        for n in (BLOCK_SAMPLES, wide)
    )
    # bits of a hash, say, would hide how their sums differ
    agree = len(np.unique(expected)) > BLOCK_SAMPLES and found.tobytes() == expected.tobytes()
    with _lock:
        if len(_agreeing) >= MAX_PROGRAMS:
            _agreeing.clear()
        _agreeing[key] = agree
    return agree


def _filled(rng, weights):
    """Weights without the zeros, of gates or whole matrices, that hide how sums are ordered."""
    weights = np.asarray(weights)
    if weights.dtype.kind != "f":
        return weights
    if weights.ndim < 2:
        return np.where(weights == 0, weights.dtype.type(1), weights)
    noise = rng.standard_normal(weights.shape) / math.sqrt(weights[..., 0].size)
    return (weights + noise).astype(weights.dtype)


def _in_blocks(function, static, params, blocks):
    program, _ = compiled(function, static, (params, blocks[0]))
    return np.concatenate([np.asarray(program(params, block)) for block in blocks])


def _collect(sent, out):
    """Wait for a block's result and write it where it belongs."""
    if sent is not None:
        part, result = sent
        out[part] = np.asarray(result)[: part.stop - part.start]
