"""CIFAR-10, read from local files of the "python version".

Nothing is downloaded. The files are pickles, which a restricted unpickler reads.
"""

from __future__ import annotations

import logging
import os
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skae.datasets._array_unpickler import load_arrays
from skae.datasets._colors import COLORS, check_choice, flatten_images

__all__ = ["load_cifar10"]

logger = logging.getLogger(__name__)

_FOLDER = "cifar-10-batches-py"
_ARCHIVE = "cifar-10-python.tar.gz"
_BATCHES = {
    "train": tuple(f"data_batch_{number}" for number in range(1, 6)),
    "test": ("test_batch",),
}
_NAMES = "batches.meta"
_INSTRUCTIONS = (
    f"Download {_ARCHIVE} from https://www.cs.toronto.edu/~kriz/cifar.html and pass its path, or "
    f"the path of the unpacked folder {_FOLDER}, as `path`, or set the environment variable "
    "SKAE_DATA to the folder that contains one of them."
)


def load_cifar10(
    path: str | os.PathLike[str] | None = None,
    *,
    split: str = "train",
    color: str = "rgb",
    classes: str | int | Iterable[str | int] | None = None,
    dtype: str = "float32",
    return_X_y: bool = False,
) -> Bunch | tuple[NDArray, NDArray[np.int64]]:
    """Load CIFAR-10: 60,000 color photographs of 32 x 32 pixels in 10 classes.

    Reads the files of the "python version", either unpacked or directly from the downloaded
    archive. These files are pickles. Because a pickle can run arbitrary code, a restricted
    unpickler reads them, which accepts arrays and plain values only.

    Other data sets in the same file format are supported, too: images of 32 x 32 pixels, in any
    number and with any classes.

    Parameters
    ----------
    path : str or path-like, default=None
        The folder ``cifar-10-batches-py``, a folder that contains it, or the archive
        ``cifar-10-python.tar.gz``. None: the path in the environment variable ``SKAE_DATA``.
    split : {"train", "test"}, default="train"
        The 50,000 training images or the 10,000 test images.
    color : {"rgb", "average", "luminance"}, default="rgb"
        "rgb" keeps the three channels. "average" converts to grayscale by the mean of the
        channels, "luminance" by .299 red + .587 green + .114 blue (perceived brightness).
    classes : str, int or list of them, default=None
        The classes to keep, by name or number. None keeps all classes.
    dtype : {"float32", "uint8"}, default="float32"
        "float32" returns pixels divided by 255, in [0, 1]. "uint8" returns pixels in 0..255 in a
        quarter of the memory; gray values are rounded.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes:

        - ``data``: ndarray of shape (n_samples, 3072), or (n_samples, 1024) in grayscale. Pixels
          are in row-major order with the channels last, as ``image_shape`` describes;
        - ``target``: ndarray of int64 of shape (n_samples,), the class of each image;
        - ``target_names``: list of the class names, in the order of the class numbers;
        - ``image_shape``: (32, 32, 3), or (32, 32) in grayscale;
        - ``source``: str, the folder or archive that was read.
    (data, target) : tuple of ndarray
        If ``return_X_y`` is True.

    Raises
    ------
    FileNotFoundError
        If the data are not found. The message contains download instructions.
    ValueError
        If a parameter has an invalid value, or a file is damaged, has another format or contains
        more than arrays and plain values.

    References
    ----------
    A. Krizhevsky (2009). Learning multiple layers of features from tiny images. Technical report,
    University of Toronto.

    Examples
    --------
    >>> from skae.datasets import load_cifar10
    >>> horses = load_cifar10(
    ...     "cifar-10-batches-py", color="luminance", classes="horse"
    ... )  # doctest: +SKIP
    >>> horses.data.shape  # doctest: +SKIP
    (5000, 1024)
    """
    check_choice("split", split, tuple(_BATCHES))
    check_choice("color", color, COLORS)
    check_choice("dtype", dtype, ("float32", "uint8"))
    source = _find_source(path)
    files = _read_files(source, (*_BATCHES[split], _NAMES))
    names = _class_names(files.pop(_NAMES), source)
    batches = [_images_and_labels(files[name], f"{name} in {source}") for name in _BATCHES[split]]
    images = np.concatenate([batch[0] for batch in batches])
    labels = np.concatenate([batch[1] for batch in batches])
    logger.info("Read CIFAR-10 (%s split, %d images) from %s.", split, len(images), source)
    if classes is not None:
        selected = np.isin(labels, _class_numbers(classes, names))
        images, labels = images[selected], labels[selected]
    data = flatten_images(images, color, dtype)
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        target=labels,
        target_names=names,
        image_shape=images.shape[1:] if color == "rgb" else images.shape[1:3],
        source=str(source),
    )


