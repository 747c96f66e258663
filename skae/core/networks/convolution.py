"""Convolutions of images, computed in the way that is fast on the device, and their adjoints.

Images are (samples, height, width, channels). Two methods give the same numbers. "slices": the cells
that a kernel sees, side by side, times one matrix, which on a CPU runs several times faster inside
a loop than XLA's own. "xla": the library's, for accelerators.
"""

from functools import partial

import jax
import jax.numpy as jnp

__all__ = [
    "convolve",
    "convolve_back",
    "convolved_size",
    "enlarge",
    "largest_of_windows",
    "method_for",
]


def method_for(platform: str) -> str:
    """The method that is fast on a platform of JAX ("cpu", "gpu", "tpu")."""
    return "slices" if platform == "cpu" else "xla"


def convolved_size(size: int, kernel_size: int, stride: int, padding: str) -> int:
    """Cells that a convolution leaves of `size`; not positive where the kernel does not fit."""
    return -(-size // stride) if padding == "same" else (size - kernel_size) // stride + 1


def convolve(x, kernel, stride: int, padding: str, method: str):
    """Each output cell is a weighted sum of the window around its place.

    Parameters
    ----------
    x : array of shape (samples, height, width, channels)
    kernel : array of shape (size, size, channels, outputs)
    stride : int
    padding : {"same", "valid"}
        "same": zeros around the image, so that ceil(height / stride) cells come out.
    method : {"slices", "xla"}

    Returns
    -------
    y : array of shape (samples, convolved height, convolved width, outputs)
    """
    size = kernel.shape[0]
    if method == "xla":
        pads = [_pads(length, size, stride, padding) for length in x.shape[1:3]]
        numbers = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), pads, dimension_numbers=numbers
        )
    return _windows(x, size, stride, padding) @ kernel.reshape(-1, kernel.shape[-1])


def convolve_back(y, kernel, shape, stride: int, padding: str, method: str):
    """The adjoint of `convolve`: a transposed convolution, to an image of exactly `shape`.

    ``sum(convolve_back(y) * x) == sum(y * convolve(x))`` for all images x.

    Parameters
    ----------
    y : array of shape (samples, convolved height, convolved width, outputs)
    kernel : array of shape (size, size, channels, outputs)
    shape : tuple (height, width)
    stride, padding, method
        Those of `convolve`.

    Returns
    -------
    x : array of shape (samples, height, width, channels)
    """
    image = jax.ShapeDtypeStruct((y.shape[0], *shape, kernel.shape[2]), y.dtype)
    forward = partial(convolve, kernel=kernel, stride=stride, padding=padding, method=method)
    (x,) = jax.linear_transpose(forward, image)(y)
    return x


def largest_of_windows(x, size: int):
    """The largest cell of each window of `size` x `size`; windows at the far edges may be cut."""
    samples, height, width, channels = x.shape
    high, wide = -(-height // size), -(-width // size)
    pads = ((0, 0), (0, high * size - height), (0, wide * size - width), (0, 0))
    x = jnp.pad(x, pads, constant_values=-jnp.inf)
    return x.reshape(samples, high, size, wide, size, channels).max(axis=(2, 4))


def enlarge(x, factor: int, shape):
    """Each cell repeated `factor` times each way, cut to `shape` (height, width)."""
    x = jnp.repeat(jnp.repeat(x, factor, axis=1), factor, axis=2)
    return x[:, : shape[0], : shape[1]]


def _pads(length, size, stride, padding):
    if padding == "valid":
        return 0, 0
    total = max(0, (-(-length // stride) - 1) * stride + size - length)
    return total // 2, total - total // 2


def _windows(x, size, stride, padding):
    """What each output cell sees, side by side: (samples, height, width, size * size * channels)."""
    for axis in (2, 1):  # kernels are (height, width, channels, outputs)
        x = _side_by_side(x, axis, size, stride, padding)
    return x


def _side_by_side(x, axis, size, stride, padding):
    """Windows along one axis, their cells' channels one after the other.

    The axis is first parted by remainders modulo the stride, so that all slices are of
    neighboring cells: their transposes then add up whole blocks.
    """
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
