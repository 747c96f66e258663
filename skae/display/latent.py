"""Scatter plots of the latent space."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_scalar

from skae._typing import MatrixLike, RandomState
from skae.display._axes import single_axes
from skae.display._classes import (
    MAX_QUALITATIVE,
    categories_of,
    class_colors,
    class_indices,
    draw_legend,
)
from skae.display._estimators import (
    ImageShape,
    best_estimator,
    check_image_shape,
    dense_samples,
    image_shape_of,
)
from skae.display._mosaic import draw_boxes
from skae.display._projection import project, separated_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LatentDisplay"]

#: Smallest distance between images, as a fraction of the range of the points.
_IMAGE_DISTANCE = 0.065
_AXIS_LABELS = {"tsne": "t-SNE dimension", "pca": "principal component"}


class LatentDisplay:
    """Two-dimensional scatter plot of codes, colored by label, optionally with images.

    Create it with `from_estimator` or `from_codes`. Any fitted transformer is supported, including
    PCA and pipelines.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        The codes, reduced to two dimensions if necessary.
    y : ndarray of shape (n_points,), default=None
        Class labels or numbers.
    X : ndarray of shape (n_points, n_features), default=None
        The samples, to be drawn as images.
    image_shape : tuple (height, width, channels), default=None
        Shape of the samples as images.
    reduction : {"tsne", "pca"} or None, default=None
        The dimensionality reduction that was applied to the codes.
    classes : sequence, default=None
        Class labels in the order of the legend. None: sorted.

    Attributes
    ----------
    indices_ : ndarray of int of shape (n_points,)
        Indices of the points among the given samples.
    with_image_ : ndarray of int
        Indices of the points that are drawn with an image.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    scatters_ : dict of matplotlib PathCollection
        Points by label. Without labels, or with labels on a continuous color scale, all points are
        under the key None.

    See Also
    --------
    sklearn.manifold.TSNE : Reduces codes to two dimensions.

    Notes
    -----
    t-SNE preserves neighborhoods. In its plots, distances between clusters and sizes of clusters
    have no meaning. One-dimensional codes are drawn along the x axis, with random y coordinates.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.display import LatentDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(2, max_iter=5, random_state=0).fit(X)
    >>> display = LatentDisplay.from_estimator(autoencoder, X, y, max_points=500, random_state=0)
    >>> display.points.shape, len(display.scatters_)
    ((500, 2), 10)
    """

    def __init__(
        self,
        points: NDArray,
        *,
        y: NDArray | None = None,
        X: NDArray | None = None,
        image_shape: ImageShape | None = None,
        reduction: str | None = None,
        classes: Sequence[Any] | NDArray | None = None,
    ) -> None:
        self.points = points
        self.y = y
        self.X = X
        self.image_shape = image_shape
        self.reduction = reduction
        self.classes = classes
        self.indices_ = np.arange(len(points))

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: MatrixLike,
        y: ArrayLike | None = None,
        *,
        images: bool = False,
        image_shape: Sequence[int] | None = None,
        reduction: str | None = "auto",
        max_points: int = 1000,
        random_state: RandomState = None,
        cmap: str | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Encode samples and draw their codes.

        Parameters
        ----------
        estimator : estimator
            A fitted transformer.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Class labels or numbers. Categories of a pandas categorical keep their order.
        images : bool, default=False
            Whether to draw samples as images, at points that are far enough from each other.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the image shape of the network, if
            it has one.
        reduction, max_points, random_state
            See `from_codes`.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : LatentDisplay

        Raises
        ------
        ValueError
            If `images` is True and the image shape is unknown, or in the cases of `from_codes`.
        """
        if images:
            n_features = X.shape[1] if hasattr(X, "shape") else len(X[0])
            image_shape = image_shape_of(estimator, image_shape, n_features)
            if image_shape is None:
                raise ValueError("images=True needs image_shape: the network has no image shape")
        codes = dense_samples(best_estimator(estimator).transform(X))
        return cls.from_codes(
            codes,
            y,
            X=X if images else None,
            image_shape=image_shape if images else None,
            reduction=reduction,
            max_points=max_points,
            random_state=random_state,
            cmap=cmap,
            ax=ax,
        )

    @classmethod
    def from_codes(
        cls,
        codes: ArrayLike,
        y: ArrayLike | None = None,
        *,
        X: MatrixLike | None = None,
        image_shape: Sequence[int] | None = None,
        reduction: str | None = "auto",
        max_points: int = 1000,
        random_state: RandomState = None,
        cmap: str | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw given codes.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_components)
            Codes.
        y : array-like of shape (n_samples,), default=None
            Class labels or numbers. Categories of a pandas categorical keep their order. More than
            20 numbers are drawn on a continuous color scale. Points without a label are gray.
        X : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            The samples, to be drawn as images.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). Required with X.
        reduction : {"auto", "tsne", "pca"} or None, default="auto"
            Dimensionality reduction of codes with more than two components. "auto" is t-SNE. None
            draws the first two components.
        max_points : int, default=1000
            Largest number of points, at least 1. If there are more samples, a random subset is
            drawn. t-SNE is computed for these points only, and takes seconds.
        random_state : int, RandomState instance or None, default=None
            Determines the subset, and the result of t-SNE.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : LatentDisplay

        Raises
        ------
        ValueError
            If codes are not 2-dimensional, `reduction` is invalid, codes to be reduced are not
            finite, `max_points` is below 1, X is given without an `image_shape` that fits it, or y
            or X has another number of samples than codes.
        TypeError
            If `max_points` is not an integer.
        ImportError
            If matplotlib is not installed.
        """
        check_scalar(max_points, "max_points", Integral, min_val=1)
        if reduction not in ("auto", "tsne", "pca", None):
            raise ValueError(f"reduction={reduction!r} must be 'auto', 'tsne', 'pca' or None")
        rng, codes = check_random_state(random_state), dense_samples(codes).astype(float)
        check_consistent_length(codes, y, X)
        indices = np.arange(len(codes))
        if len(codes) > max_points:
            indices = np.sort(rng.choice(len(codes), max_points, replace=False))
        shape = None
        if X is not None:
            if image_shape is None:
                raise ValueError(
                    "image_shape is required with X, whose samples are drawn as images"
                )
            X = dense_samples(X, indices)
            shape = check_image_shape(image_shape, X.shape[1])
        points, reduction = project(codes[indices], reduction, rng)
        classes = categories_of(y)
        y = None if y is None else np.asarray(y)[indices]
        display = cls(points, y=y, X=X, image_shape=shape, reduction=reduction, classes=classes)
        display.indices_ = indices
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax: Axes | None = None, *, cmap: str | None = None) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw in. None creates a figure.
        cmap : str, default=None
            Color map of the labels. None: "tab10" for up to 10 classes, "tab20" for up to 20,
            "turbo" for more, "viridis" for a continuous color scale.

        Returns
        -------
        self : LatentDisplay

        Raises
        ------
        ValueError
            If `cmap` does not exist.
        ImportError
            If matplotlib is not installed.
        """
        is_new = ax is None
        self.ax_ = ax = single_axes(ax, (7, 6))
        self.figure_ = ax.figure
        self._draw_points(cmap, is_new, s=12 if self.X is None else 6, alpha=0.75, linewidths=0)
        label = _AXIS_LABELS.get(self.reduction or "", "latent dimension")
        ax.set(xlabel=f"{label} 1", ylabel=f"{label} 2")
        if self.reduction == "jitter":
            ax.set(ylabel="", yticks=[])
        elif self.reduction == "tsne":
            ax.set(xticks=[], yticks=[])  # the coordinates of t-SNE have no meaning
        self.with_image_ = np.empty(0, int)
        if self.X is not None and self.image_shape is not None:
            self.with_image_ = separated_points(self.points, _IMAGE_DISTANCE)
            draw_boxes(
                self.ax_, self.X, self.points, self.with_image_, self._colors, self.image_shape
            )
        return self

    def _draw_points(self, cmap: str | None, is_new: bool, **style: Any) -> None:
        self.scatters_: dict[Any, Any] = {}
        # Points that are not colored by class have images with a gray frame.
        self._colors: list[Any] = ["0.5"] * len(self.points)
        labels, (x, y) = self.y, self.points.T
        if labels is None:
            self.scatters_[None] = self.ax_.scatter(x, y, **style)
            return
        classes, indices = class_indices(labels, self.classes)
        is_numeric = self.classes is None and labels.dtype.kind in "iuf"
        if is_numeric and len(classes) > MAX_QUALITATIVE:
            scatter = self.ax_.scatter(x, y, c=labels, cmap=cmap or "viridis", **style)
            self.scatters_[None] = scatter
            self.figure_.colorbar(scatter, ax=self.ax_)
            return
        colors = class_colors(cmap, len(classes))
        if (indices < 0).any():
            classes, colors = [*classes, "missing"], [*colors, "0.8"]
        # Index -1, a missing label, is the last color.
        self._colors = [colors[index] for index in indices]
        for i, (label, color) in enumerate(zip(classes, colors, strict=True)):
            members = indices % len(classes) == i
            self.scatters_[label] = self.ax_.scatter(
                x[members], y[members], color=color, label=str(label), **style
            )
        draw_legend(self.ax_, may_widen=is_new)
