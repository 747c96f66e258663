"""Folders of image files, read as samples of one shape."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skae.datasets._colors import COLORS, check_choice, flatten_images

__all__ = ["load_image_files"]

_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def load_image_files(
    folder: str | os.PathLike[str],
    *,
    image_shape: tuple[int, int] = (32, 32),
    color: str = "rgb",
    resize: str = "crop",
    dtype: str = "float32",
) -> Bunch:
    """Load the image files of a folder as samples of one shape.

    Needs Pillow (``pip install 'skae[images]'``).

    Parameters
    ----------
    folder : str or path-like
        A folder of image files (bmp, gif, jpeg, png, tiff, webp), searched recursively. Each
        subfolder is a class, as in :func:`sklearn.datasets.load_files`.
    image_shape : (height, width), default=(32, 32)
        Size in pixels to which all images are resized. The orientation in a photograph's EXIF
        data is applied first.
    color : {"rgb", "average", "luminance"}, default="rgb"
        "rgb" keeps three channels. "average" converts to grayscale by the mean of the channels,
        "luminance" by .299 red + .587 green + .114 blue. Transparent pixels become white.
    resize : {"crop", "stretch"}, default="crop"
        How images of another aspect ratio are resized. "crop" crops the longer side about the
        center of the image, "stretch" changes the aspect ratio.
    dtype : {"float32", "uint8"}, default="float32"
        "float32" returns pixels in [0, 1]; "uint8" in 0..255, in a quarter of the memory.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes:

        - ``data``: ndarray of shape (n_samples, height * width * channels), the pixels in
          row-major order with the channels last;
        - ``target``: ndarray of int64 of shape (n_samples,), the number of each image's
          subfolder; all 0 if there are no subfolders;
        - ``target_names``: list of the subfolder names ("." for the folder itself);
        - ``image_shape``: (height, width, 3), or (height, width) in grayscale;
        - ``filenames``: list of str, in the order of the samples, sorted by path.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    FileNotFoundError
        If the folder does not exist or contains no image file.
    ValueError
        If a parameter has an invalid value, or a file is not an image or has 32-bit pixels. (Gray
        levels of 16 bits are converted to 8 bits.)

    Examples
    --------
    >>> from skae.datasets import load_image_files
    >>> photos = load_image_files("photos", image_shape=(48, 64))  # doctest: +SKIP
    >>> photos.image_shape  # doctest: +SKIP
    (48, 64, 3)
    """
    check_choice("color", color, COLORS)
    check_choice("resize", resize, ("crop", "stretch"))
    check_choice("dtype", dtype, ("float32", "uint8"))
    height, width = _check_image_shape(image_shape)
    read_image = _image_reader()
    folder = Path(folder).expanduser()
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in _SUFFIXES and f.is_file())
    if not files:
        raise FileNotFoundError(
            f"{folder} contains no image files ({', '.join(sorted(_SUFFIXES))})."
            if folder.is_dir()
            else f"{folder} is not an existing folder."
        )
    images = np.empty((len(files), height, width, 3), dtype=np.uint8)
    for i, file in enumerate(files):
        images[i] = read_image(file, (width, height), resize)
    parents = [file.relative_to(folder).parent.as_posix() for file in files]
    names = sorted(set(parents))
    return Bunch(
        data=flatten_images(images, color, dtype),
        target=np.array([names.index(parent) for parent in parents], dtype=np.int64),
        target_names=names,
        image_shape=(height, width, 3) if color == "rgb" else (height, width),
        filenames=[str(file) for file in files],
    )


def _check_image_shape(image_shape: Any) -> tuple[int, int]:
    try:
        height, width = image_shape
    except (TypeError, ValueError):
        height = width = None
    if not all(isinstance(n, (int, np.integer)) and n >= 1 for n in (height, width)):
        raise ValueError(
            "image_shape must be a height and a width in pixels, such as (32, 32), "
            f"got {image_shape!r}."
        )
    return int(height), int(width)


def _image_reader() -> Callable[[Path, tuple[int, int], str], Any]:
    """Import Pillow and return ``read(file, size, resize)``, which returns an RGB image."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise ImportError(
            "load_image_files needs Pillow, which is not installed: pip install 'skae[images]'."
        ) from error
    # Pillow raises SyntaxError for some damaged files.
    read_errors = (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError)

    def read(file: Path, size: tuple[int, int], resize: str) -> Any:
        try:
            with Image.open(file) as opened:
                image = ImageOps.exif_transpose(opened)
                image = _to_8_bits(image, opened.format, file, Image.fromarray).convert("RGBA")
        except read_errors as error:
            raise ValueError(f"{file} is not an image that Pillow can read ({error}).") from error
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        if resize == "crop":
            return ImageOps.fit(image, size, Image.Resampling.BICUBIC)
        return image.resize(size, Image.Resampling.BICUBIC)

    return read


def _to_8_bits(image: Any, image_format: str | None, file: Path, fromarray: Callable) -> Any:
    """Convert gray levels of 16 bits to 8 bits, and reject those of 32 bits.

    Pillow's own conversion clips 16-bit levels at 255, so that all but the darkest become white.
    """
    if image.mode.startswith("I;16") or (image.mode == "I" and image_format == "PNG"):
        levels = np.asarray(image).astype(np.uint32)
        return fromarray((levels // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(
            f"{file} has pixels of 32 bits, whose range is not defined: convert it to an image of "
            "8 or 16 bits."
        )
    return image
