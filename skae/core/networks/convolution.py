"""Convolutions of images and their adjoints, with an implementation for each kind of device.

Images have the shape (n_samples, height, width, channels). The implementations agree up to
rounding:

- "slices" gathers the window of each output entry and multiplies by one matrix. On a CPU and inside
  a loop this is several times faster than XLA's convolution.
- "xla" is XLA's convolution, for accelerators.
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp

__all__ = [
    "convolve",
    "convolve_transposed",
    "convolved_size",
    "max_pool",
    "method_for",
    "upsample",
]


def method_for(platform: str) -> str:
    """The faster implementation on a platform of JAX ("cpu", "gpu", "tpu")."""
    return "slices" if platform == "cpu" else "xla"


def convolved_size(size: int, kernel_size: int, stride: int, padding: str) -> int:
    """Length of the output for an input of length `size`; at most 0 if the kernel is larger."""
    return -(-size // stride) if padding == "same" else (size - kernel_size) // stride + 1


def convolve(x: jax.Array, kernel: jax.Array, stride: int, padding: str, method: str) -> jax.Array:
    """Convolution: each output entry is a weighted sum of a window of the input.

    Parameters
    ----------
    x : array of shape (n_samples, height, width, channels)
    kernel : array of shape (size, size, channels, outputs)
    stride : int
    padding : {"same", "valid"}
        "same" pads the image with zeros, so that the output has ceil(height / stride) rows.
    method : {"slices", "xla"}

    Returns
    -------
    y : array of shape (n_samples, convolved height, convolved width, outputs)
    """
    size = kernel.shape[0]
    if method == "xla":
        pads = [_pads(length, size, stride, padding) for length in x.shape[1:3]]
        layout = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), pads, dimension_numbers=layout
        )
    return _windows(x, size, stride, padding) @ kernel.reshape(-1, kernel.shape[-1])


def convolve_transposed(
    y: jax.Array,
    kernel: jax.Array,
    shape: Sequence[int],
    stride: int,
    padding: str,
    method: str,
) -> jax.Array:
    """Transposed convolution to an image of exactly `shape`: the adjoint of `convolve`.

    ``sum(convolve_transposed(y) * x) == sum(y * convolve(x))`` for all images x.

    Parameters
    ----------
    y : array of shape (n_samples, convolved height, convolved width, outputs)
    kernel : array of shape (size, size, channels, outputs)
    shape : tuple (height, width)
    stride, padding, method
        As for `convolve`.

    Returns
    -------
    x : array of shape (n_samples, height, width, channels)
    """
    image = jax.ShapeDtypeStruct((y.shape[0], *shape, kernel.shape[2]), y.dtype)
    forward = partial(convolve, kernel=kernel, stride=stride, padding=padding, method=method)
    (x,) = jax.linear_transpose(forward, image)(y)
    return x


def max_pool(x: jax.Array, size: int) -> jax.Array:
    """The maximum of each window of `size` x `size`; windows at the far edges may be smaller."""
    n_samples, height, width, channels = x.shape
    high, wide = -(-height // size), -(-width // size)
    pads = ((0, 0), (0, high * size - height), (0, wide * size - width), (0, 0))
    x = jnp.pad(x, pads, constant_values=-jnp.inf)
    return x.reshape(n_samples, high, size, wide, size, channels).max(axis=(2, 4))


def upsample(x: jax.Array, factor: int, shape: Sequence[int]) -> jax.Array:
    """Nearest-neighbor upsampling by `factor` each way, cropped to `shape` (height, width)."""
    x = jnp.repeat(jnp.repeat(x, factor, axis=1), factor, axis=2)
    return x[:, : shape[0], : shape[1]]


def _pads(length, size, stride, padding):
    """Zeros before and after one axis."""
    if padding == "valid":
        return 0, 0
    total = max(0, (-(-length // stride) - 1) * stride + size - length)
    return total // 2, total - total // 2


def _windows(x, size, stride, padding):
    """The window of each output entry: (n_samples, height, width, size * size * channels)."""
    # Width first, so that the entries of a window are in the order of kernels:
    # (height, width, channels).
    for axis in (2, 1):
        x = _windows_along(x, axis, size, stride, padding)
    return x


def _windows_along(x, axis, size, stride, padding):
    """Windows along one axis, with the channels of their entries concatenated."""
    # The axis is first split by remainders modulo the stride. Then every slice is contiguous, and
    # its transpose in the backward pass adds whole blocks.
    length = x.shape[axis]
    count, reach = convolved_size(length, size, stride, padding), (size - 1) // stride
    low, _ = _pads(length, size, stride, padding)
    pads = [(0, 0, 0)] * x.ndim
    pads[axis] = (low, (count + reach) * stride - length - low, 0)
    x = jax.lax.pad(x, jnp.zeros((), x.dtype), pads)
    x = x.reshape(*x.shape[:axis], count + reach, stride, *x.shape[axis + 1 :])
    before = (slice(None),) * axis
    return jnp.concatenate(
        [x[(*before, slice(i // stride, i // stride + count), i % stride)] for i in range(size)],
        axis=-1,
    )
