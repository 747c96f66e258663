"""Fashion-MNIST, read from local IDX files or from OpenML."""

from __future__ import annotations

import gzip
import logging
import math
import os
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
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
_INSTRUCTIONS = (
    "Install the Debian package dataset-fashion-mnist, or set the environment variable SKAE_DATA "
    "to a folder that contains train-images-idx3-ubyte, train-labels-idx1-ubyte, "
    "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (gzipped or not), or connect "
    "to the internet once, so that sklearn.datasets.fetch_openml can download the data."
)


def load_fashion_mnist(
    *, split: str = "train", dtype: str = "float32", return_X_y: bool = False
) -> Bunch | tuple[NDArray, NDArray[np.int64]]:
    """Load Fashion-MNIST: 70,000 grayscale images of clothes, 28 x 28 pixels, in 10 classes.

    The data are read from the first of these sources that has them. The source is returned in
    ``source`` and logged.

    1. The folder in the environment variable ``SKAE_DATA``, with the four IDX files, gzipped or
       not. If the variable is set, no other source is tried.
    2. ``/usr/share/datasets/fashion-mnist``, where the Debian package ``dataset-fashion-mnist``
       installs them.
    3. OpenML, by :func:`sklearn.datasets.fetch_openml`, which caches the download.

    Parameters
    ----------
    split : {"train", "test"}, default="train"
        The 60,000 training images or the 10,000 test images.
    dtype : {"float32", "uint8"}, default="float32"
        "float32" returns pixels divided by 255, in [0, 1]. "uint8" returns the stored pixels, in
        0..255, in a quarter of the memory.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes:

        - ``data``: ndarray of shape (n_samples, 784), the pixels in row-major order;
        - ``target``: ndarray of int64 of shape (n_samples,), the class of each image, 0..9;
        - ``target_names``: list of the ten class names;
        - ``source``: str, the folder or service that was read.
    (data, target) : tuple of ndarray
        If ``return_X_y`` is True.

    Raises
    ------
    FileNotFoundError
        If no source has the data. The message describes how to install them.
    ValueError
        If a parameter has an invalid value, or a file is damaged.

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
    logger.info("Read Fashion-MNIST (%s split, %d images) from %s.", split, len(images), source)
    if dtype == "float32":
        images = np.divide(images, 255, dtype=np.float32)
    else:
        images = images.copy()  # arrays over the bytes of a file are read-only
    if return_X_y:
        return images, labels
    return Bunch(data=images, target=labels, target_names=list(_CLASSES), source=source)


def _read(split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64], str]:
    """Return images, labels and the source that they were read from."""
    folder = os.environ.get("SKAE_DATA")
    if folder:
        return _read_folder(Path(folder).expanduser(), split)
    if _DEBIAN_FOLDER.is_dir():
        return _read_folder(_DEBIAN_FOLDER, split)
    return _read_openml(split)


def _read_folder(folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64], str]:
    prefix = _FILE_PREFIX[split]
    images = _read_idx(_find_file(folder, f"{prefix}-images-idx3-ubyte"))
    labels = _read_idx(_find_file(folder, f"{prefix}-labels-idx1-ubyte"))
    if images.shape != (len(labels), 28, 28):
        raise ValueError(
            f"{folder} does not contain Fashion-MNIST: its images have shape {images.shape}, but "
            f"{(len(labels), 28, 28)} is expected for {len(labels)} labels."
        )
    return images.reshape(len(images), -1), labels.astype(np.int64), str(folder)


def _find_file(folder: Path, name: str) -> Path:
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"Fashion-MNIST was not found: {folder} contains neither {name} nor {name}.gz. "
        f"{_INSTRUCTIONS}"
    )


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a file of unsigned bytes in the IDX format.

    The format is: two zero bytes, the type code of the entries (8: unsigned byte), the number of
    axes, the length of each axis as a big-endian 32-bit integer, and the entries.
    """
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is damaged, or is not a gzip file ({error}).") from error
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes.")
    n_axes = content[3]
    start = 4 + 4 * n_axes
    if len(content) < start:
        raise ValueError(f"{path} is damaged: the file ends within its header.")
    shape = tuple(int(n) for n in np.frombuffer(content, dtype=">u4", count=n_axes, offset=4))
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"{path} is damaged: it contains {len(content) - start} bytes of data, but its header "
            f"states the shape {shape}."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _read_openml(split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64], str]:
    # scikit-learn's fast parser needs pandas, which is not a dependency of skae.
    parser = "pandas" if find_spec("pandas") else "liac-arff"
    try:
        X, y = fetch_openml(
            "Fashion-MNIST", version=1, as_frame=False, return_X_y=True, parser=parser, n_retries=1
        )
    except OSError as error:
        raise FileNotFoundError(
            "Fashion-MNIST was not found on this machine, and OpenML could not be reached. "
            f"{_INSTRUCTIONS}"
        ) from error
    samples = _OPENML_SAMPLES[split]
    return X[samples].astype(np.uint8), y[samples].astype(np.int64), "OpenML (fetch_openml)"
