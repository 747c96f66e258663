"""Fashion-MNIST, from files or from OpenML."""

from __future__ import annotations

import gzip
import logging
import math
import os
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.utils import Bunch

from skae.datasets._colors import check_choice

__all__ = ["load_fashion_mnist"]

logger = logging.getLogger(__name__)

_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
_FILE_PREFIX = {"train": "train", "test": "t10k"}
_OPENML_SAMPLES = {"train": slice(None, 60_000), "test": slice(60_000, None)}
_WHAT_TO_DO = (
    "Install the Debian package dataset-fashion-mnist, or set the environment variable SKAE_DATA "
    "to a folder that holds train-images-idx3-ubyte, train-labels-idx1-ubyte, "
    "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (gzipped or not), or connect "
    "to the internet once, for sklearn.datasets.fetch_openml to download the data."
)


def load_fashion_mnist(*, split="train", dtype="float32", return_X_y=False):
    """Load Fashion-MNIST: 70,000 gray images of clothes, 28 x 28 pixels, in 10 classes.

    The first of these places that has the data is used, and named in ``source`` and in the log:

    1. the folder named by the environment variable ``SKAE_DATA``, with the four IDX files, gzipped
       or not; if it is set, no other place is tried;
    2. ``/usr/share/datasets/fashion-mnist``, where the Debian package ``dataset-fashion-mnist``
       puts them;
    3. OpenML, through :func:`sklearn.datasets.fetch_openml`, which keeps a copy for the next time.

    Parameters
    ----------
    split : {"train", "test"}, default="train"
        The 60,000 training images or the 10,000 test images.
    dtype : {"float32", "uint8"}, default="float32"
        "float32" gives pixels divided by 255, in [0, 1]; "uint8" gives them as they are stored, in
        0..255, in a quarter of the memory.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes:

        - ``data``: ndarray of shape (n_samples, 784), the pixels row by row;
        - ``target``: ndarray of int64 of shape (n_samples,), the class of each image, 0..9;
        - ``target_names``: list of the ten classes' names;
        - ``source``: str, the folder or service that the data came from.
    (data, target) : tuple of ndarray
        If ``return_X_y`` is True.

    Raises
    ------
    FileNotFoundError
        If the data are in none of the places; the message says what to install or to set.
    ValueError
        If a parameter is not one of its values, or a file is damaged.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf (2017). Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms. arXiv:1708.07747.

    Examples
    --------
    >>> from skae.datasets import load_fashion_mnist
    >>> fashion = load_fashion_mnist(split="test")  # doctest: +SKIP
    >>> fashion.data.shape, fashion.target.shape  # doctest: +SKIP
    ((10000, 784), (10000,))
    >>> fashion.target_names[fashion.target[0]]  # doctest: +SKIP
    'Ankle boot'
    """
    check_choice("split", split, tuple(_FILE_PREFIX))
    check_choice("dtype", dtype, ("float32", "uint8"))
    images, labels, source = _read(split)
    logger.info("Fashion-MNIST (%s, %d images) was read from %s.", split, len(images), source)
    if dtype == "float32":
        images = np.divide(images, 255, dtype=np.float32)
    else:
        images = images.copy()  # a file's bytes are read-only
    if return_X_y:
        return images, labels
    return Bunch(data=images, target=labels, target_names=list(_CLASSES), source=source)


def _read(split):
    """Return uint8 images, int64 labels and the place that they came from."""
    named = os.environ.get("SKAE_DATA")
    if named:
        return _read_folder(Path(named).expanduser(), split)
    if _DEBIAN_FOLDER.is_dir():
        return _read_folder(_DEBIAN_FOLDER, split)
    return _read_openml(split)


def _read_folder(folder, split):
    prefix = _FILE_PREFIX[split]
    images = _read_idx(_find(folder, f"{prefix}-images-idx3-ubyte"))
    labels = _read_idx(_find(folder, f"{prefix}-labels-idx1-ubyte"))
    if images.shape != (len(labels), 28, 28):
        raise ValueError(
            f"{folder} does not hold Fashion-MNIST: images of shape {images.shape} "
            f"beside {len(labels)} labels."
        )
    return images.reshape(len(images), -1), labels.astype(np.int64), str(folder)


def _find(folder, name):
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"Fashion-MNIST was not found: there is neither {name} nor {name}.gz in {folder}. "
        f"{_WHAT_TO_DO}"
    )


def _read_idx(path):
    """Read a file of unsigned bytes in the IDX format.

    Two zero bytes, the type of a cell (8: unsigned byte), the number of axes, then each axis's
    length as a big-endian 32-bit integer, then the cells.
    """
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is damaged, or not packed by gzip ({error}).") from error
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes.")
    n_axes = content[3]
    start = 4 + 4 * n_axes
    if len(content) < start:
        raise ValueError(f"{path} is damaged: it ends within its header.")
    shape = tuple(int(n) for n in np.frombuffer(content, dtype=">u4", count=n_axes, offset=4))
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{path} is damaged: {len(content) - start} cells for the shape {shape}.")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _read_openml(split):
    # scikit-learn's fast parser needs pandas, which skae does not.
    parser = "pandas" if find_spec("pandas") else "liac-arff"
    try:
        X, y = fetch_openml(
            "Fashion-MNIST", version=1, as_frame=False, return_X_y=True, parser=parser, n_retries=1
        )
    except OSError as error:
        raise FileNotFoundError(
            "Fashion-MNIST was not found on this machine, and OpenML could not be reached. "
            f"{_WHAT_TO_DO}"
        ) from error
    samples = _OPENML_SAMPLES[split]
    return X[samples].astype(np.uint8), y[samples].astype(np.int64), "OpenML (fetch_openml)"