def _find_source(path: str | os.PathLike[str] | None) -> Path:
    """Return the folder or archive that contains the files."""
    root = path if path is not None else os.environ.get("SKAE_DATA")
    if not root:
        raise FileNotFoundError(
            f"CIFAR-10 was not found: path=None, and SKAE_DATA is not set. {_INSTRUCTIONS}"
        )
    folder = Path(root).expanduser()
    for candidate in (folder / _FOLDER, folder / _ARCHIVE, folder):
        if candidate.is_file() or (candidate / _BATCHES["test"][0]).is_file():
            return candidate
    raise FileNotFoundError(f"CIFAR-10 was not found in {folder}. {_INSTRUCTIONS}")


def _read_files(source: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return the unpickled contents of the named files, by name."""
    contents = _read_archive(source, names) if source.is_file() else _read_folder(source, names)
    missing = [name for name in names if name not in contents]
    if missing:
        raise FileNotFoundError(
            f"{source} does not contain the CIFAR-10 files {', '.join(missing)}. {_INSTRUCTIONS}"
        )
    return {name: load_arrays(contents[name], f"{name} in {source}") for name in names}


def _read_folder(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def _read_archive(archive: Path, names: Sequence[str]) -> dict[str, bytes]:
    contents = {}
    try:
        # Members are read in memory. Nothing is extracted to disk, so that member names with
        # absolute paths or ".." cannot write outside of a target folder.
        with tarfile.open(archive) as members:
            for member in members:
                name = Path(member.name).name
                file = members.extractfile(member) if name in names else None
                if file is not None:
                    contents[name] = file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(f"{archive} is not a readable tar archive ({error}).") from error
    return contents


def _text(value: Any) -> Any:
    """Decode a string that Python 2 pickled, which Python 3 unpickles as bytes."""
    return value.decode() if isinstance(value, bytes) else value


def _field(content: Any, name: str, source: str) -> Any:
    if isinstance(content, dict):
        for key, value in content.items():
            if _text(key) == name:
                return value
    raise ValueError(f"{source} is not in CIFAR-10's python format: it has no key {name!r}.")


def _class_names(content: Any, source: Path) -> list[str]:
    return [_text(name) for name in _field(content, "label_names", f"{_NAMES} in {source}")]


def _images_and_labels(content: Any, source: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the uint8 images (n, 32, 32, 3) and int64 labels of one file."""
    images = np.asarray(_field(content, "data", source))
    labels = np.asarray(_field(content, "labels", source), dtype=np.int64)
    expected = (len(labels), 3 * 32 * 32)
    if images.dtype != np.uint8 or images.shape != expected:
        raise ValueError(
            f"{source} is not in CIFAR-10's python format: its images have dtype {images.dtype} "
            f"and shape {images.shape}, but uint8 and shape {expected} are expected for "
            f"{len(labels)} labels."
        )
    # The files store the channels first.
    return images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels


def _class_numbers(classes: str | int | Iterable[str | int], names: list[str]) -> list[int]:
    numbers = []
    for label in [classes] if isinstance(classes, (str, int, np.integer)) else classes:
        if label in names:
            numbers.append(names.index(label))
        elif isinstance(label, (int, np.integer)) and 0 <= label < len(names):
            numbers.append(int(label))
        else:
            raise ValueError(
                f"classes must be among {', '.join(names)} or their numbers 0 to "
                f"{len(names) - 1}, got {label!r}."
            )
    if not numbers:
        raise ValueError("classes is empty: pass at least one class, or None for all classes.")
    return numbers
