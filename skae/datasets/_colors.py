"""From colour images to what was asked for: channels, and a type of cells."""

import numpy as np

__all__ = ["COLORS", "check_choice", "pixels"]

#: How much red, green and blue count in one grey value. Luminance is ITU-R BT.601's.
_GREY = {"average": (1 / 3, 1 / 3, 1 / 3), "luminance": (0.299, 0.587, 0.114)}

COLORS = ("rgb", *_GREY)


def check_choice(name, value, choices):
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}.")


def pixels(images, color, dtype):
    """Rows of `dtype` ("float32" in [0, 1] or "uint8") of uint8 images (n, height, width, 3)."""
    if color != "rgb":
        # one channel at a time: no float copy of all three
        weights = np.asarray(_GREY[color], dtype=np.float32)
        grey = sum(weight * images[..., channel] for channel, weight in enumerate(weights))
        if dtype == "float32":
            return (grey / np.float32(255)).reshape(len(images), -1)
        images = np.rint(grey).astype(np.uint8)
    rows = images.reshape(len(images), -1)
    return np.divide(rows, 255, dtype=np.float32) if dtype == "float32" else rows
