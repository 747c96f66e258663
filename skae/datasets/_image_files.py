"""Image files, read as samples of one shape."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from sklearn.utils import Bunch

from skae.datasets._colors import COLORS, check_choice, flatten_images
from skae.datasets._pillow import import_pillow, read_image, readable_suffixes

__all__ = ["load_image_files"]

PathLike: TypeAlias = "str | os.PathLike[str]"

#: Longest list of file names in a warning.
_MAX_NAMES = 5


def load_image_files(
    folder: PathLike | Iterable[PathLike],
    *,
    image_shape: tuple[int, int] = (32, 32),
    color: str = "rgb",
    resize: str = "crop",
    dtype: str = "float32",
    errors: str = "raise",
) -> Bunch:
    """Load the image files of a folder, or given image files, as samples of one shape.

    Needs Pillow (``pip install 'skae[images]'``).

    Parameters
    ----------
    folder : str, path-like or iterable of these
        A folder of image files, one image file, or several image files.

        A folder is searched recursively for files whose suffix belongs to a format that Pillow
        reads, such as bmp, gif, jpeg, pgm, png, ppm, tiff and webp. Other files are left out with
        a warning. Files and folders whose name begins with a dot are ignored. Each subfolder is
        a class, as in :func:`sklearn.datasets.load_files`.

        Given files may have any suffix. They are loaded in the given order.
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
    errors : {"raise", "skip"}, default="raise"
        What happens if a file cannot be read as an image. "raise" raises ValueError; "skip"
        leaves such files out, with a warning.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes:

        - ``data``: ndarray of shape (n_samples, height * width * channels), the pixels in
          row-major order with the channels last;
        - ``target``: ndarray of int64 of shape (n_samples,), the number of each image's
          subfolder; all 0 if there are no subfolders;
        - ``target_names``: list of the subfolder names ("." for the folder itself). Subfolders of
          given files are relative to the deepest folder that contains all of them;
        - ``image_shape``: (height, width, 3), or (height, width) in grayscale;
        - ``filenames``: list of str, in the order of the samples: sorted by path, or as given.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    FileNotFoundError
        If the folder or a file does not exist, or the folder contains no image file.
    ValueError
        If a parameter has an invalid value, or a file is not an image or has 32-bit pixels. (Gray
        levels of 16 bits are converted to 8 bits.)

    Warns
    -----
    UserWarning
        If files of the folder are left out, with their number and names.

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
    check_choice("errors", errors, ("raise", "skip"))
    height, width = _check_image_shape(image_shape)
    import_pillow()
    root, files = _find_files(folder)
    images = np.empty((len(files), height, width, 3), dtype=np.uint8)
    loaded: list[Any] = []
    skipped: list[Any] = []
    for file in files:
        try:
            images[len(loaded)] = read_image(file, (width, height), resize)
            loaded.append(file)
        except ValueError:
            if errors == "raise":
                raise
            skipped.append(file)
    if not loaded:
        raise ValueError(f"None of {len(files)} files can be read as an image: {_names(files)}.")
    if skipped:
        _warn(f"{len(skipped)} of {len(files)} files cannot be read as images", skipped, 3)
    parents = [_class_name(file, root) for file in loaded]
    names = sorted(set(parents))
    return Bunch(
        data=flatten_images(images[: len(loaded)], color, dtype),
        target=np.array([names.index(parent) for parent in parents], dtype=np.int64),
        target_names=names,
        image_shape=(height, width, 3) if color == "rgb" else (height, width),
        filenames=[str(file) for file in loaded],
    )


def _find_files(folder: Any) -> tuple[Path, list[Path]]:
    """The files to load, and the folder that their classes are relative to."""
    if isinstance(folder, str | os.PathLike):
        path = Path(folder).expanduser()
        if path.is_dir():
            return path, _files_of_folder(path)
        _check_is_file(path)
        return path.parent, [path]
    try:
        files = [Path(file).expanduser() for file in folder]
    except TypeError:
        raise ValueError(
            "folder must be the path of a folder or file, or a list of paths of files, "
            f"got {folder!r:.200}."
        ) from None
    if not files:
        raise ValueError("folder is an empty list: pass at least one image file.")
    for file in files:
        _check_is_file(file)
    root = os.path.commonpath([os.path.abspath(file.parent) for file in files])
    return Path(root), files


def _files_of_folder(folder: Path) -> list[Path]:
    """Image files of a folder and its subfolders, sorted by path; warns of other files."""
    suffixes = readable_suffixes()
    files = sorted(
        path
        for path in folder.rglob("*")
        # Names with a dot: files of the system and copies by programs, as in .ipynb_checkpoints.
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    images = [file for file in files if file.suffix.lower() in suffixes]
    if not images:
        raise FileNotFoundError(
            f"{folder} contains no image files: none of its {len(files)} files has the suffix of "
            "an image format that Pillow reads, such as .png. Pass a list of files to load files "
            "of any name."
        )
    if len(images) < len(files):
        others = [file for file in files if file.suffix.lower() not in suffixes]
        _warn(
            f"{len(others)} of {len(files)} files in {folder} do not have the suffix of an image "
            "format that Pillow reads",
            others,
            5,
        )
    return images


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"{path} is a folder: pass it alone, or pass a list of image files.")
    if not path.exists():
        raise FileNotFoundError(f"{path} is not an existing folder or file.")


def _class_name(file: Path, root: Path) -> str:
    if not file.is_relative_to(root):
        file, root = Path(os.path.abspath(file)), Path(os.path.abspath(root))
    return file.relative_to(root).parent.as_posix()


def _warn(what: str, files: list[Path], stacklevel: int) -> None:
    warnings.warn(f"{what} and were left out: {_names(files)}.", stacklevel=stacklevel)


def _names(files: list[Path]) -> str:
    more = f" and {len(files) - _MAX_NAMES} more" if len(files) > _MAX_NAMES else ""
    return ", ".join(file.name for file in files[:_MAX_NAMES]) + more


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
