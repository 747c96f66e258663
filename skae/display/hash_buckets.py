"""Hash buckets: samples that have the same binary code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, check_scalar

from skae._typing import IntArray, MatrixLike
from skae.display._axes import mosaic_axes
from skae.display._estimators import (
    ImageShape,
    autoencoder_in,
    check_image_shape,
    dense_samples,
    image_shape_of,
)
from skae.display._mosaic import draw_mosaic, to_rgba, value_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HashBucketDisplay"]

#: Longest code that is labeled in binary digits; longer codes are labeled in hexadecimal digits.
_MAX_BINARY_DIGITS = 16


class HashBucketDisplay:
    """The largest hash buckets, with a row of images for the samples of each.

    Create it with `from_estimator` or `from_codes`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Samples.
    buckets : list of ndarray of int
        Indices in X of the samples of each bucket.
    codes : ndarray of uint8 of shape (n_buckets, n_bits)
        The code of each bucket, as bits.
    image_shape : tuple (height, width, channels)
        Shape of the samples as images.
    decoded : ndarray of shape (n_buckets, n_features), default=None
        The decoded code of each bucket.
    y : ndarray of shape (n_samples,), default=None
        Labels of X.
    n_rows : int, default=10
        Largest number of samples that are drawn of a bucket.

    Attributes
    ----------
    purity_ : ndarray of shape (n_buckets,)
        Fraction of a bucket's samples that have its most frequent label; NaN without labels.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    See Also
    --------
    skae.SemanticHasher : Learns binary codes.
    skae.hashing.hash_purity_score : Computes the mean purity of all buckets.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SemanticHasher
    >>> from skae.display import HashBucketDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> hasher = SemanticHasher(12, max_iter=5, random_state=0).fit(X)
    >>> display = HashBucketDisplay.from_estimator(hasher, X, y, n_buckets=5, image_shape=(8, 8))
    >>> len(display.buckets), display.codes.shape
    (5, (5, 12))
    """

    def __init__(
        self,
        X: NDArray,
        buckets: Sequence[IntArray],
        codes: NDArray[np.uint8],
        *,
        image_shape: ImageShape,
        decoded: NDArray | None = None,
        y: NDArray | None = None,
        n_rows: int = 10,
    ) -> None:
        self.X = X
        self.buckets = buckets
        self.codes = codes
        self.image_shape = image_shape
        self.decoded = decoded
        self.y = y
        self.n_rows = n_rows

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: MatrixLike,
        y: ArrayLike | None = None,
        *,
        n_buckets: int = 8,
        n_rows: int = 10,
        image_shape: Sequence[int] | None = None,
        cmap: str = "gray_r",
        ax: Axes | None = None,
    ) -> Self:
        """Hash samples and draw the largest buckets.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder with binary codes, or a pipeline or search that ends in one. In a
            pipeline, X is the input of the autoencoder, its last step.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        y, n_buckets, n_rows
            See `from_codes`.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the image shape of the network,
            which must have one.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : HashBucketDisplay

        Raises
        ------
        ValueError
            If the codes are not binary, or the image shape is unknown.
        """
        model = autoencoder_in(estimator)
        if not model.architecture_["binary"]:
            raise ValueError(
                f"the codes of {type(model).__name__} are not binary, so that samples hardly ever "
                "have the same code: use a SemanticHasher"
            )
        shape = image_shape_of(model, image_shape, model.n_features_in_)
        if shape is None:
            raise ValueError("image_shape is required, because samples are drawn as images")
        codes = model._codes(model._checked(X), np.uint8)
        return cls.from_codes(
            codes,
            X,
            y,
            decode=model.inverse_transform,
            n_buckets=n_buckets,
            n_rows=n_rows,
            image_shape=shape,
            cmap=cmap,
            ax=ax,
        )

    @classmethod
    def from_codes(
        cls,
        codes: ArrayLike,
        X: MatrixLike,
        y: ArrayLike | None = None,
        *,
        image_shape: Sequence[int],
        decode: Callable[[NDArray], ArrayLike] | None = None,
        n_buckets: int = 8,
        n_rows: int = 10,
        cmap: str = "gray_r",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the largest buckets of given codes.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_bits)
            Codes of 0 and 1.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            The samples with these codes.
        y : array-like of shape (n_samples,), default=None
            Labels. If given, each bucket is annotated with its most frequent label and the
            fraction of samples that have it.
        image_shape : tuple of int
            (height, width) or (height, width, channels).
        decode : callable, default=None
            Function from codes to samples. If given, the decoded codes are drawn on the left.
        n_buckets : int, default=8
            Largest number of buckets to draw, at least 1. Buckets of one sample are omitted,
            unless there are no others.
        n_rows : int, default=10
            Largest number of samples to draw of each bucket, at least 1.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : HashBucketDisplay

        Raises
        ------
        ValueError
            If codes are not binary, codes or y have another number of samples than X,
            `image_shape` does not fit X, or `n_buckets` or `n_rows` is below 1.
        TypeError
            If `n_buckets` or `n_rows` is not an integer.
        ImportError
            If matplotlib is not installed.
        """
        check_scalar(n_buckets, "n_buckets", Integral, min_val=1)
        check_scalar(n_rows, "n_rows", Integral, min_val=1)
        codes = dense_samples(codes)
        if codes.ndim != 2 or len(codes) != np.shape(X)[0] or not np.isin(codes, (0, 1)).all():
            raise ValueError("codes must hold bits, 0 or 1, with one code for each sample of X")
        check_consistent_length(X, y)
        distinct, bucket_of, counts = np.unique(
            codes.astype(np.uint8), axis=0, return_inverse=True, return_counts=True
        )
        # Buckets of one sample show no similarity: they are drawn only if there are no others.
        largest = np.argsort(-counts, kind="stable")
        shared = largest[counts[largest] > 1]
        largest = (shared if len(shared) else largest)[:n_buckets]
        buckets = [np.flatnonzero(bucket_of.ravel() == bucket) for bucket in largest]
        display = cls(
            dense_samples(X),
            buckets,
            distinct[largest],
            image_shape=check_image_shape(image_shape, np.shape(X)[1]),
            decoded=None if decode is None else np.asarray(decode(distinct[largest])),
            y=None if y is None else np.asarray(y),
            n_rows=n_rows,
        )
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray_r") -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw in. None creates a figure.
        cmap : str, default="gray_r"
            Color map of images with one channel. Decoded codes are drawn in blue.

        Returns
        -------
        self : HashBucketDisplay

        Raises
        ------
        ValueError
            If `cmap` does not exist.
        ImportError
            If matplotlib is not installed.
        """
        # The first column holds the decoded codes, in another color map than the samples.
        limits, n_decoded = value_limits(self.X), int(self.decoded is not None)
        n_columns = n_decoded + min(self.n_rows, max(map(len, self.buckets)))
        images = np.zeros((len(self.buckets), n_columns, *self.image_shape[:2], 4))
        for row, members in zip(images, self.buckets, strict=True):
            samples = self.X[members[: self.n_rows]]
            row[n_decoded : n_decoded + len(samples)] = to_rgba(
                samples, self.image_shape, limits=limits, cmap=cmap
            )
        if self.decoded is not None:
            images[:, 0] = to_rgba(self.decoded, self.image_shape, limits=limits, cmap="Blues")
        labels = self._bucket_labels()
        self.ax_ = mosaic_axes(ax, *images.shape[:2], image_size=0.62, row_labels=labels)
        self.figure_ = self.ax_.figure
        self.image_ = draw_mosaic(self.ax_, images, row_labels=labels)
        if self.decoded is not None:
            self.ax_.set_title("decoded code, and samples with this code", fontsize="medium")
        return self

    def _bucket_labels(self) -> list[str]:
        """Return code, number of samples and most frequent label of each bucket; set `purity_`."""
        labels, self.purity_ = [], np.full(len(self.buckets), np.nan)
        for i, (members, code) in enumerate(zip(self.buckets, self.codes, strict=True)):
            label = f"{_digits(code)}: {len(members)} sample{'s' * (len(members) > 1)}"
            if self.y is not None:
                classes, counts = np.unique(self.y[members], return_counts=True)
                self.purity_[i] = counts.max() / len(members)
                label += f"\n{self.purity_[i]:.0%} {classes[counts.argmax()]}"
            labels.append(label)
        return labels


def _digits(code: NDArray[np.uint8]) -> str:
    """Format a code in binary, or, if it is long, in hexadecimal digits."""
    if len(code) <= _MAX_BINARY_DIGITS:
        return "".join(map(str, code))
    return np.packbits(code).tobytes().hex()
