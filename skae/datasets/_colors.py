"""Conversion of RGB images to grayscale and to the dtype of the samples."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLORS", "check_choice", "flatten_images"]

#: Weights of red, green and blue in a gray value. "luminance" is ITU-R BT.601.
_GRAY_WEIGHTS = {"average": (1 / 3, 1 / 3, 1 / 3), "luminance": (0.299, 0.587, 0.114)}

COLORS = ("rgb", *_GRAY_WEIGHTS)


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Raise ValueError if a string parameter has none of its allowed values."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}.")


def flatten_images(images: NDArray[np.uint8], color: str, dtype: str) -> NDArray:
    """Convert images to samples.

    Parameters
    ----------
    images : ndarray of uint8 of shape (n_samples, height, width, 3)
        RGB images.
    color : {"rgb", "average", "luminance"}
        Three channels, or one gray channel.
    dtype : {"float32", "uint8"}
        "float32" scales pixels to [0, 1].

    Returns
    -------
    samples : ndarray of shape (n_samples, height * width * channels)
    """
    if color != "rgb":
        # Channel by channel, so that no float32 copy of all three channels is allocated.
        weights = np.asarray(_GRAY_WEIGHTS[color], dtype=np.float32)
        gray = sum(weight * images[..., channel] for channel, weight in enumerate(weights))
        if dtype == "float32":
            return (gray / np.float32(255)).reshape(len(images), -1)
        images = np.rint(gray).astype(np.uint8)
    samples = images.reshape(len(images), -1)
    return np.divide(samples, 255, dtype=np.float32) if dtype == "float32" else samples
