"""Encoding and decoding in padded blocks of samples, with bitwise identical results per sample.

The result of a sample does not depend on the other samples or on their number, because every
program runs on blocks of one shape: 64 samples, so that one sample is fast too. For thousands of
samples, blocks of 1,024 (or as many as fit into 16 MB) are faster. They are used if their results
are bitwise identical, which is tested once for each program: the order of summation depends on the
shapes alone.
"""

import math
import threading
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import jax
import numpy as np

from skae.core.compile.programs import MAX_PROGRAMS, compiled, key_of
from skae.core.compile.settings import concrete_settings
from skae.core.data.buffers import aligned, is_aligned
from skae.core.data.samples import BLOCK_BYTES
from skae.core.devices import default_device
from skae.core.losses import LOSSES
from skae.core.networks import Network

__all__ = [
    "BLOCK_SAMPLES",
    "MANY_SAMPLES",
    "apply_in_blocks",
    "decode",
    "encode",
    "preactivation",
    "reconstruct",
]

BLOCK_SAMPLES = 64
#: From this number of samples on, a second program for wide blocks is worth its compilation.
MANY_SAMPLES = 8192
_WIDE_SAMPLES = 1024
# Wide blocks of many features have few samples: the comparison uses several of them.
_COMPARED_SAMPLES = 256

_is_identical: dict[Hashable, bool] = {}
_lock = threading.Lock()


def encode(static: tuple[Network, str], params: Any, x: jax.Array) -> jax.Array:
    """Codes of samples in standardized units; `static` is (network, name of the loss)."""
    network, _ = static
    return network.encode(params, x)


def decode(static: tuple[Network, str], params: Any, z: jax.Array) -> jax.Array:
    """Reconstructions, in standardized units, from codes."""
    network, loss = static
    return LOSSES[loss].link(network.decode(params, z))


def reconstruct(static: tuple[Network, str], params: Any, x: jax.Array) -> jax.Array:
    """Reconstructions of samples, in standardized units."""
    network, loss = static
    return LOSSES[loss].link(network.reconstruct(params, x))


def preactivation(static: tuple[Network, Any], params: Any, x: jax.Array) -> jax.Array:
    """Codes of samples before their activation."""
    network, _ = static
    return network.preactivation(params, x)


@concrete_settings()
def apply_in_blocks(
    function: Callable,
    static: Hashable,
    params: Any,
    shape: tuple[int, int],
    read: Callable[[slice], np.ndarray],
    out: np.ndarray,
    device: jax.Device | None = None,
) -> None:
    """Apply a compiled ``function(static, params, block)`` to all samples.

    Parameters
    ----------
    function : callable
        Pure, defined at module level, and independent for each sample.
    static : hashable
    params : pytree of arrays
    shape : tuple (n_samples, n_columns)
        Shape of the input.
    read : callable
        ``read(slice)`` returns the input of these samples.
    out : ndarray of shape (n_samples, ...)
        Written in place.
    device : jax.Device, optional
    """
    n_samples, width = shape
    device = default_device() if device is None else device
    params, put = _placed(params, device)
    size, wide = BLOCK_SAMPLES, _wide_samples(width)
    if (
        n_samples >= MANY_SAMPLES
        and wide > size
        and _wide_is_identical(function, static, params, wide, width, put)
    ):
        size = wide
    weights = params if n_samples <= BLOCK_SAMPLES else jax.device_put(params, device)
    # Two alternate: one is filled while the device computes on the other.
    blocks = [aligned((size, width), np.float32) for _ in range(1 + (n_samples > size))]
    program, pending = None, None
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
        dispatched = part, program(weights, block)
        _collect(pending, out)
        pending = dispatched
    _collect(pending, out)


def _placed(params, device):
    """Weights for the device, and a function that places a block there.

    On JAX's default device, programs take NumPy arrays: that is faster than `jax.device_put`.
    """
    # They are cached without a device, so not where the default may change.
    chosen = jax.config.jax_default_device  # type: ignore[attr-defined]
    if chosen is None and device == default_device():
        return params, lambda block: block
    return jax.device_put(params, device), partial(jax.device_put, device=device)


def _wide_samples(width):
    """Number of samples of a wide block: a power of two."""
    fitting = BLOCK_BYTES // (4 * width)
    return min(_WIDE_SAMPLES, 1 << max(0, fitting.bit_length() - 1))


def _wide_is_identical(function, static, params, wide, width, put):
    """Whether results in wide blocks are bitwise identical to those in narrow blocks."""
    key = key_of(function, static, params), wide, width
    with _lock:
        cached = _is_identical.get(key)
    if cached is not None:
        return cached
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda weights: put(_without_zeros(rng, weights)), params)
    samples = rng.standard_normal((max(wide, _COMPARED_SAMPLES), width), np.float32)
    expected, found = (
        _in_blocks(
            function, static, params, [put(samples[i : i + n]) for i in range(0, len(samples), n)]
        )
        for n in (BLOCK_SAMPLES, wide)
    )
    # Results with few distinct values, such as the bits of a hash, hide differences of the sums.
    is_continuous = len(np.unique(expected)) > BLOCK_SAMPLES
    identical = is_continuous and found.tobytes() == expected.tobytes()
    with _lock:
        if len(_is_identical) >= MAX_PROGRAMS:
            _is_identical.clear()
        _is_identical[key] = identical
    return identical


def _without_zeros(rng, weights):
    """Weights plus noise: zeros, of gates or whole matrices, hide the order of summation."""
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


def _collect(pending, out):
    """Wait for the result of a block and write it into `out`."""
    if pending is not None:
        part, result = pending
        out[part] = np.asarray(result)[: part.stop - part.start]
