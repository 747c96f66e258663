"""From color images to what was asked for: channels, and a type of cells."""

import numpy as np

__all__ = ["COLORS", "check_choice", "pixels"]

#: How much red, green and blue count in one gray value. Luminance is ITU-R BT.601's.
_GRAY = {"average": (1 / 3, 1 / 3, 1 / 3), "luminance": (0.299, 0.587, 0.114)}

COLORS = ("rgb", *_GRAY)


def check_choice(name, value, choices):
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}.")


def pixels(images, color, dtype):
    """Samples of `dtype` ("float32" in [0, 1] or "uint8") of uint8 images (n, height, width, 3)."""
    if color != "rgb":
        # one channel at a time: no float copy of all three
        weights = np.asarray(_GRAY[color], dtype=np.float32)
        gray = sum(weight * images[..., channel] for channel, weight in enumerate(weights))
        if dtype == "float32":
            return (gray / np.float32(255)).reshape(len(images), -1)
        images = np.rint(gray).astype(np.uint8)
    samples = images.reshape(len(images), -1)
    return np.divide(samples, 255, dtype=np.float32) if dtype == "float32" else samples
