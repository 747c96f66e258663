"""Reading of image files by Pillow, which is imported on first use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["import_pillow", "read_image", "readable_suffixes"]

#: Formats that Pillow identifies but decodes only by other programs, which it does not bring along.
#: EPS would run Ghostscript on the content of the file.
_NOT_DECODED = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}


def import_pillow() -> Any:
    """Return PIL.Image, or raise ImportError with installation instructions."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "load_image_files needs Pillow, which is not installed: pip install 'skae[images]'."
        ) from error
    return Image


def readable_suffixes() -> set[str]:
    """Suffixes, in lower case, of the formats that the installed Pillow reads."""
    Image = import_pillow()
    extensions = Image.registered_extensions()
    # MPO has no reader of its own: the one of JPEG reads it.
    formats = {*Image.OPEN, "MPO"} - _NOT_DECODED
    return {suffix for suffix, name in extensions.items() if name in formats}


def read_image(file: Path, size: tuple[int, int], resize: str) -> Any:
    """Read an image file as an RGB image of `size`, (width, height).

    Raises
    ------
    ValueError
        The file is not an image, or has pixels of 32 bits.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            image_format = opened.format
            opened.load()
            image = ImageOps.exif_transpose(opened)
    except Exception as error:  # Damaged files raise many types of errors in Pillow.
        raise ValueError(f"{file} is not an image that Pillow can read ({error}).") from error
    image = _to_8_bits(image, image_format, file).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if resize == "crop":
        return ImageOps.fit(image, size, Image.Resampling.BICUBIC)
    return image.resize(size, Image.Resampling.BICUBIC)


def _to_8_bits(image: Any, image_format: str | None, file: Path) -> Any:
    """Convert gray levels of 16 bits to 8 bits, and reject those of 32 bits.

    Pillow's own conversion clips 16-bit levels at 255, so that all but the darkest become white.
    """
    # Pillow reads 16-bit levels of some formats in mode "I", which has 32 bits.
    if image.mode.startswith("I;16") or (image.mode == "I" and image_format in ("PNG", "PPM")):
        levels = np.asarray(image).astype(np.uint32)
        return import_pillow().fromarray((levels // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(
            f"{file} has pixels of 32 bits, whose range is not defined: convert it to an image of "
            "8 or 16 bits."
        )
    return image
