"""CIFAR-10, as users have it on their disks."""

import logging
import os
import tarfile
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from skae.datasets._array_unpickler import load_arrays
from skae.datasets._colors import COLORS, check_choice, pixels

__all__ = ["load_cifar10"]

logger = logging.getLogger(__name__)

_FOLDER = "cifar-10-batches-py"
_ARCHIVE = "cifar-10-python.tar.gz"
_BATCHES = {
    "train": tuple(f"data_batch_{number}" for number in range(1, 6)),
    "test": ("test_batch",),
}
_NAMES = "batches.meta"
_WHAT_TO_DO = (
    f"Download {_ARCHIVE} from https://www.cs.toronto.edu/~kriz/cifar.html and give its path, or "
    f"that of the unpacked {_FOLDER}, as `path`, or set the environment variable SKAE_DATA to the "
    "folder that holds one of them."
)


def load_cifar10(
    path=None, *, split="train", color="rgb", classes=None, dtype="float32", return_X_y=False
):
    """Load CIFAR-10: 60,000 color photographs of 32 x 32 pixels in 10 classes.

    The files of the "python version" are read, from their folder or straight from the archive that
    was downloaded. They are pickles, which could run any code: they are read by an unpickler that
    can build arrays and plain values, and nothing else. Files of the same format with other images
    (of 32 x 32 pixels), fewer of them or other classes are read too.

    Parameters
    ----------
    path : str or path-like, default=None
        The folder ``cifar-10-batches-py``, a folder that holds it, or the archive
        ``cifar-10-python.tar.gz``. None: what the environment variable ``SKAE_DATA`` names.
    split : {"train", "test"}, default="train"
        The 50,000 training images or the 10,000 test images.
    color : {"rgb", "average", "luminance"}, default="rgb"
        "rgb" keeps three channels; "average" makes gray images by the mean of the three;
        "luminance" by .299 red + .587 green + .114 blue, as bright as an eye sees them.
    classes : str, int or list of them, default=None
        The classes to keep, by name or number; None keeps all.
    dtype : {"float32", "uint8"}, default="float32"
        "float32" gives pixels divided by 255, in [0, 1]; "uint8" gives them in 0..255, rounded
        where they are gray, in a quarter of the memory.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes:

        - ``data``: ndarray of shape (n_samples, 3072) or, gray, (n_samples, 1024): the pixels row
          by sample, the channels of a pixel side by side, as ``image_shape`` expects them;
        - ``target``: ndarray of int64 of shape (n_samples,), the class of each image;
        - ``target_names``: list of the classes' names, in the order of their numbers;
        - ``image_shape``: (32, 32, 3) or, gray, (32, 32);
        - ``source``: str, the folder or archive that the data came from.
    (data, target) : tuple of ndarray
        If ``return_X_y`` is True.

    Raises
    ------
    FileNotFoundError
        If the data are not there; the message says where to get them.
    ValueError
        If a parameter is not one of its values, or a file is damaged, has another format or holds
        more than arrays.

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
    place = _place(path)
    files = _read_files(place, (*_BATCHES[split], _NAMES))
    names = _class_names(files.pop(_NAMES), place)
    batches = [_images_and_labels(files[name], f"{name} in {place}") for name in _BATCHES[split]]
    images = np.concatenate([batch[0] for batch in batches])
    labels = np.concatenate([batch[1] for batch in batches])
    logger.info("CIFAR-10 (%s, %d images) was read from %s.", split, len(images), place)
    if classes is not None:
        kept = np.isin(labels, _class_numbers(classes, names))
        images, labels = images[kept], labels[kept]
    data = pixels(images, color, dtype)
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        target=labels,
        target_names=names,
        image_shape=images.shape[1:] if color == "rgb" else images.shape[1:3],
        source=str(place),
    )


def _place(path):
    """The folder or archive that holds the files."""
    named = path if path is not None else os.environ.get("SKAE_DATA")
    if not named:
        raise FileNotFoundError(f"CIFAR-10 was not found: no path was given. {_WHAT_TO_DO}")
    given = Path(named).expanduser()
    for place in (given / _FOLDER, given / _ARCHIVE, given):
        if place.is_file() or (place / _BATCHES["test"][0]).is_file():
            return place
    raise FileNotFoundError(f"CIFAR-10 was not found: {given} does not hold it. {_WHAT_TO_DO}")


def _read_files(place, names):
    """Contents of the named files, unpickled, by name."""
    contents = _read_archive(place, names) if place.is_file() else _read_folder(place, names)
    missing = [name for name in names if name not in contents]
    if missing:
        raise FileNotFoundError(f"{place} lacks {', '.join(missing)} of CIFAR-10. {_WHAT_TO_DO}")
    return {name: load_arrays(contents[name], f"{name} in {place}") for name in names}


def _read_folder(folder, names):
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def _read_archive(archive, names):
    contents = {}
    try:
        with tarfile.open(archive) as members:  # read in memory: nothing is unpacked on the disk
            for member in members:
                name = Path(member.name).name
                file = members.extractfile(member) if name in names else None
                if file is not None:
                    contents[name] = file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(f"{archive} is not a tar archive that can be read ({error}).") from error
    return contents


def _text(value):
    """Text that Python 2 wrote is bytes to Python 3."""
    return value.decode() if isinstance(value, bytes) else value


def _field(content, name, source):
    if isinstance(content, dict):
        for key, value in content.items():
            if _text(key) == name:
                return value
    raise ValueError(f"{source} is not of CIFAR-10's python format: it has no {name!r}.")


def _class_names(content, place):
    return [_text(name) for name in _field(content, "label_names", f"{_NAMES} in {place}")]


def _images_and_labels(content, source):
    """uint8 images (n, 32, 32, 3) and int64 labels of one file."""
    cells = np.asarray(_field(content, "data", source))
    labels = np.asarray(_field(content, "labels", source), dtype=np.int64)
    if cells.dtype != np.uint8 or cells.ndim != 2 or cells.shape != (len(labels), 3 * 32 * 32):
        raise ValueError(
            f"{source} is not of CIFAR-10's python format: {cells.dtype} cells of shape "
            f"{cells.shape} beside {len(labels)} labels, where uint8 cells of shape "
            f"({len(labels)}, 3072) are expected."
        )
    # stored with the channels first
    return cells.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels


def _class_numbers(classes, names):
    numbers = []
    for chosen in [classes] if isinstance(classes, (str, int, np.integer)) else classes:
        if chosen in names:
            numbers.append(names.index(chosen))
        elif isinstance(chosen, (int, np.integer)) and 0 <= chosen < len(names):
            numbers.append(int(chosen))
        else:
            raise ValueError(
                f"classes must be among {', '.join(names)} or their numbers 0 to "
                f"{len(names) - 1}, got {chosen!r}."
            )
    if not numbers:
        raise ValueError("classes names no class: give at least one, or None for all.")
    return numbers
