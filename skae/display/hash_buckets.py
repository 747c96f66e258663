"""Samples that share a hash."""

from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_scalar

from skae.display._axes import mosaic_axes
from skae.display._estimators import autoencoder_in, dense_samples, image_shape_of
from skae.display._mosaic import draw_mosaic, painted, value_limits

__all__ = ["HashBucketDisplay"]

# bits up to which a hash is written in 0 and 1, longer ones in hexadecimal digits
_MOST_BITS = 16


class HashBucketDisplay:
    """Drawers of a dictionary of hashes: each line holds samples with the very same code.

    Make it by `from_estimator` or `from_codes`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Samples.
    buckets : list of ndarray of int
        Of each drawn bucket the places of its samples in X.
    codes : ndarray of uint8 of shape (n_buckets, n_bits)
        The bits that they share.
    image_shape : tuple (height, width, channels)
        Of a sample.
    decoded : ndarray of shape (n_buckets, n_features), default=None
        What the decoder makes of each code.
    y : ndarray of shape (n_samples,), default=None
        Labels of X.
    n_rows : int, default=10
        Samples drawn of a bucket.

    Attributes
    ----------
    purity_ : ndarray of shape (n_buckets,)
        Where there are labels: the share of a bucket's samples that have its commonest one.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    See Also
    --------
    skae.SemanticHasher : Makes hashes.
    skae.hashing.hash_purity_score : How pure buckets are, over all of them.

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

    def __init__(self, X, buckets, codes, *, image_shape, decoded=None, y=None, n_rows=10):
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
        estimator,
        X,
        y=None,
        *,
        n_buckets=8,
        n_rows=10,
        image_shape=None,
        cmap="gray_r",
        ax=None,
    ):
        """Hash samples and draw the fullest buckets.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder whose codes are bits, or a pipeline or a search that ends in one.
            Samples are then those that the autoencoder itself is given.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        y, n_buckets, n_rows
            See `from_codes`.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the network's, which must have one.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : HashBucketDisplay

        Raises
        ------
        ValueError
            If codes are no bits, or the shape of images is not known.
        """
        model = autoencoder_in(estimator)
        if not model.architecture_["binary"]:
            raise ValueError(
                f"codes of {type(model).__name__} are no bits, and hardly two samples share one: use "
                "a SemanticHasher"
            )
        shape = image_shape_of(model, image_shape, model.n_features_in_)
        if shape is None:
            raise ValueError("buckets are drawn as images: give image_shape")
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
        codes,
        X,
        y=None,
        *,
        image_shape,
        decode=None,
        n_buckets=8,
        n_rows=10,
        cmap="gray_r",
        ax=None,
    ):
        """Draw the fullest buckets of codes that you have.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_bits)
            0 and 1.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Their samples.
        y : array-like of shape (n_samples,), default=None
            Labels: the commonest of a bucket and its share are written beside it.
        image_shape : tuple of int
            (height, width) or (height, width, channels).
        decode : callable, default=None
            Gives samples for codes; they are drawn on the left.
        n_buckets : int, default=8
            Buckets drawn at most, the fullest first, at least 1. Those of one sample are left out,
            unless there are no others.
        n_rows : int, default=10
            Samples drawn of each at most, at least 1.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : HashBucketDisplay

        Raises
        ------
        ValueError
            If codes are no bits, codes or y have not one line for each sample of X, `image_shape` does
            not fit X, or `n_buckets` or `n_rows` is below 1.
        TypeError
            If `n_buckets` or `n_rows` is not an integer.
        ImportError
            If matplotlib is not installed.
        """
        check_scalar(n_buckets, "n_buckets", Integral, min_val=1)
        check_scalar(n_rows, "n_rows", Integral, min_val=1)
        codes = dense_samples(codes)
        if codes.ndim != 2 or len(codes) != np.shape(X)[0] or not np.isin(codes, (0, 1)).all():
            raise ValueError("codes must hold bits, 0 or 1, a line for each sample of X")
        check_consistent_length(X, y)
        distinct, which, counts = np.unique(
            codes.astype(np.uint8), axis=0, return_inverse=True, return_counts=True
        )
        fullest = np.argsort(-counts, kind="stable")
        shared = fullest[counts[fullest] > 1]
        fullest = (shared if len(shared) else fullest)[:n_buckets]
        buckets = [np.flatnonzero(which.ravel() == bucket) for bucket in fullest]
        display = cls(
            dense_samples(X),
            buckets,
            distinct[fullest],
            image_shape=image_shape_of(None, image_shape, np.shape(X)[1]),
            decoded=None if decode is None else np.asarray(decode(distinct[fullest])),
            y=None if y is None else np.asarray(y),
            n_rows=n_rows,
        )
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax=None, *, cmap="gray_r"):
        """Draw.

        Parameters
        ----------
        ax : Axes, default=None
            None: a new figure.
        cmap : str, default="gray_r"
            Color map of images with one channel. What the decoder makes of a code is drawn in
            blue.

        Returns
        -------
        self : HashBucketDisplay

        Raises
        ------
        ValueError
            If there is no such color map.
        ImportError
            If matplotlib is not installed.
        """
        limits, decoded = value_limits(self.X), int(self.decoded is not None)
        columns = decoded + min(self.n_rows, max(map(len, self.buckets)))
        images = np.zeros((len(self.buckets), columns, *self.image_shape[:2], 4))
        for line, members in zip(images, self.buckets, strict=True):
            shown = self.X[members[: self.n_rows]]
            line[decoded : decoded + len(shown)] = painted(
                shown, self.image_shape, limits=limits, cmap=cmap
            )
        if decoded:
            images[:, 0] = painted(self.decoded, self.image_shape, limits=limits, cmap="Blues")
        labels = self._labels()
        self.ax_ = mosaic_axes(ax, *images.shape[:2], cell=0.62, line_labels=labels)
        self.figure_ = self.ax_.figure
        self.image_ = draw_mosaic(self.ax_, images, line_labels=labels)
        if decoded:
            self.ax_.set_title("the hash decoded, and samples that share it", fontsize="medium")
        return self

    def _labels(self):
        """Of each bucket its code, how many samples it has, and of what kind they are."""
        labels, self.purity_ = [], np.full(len(self.buckets), np.nan)
        for i, (members, code) in enumerate(zip(self.buckets, self.codes, strict=True)):
            said = f"{_written(code)}: {len(members)} sample{'s' * (len(members) > 1)}"
            if self.y is not None:
                kinds, counts = np.unique(self.y[members], return_counts=True)
                self.purity_[i] = counts.max() / len(members)
                said += f"\n{self.purity_[i]:.0%} {kinds[counts.argmax()]}"
            labels.append(said)
        return labels


def _written(code):
    if len(code) <= _MOST_BITS:
        return "".join(map(str, code))
    return np.packbits(code).tobytes().hex()
