"""A folder of pictures as samples."""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from skae.datasets._colors import COLORS, check_choice, pixels

__all__ = ["load_image_files"]

_ENDINGS = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def load_image_files(folder, *, image_shape=(32, 32), color="rgb", resize="crop", dtype="float32"):
    """Read the pictures in a folder and make them samples of one shape.

    Needs Pillow (``pip install 'skae[images]'``).

    Parameters
    ----------
    folder : str or path-like
        A folder of image files (bmp, gif, jpeg, png, tiff, webp), with subfolders or without.
        Subfolders are classes, as in :func:`sklearn.datasets.load_files`.
    image_shape : (height, width), default=(32, 32)
        Pixels of every image afterwards. Photographs are turned upright first.
    color : {"rgb", "average", "luminance"}, default="rgb"
        "rgb" gives three channels; "average" gray images by the mean of the three; "luminance"
        by .299 red + .587 green + .114 blue. Transparent parts become white.
    resize : {"crop", "stretch"}, default="crop"
        How another ratio of height and width is dealt with: "crop" cuts the longer side about its
        middle, "stretch" squeezes it.
    dtype : {"float32", "uint8"}, default="float32"
        "float32" gives pixels in [0, 1]; "uint8" in 0..255, in a quarter of the memory.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes:

        - ``data``: ndarray of shape (n_samples, height * width * channels), the pixels row by row,
          the channels of a pixel side by side;
        - ``target``: ndarray of int64 of shape (n_samples,), the number of the subfolder; all 0
          where there is none;
        - ``target_names``: list of the subfolders' names ("." for the folder itself);
        - ``image_shape``: (height, width, 3) or, gray, (height, width);
        - ``filenames``: list of str, in the order of the samples, which is that of sorted paths.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    FileNotFoundError
        If the folder is not there or holds no image file.
    ValueError
        If a parameter is out of range, or a file is no image, or one with cells of 32 bits. (Gray
        levels of 16 bits are read as 8.)

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
    height, width = _checked_shape(image_shape)
    open_image = _reader()
    folder = Path(folder).expanduser()
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in _ENDINGS and f.is_file())
    if not files:
        raise FileNotFoundError(
            f"{folder} holds no image files ({', '.join(sorted(_ENDINGS))})."
            if folder.is_dir()
            else f"{folder} is not a folder."
        )
    images = np.empty((len(files), height, width, 3), dtype=np.uint8)
    for sample, file in enumerate(files):
        images[sample] = open_image(file, (width, height), resize)
    parents = [file.relative_to(folder).parent.as_posix() for file in files]
    names = sorted(set(parents))
    return Bunch(
        data=pixels(images, color, dtype),
        target=np.array([names.index(parent) for parent in parents], dtype=np.int64),
        target_names=names,
        image_shape=(height, width, 3) if color == "rgb" else (height, width),
        filenames=[str(file) for file in files],
    )


def _checked_shape(image_shape):
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


def _reader():
    """A function from a file to an image of one size; Pillow is loaded here."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise ImportError(
            "load_image_files needs Pillow, which is not installed: pip install 'skae[images]'."
        ) from error

    def read(file, size, resize):
        try:
            with Image.open(file) as opened:
                image = ImageOps.exif_transpose(opened)
                image = _of_8_bits(image, opened.format, file, Image.fromarray).convert("RGBA")
        except (
            UnidentifiedImageError,
            OSError,
            SyntaxError,
            Image.DecompressionBombError,
        ) as error:
            raise ValueError(f"{file} is not an image that Pillow can read ({error}).") from error
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        if resize == "crop":
            return ImageOps.fit(image, size, Image.Resampling.BICUBIC)
        return image.resize(size, Image.Resampling.BICUBIC)

    return read


def _of_8_bits(image, kind, file, fromarray):
    """Gray levels of 16 bits as 8; Pillow would make white of all but the darkest."""
    if image.mode.startswith("I;16") or (image.mode == "I" and kind == "PNG"):
        levels = np.asarray(image).astype(np.uint32)
        return fromarray((levels // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(
            f"{file} has cells of 32 bits, of which nothing tells how bright they are: make "
            "pictures of 8 or 16 bits of them first."
        )
    return image
