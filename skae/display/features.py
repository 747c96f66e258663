"""Features that units of an autoencoder respond to: weights, top samples, synthesized samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from skae._typing import IntArray, MatrixLike
from skae.core.networks.captured_activations import CODE
from skae.display._axes import AxesLike, axes_grid, mosaic_axes
from skae.display._estimators import ImageShape, autoencoder_in, dense_samples, image_shape_of
from skae.display._mosaic import draw_mosaic, to_rgba, value_limits
from skae.display._weights import first_layer_weights
from skae.display.excitation import check_units, maximize_activation, top_activating_rows
from skae.estimators.base.hidden_layers import find_layer

__all__ = ["FeatureDisplay"]

_KINDS = ("weights", "top_rows", "maximize")
#: Number of units that are drawn by default, by kind.
_MAX_UNITS = {"weights": 64, "top_rows": 8, "maximize": 32}
_TITLES = {
    "weights": "weights of {layer}",
    "top_rows": "samples that activate units of {layer} most",
    "maximize": "activation maximization of {layer}",
}


class FeatureDisplay:
    """Features that the units of an autoencoder respond to, with a picture for each unit.

    Create it with `from_estimator`.

    Parameters
    ----------
    features : ndarray of shape (n_units, n_shown, n_features)
        One or several samples for each unit.
    kind : {"weights", "top_rows", "maximize"}
        What the samples are.
    units : ndarray of int of shape (n_units,)
        Indices of the units.
    layer : str
        Name of the layer of the units.
    image_shape : tuple (height, width, channels), default=None
        Shape of the samples as images. None draws them as bars.
    indices : ndarray of int of shape (n_units, n_shown), default=None
        For kind="top_rows": indices of the samples in X.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of all images, or of the first unit's bars.
    axes_ : ndarray of Axes
        One Axes for all images, or one for the bars of each unit.
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        All images in one picture. Only if samples are drawn as images.

    See Also
    --------
    first_layer_weights, top_activating_rows, maximize_activation : Return the samples as arrays.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> from skae.display import FeatureDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> sparse = SparseAutoencoder(20, max_iter=5, random_state=0).fit(X)
    >>> display = FeatureDisplay.from_estimator(
    ...     sparse, X, kind="top_rows", units=[3, 7], n_rows=5, image_shape=(8, 8)
    ... )
    >>> display.features.shape
    (2, 5, 64)
    """

    def __init__(
        self,
        features: NDArray,
        *,
        kind: str,
        units: IntArray,
        layer: str,
        image_shape: ImageShape | None = None,
        indices: IntArray | None = None,
    ) -> None:
        self.features = features
        self.kind = kind
        self.units = units
        self.layer = layer
        self.image_shape = image_shape
        self.indices = indices

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: MatrixLike | None = None,
        *,
        kind: str = "weights",
        units: ArrayLike | None = None,
        layer: int | str | None = None,
        n_rows: int = 10,
        image_shape: Sequence[int] | None = None,
        cmap: str | None = None,
        ax: AxesLike | None = None,
        **options: Any,
    ) -> Self:
        """Compute the features of units and draw them.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder, or a pipeline or search that ends in one. In a pipeline, X and
            the drawn samples are the input of the autoencoder, its last step.
        X : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            Samples to select from, for kind="top_rows" only.
        kind : {"weights", "top_rows", "maximize"}, default="weights"
            "weights": the weights of the encoder's first layer. "top_rows": the samples of X that
            activate each unit most. "maximize": a sample that maximizes the activation of each
            unit, synthesized by gradient ascent.
        units : int or array-like of int, default=None
            Indices of units. None: the first 64, 8 or 32 units, depending on `kind`.
        layer : int or str, default=None
            Index or name of the layer, as in `hidden_activations`. None: the code, or the first
            layer with kind="weights", which supports only this layer.
        n_rows : int, default=10
            Number of samples for each unit with kind="top_rows".
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the image shape of the network, if
            it has one; otherwise samples are drawn as bars.
        cmap, ax
            See `plot`.
        **options
            Parameters of `maximize_activation` with kind="maximize": "norm", "value_range",
            "max_iter", "n_starts", "random_state".

        Returns
        -------
        display : FeatureDisplay

        Raises
        ------
        ValueError
            If `kind` is invalid, X is missing for kind="top_rows", or in the cases of the
            functions in "See Also".
        """
        if kind not in _KINDS:
            raise ValueError(f"kind={kind!r} must be one of {_KINDS}")
        if options and kind != "maximize":
            raise TypeError(f"parameters {sorted(options)} are for kind='maximize' only")
        model, indices = autoencoder_in(estimator), None
        if kind == "weights":
            name, selected, features, shape = _weights(model, units, layer, image_shape)
        else:
            shape = image_shape_of(model, image_shape, model.n_features_in_)
            layer = CODE if layer is None else layer
            name, width, all_selected = check_units(model, layer, units)
            selected = _first_units(all_selected, width, kind)
            if kind == "top_rows":
                if X is None:
                    raise ValueError("kind='top_rows' needs X, the samples to select from")
                indices, _ = top_activating_rows(model, X, selected, layer=name, n_rows=n_rows)
                features = np.stack([dense_samples(X, samples) for samples in indices])
            else:
                features = maximize_activation(model, selected, layer=name, **options)[:, None]
        display = cls(
            features, kind=kind, units=selected, layer=name, image_shape=shape, indices=indices
        )
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax: AxesLike | None = None, *, cmap: str | None = None) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            For images, one Axes. For bars, an array with one Axes for each unit, or one Axes that
            is divided. None creates a figure.
        cmap : str, default=None
            Color map of images with one channel. None: "RdBu_r" for weights (positive is red),
            otherwise "gray_r".

        Returns
        -------
        self : FeatureDisplay

        Raises
        ------
        ValueError
            For bars: if `ax` is an array of another length, or `ax` is to be divided but is not
            part of a grid of subplots. For images: if `cmap` does not exist.
        ImportError
            If matplotlib is not installed.
        """
        cmap = cmap or ("RdBu_r" if self.kind == "weights" else "gray_r")
        if self.image_shape is None:
            self._plot_bars(ax)
        else:
            self._plot_images(ax, self.image_shape, cmap)
        self.figure_ = self.ax_.figure
        if len(self.units) > 1 or self.kind != "weights":
            layer = "the code" if self.layer == CODE else self.layer
            self.ax_.set_title(_TITLES[self.kind].format(layer=layer), fontsize="medium")
        return self

    def _plot_images(self, ax: Any, image_shape: ImageShape, cmap: str) -> None:
        if self.kind == "top_rows":
            # Samples share one color scale, and the images of a unit share a row.
            limits = value_limits(self.features)
            images = to_rgba(self.features, image_shape, limits=limits, cmap=cmap)
            labels = [f"unit {unit}" for unit in self.units]
        else:
            signed = self.kind == "weights"
            images = _arranged_in_grid(
                np.stack(
                    [
                        to_rgba(x, image_shape, limits=value_limits(x, signed=signed), cmap=cmap)
                        for x in self.features[:, 0]
                    ]
                )
            )
            labels = None
        n_rows, n_columns = images.shape[:2]
        self.ax_ = mosaic_axes(ax, n_rows, n_columns, image_size=0.7, row_labels=labels or ())
        self.image_ = draw_mosaic(self.ax_, images, row_labels=labels)
        self.axes_ = np.array([self.ax_], dtype=object)

    def _plot_bars(self, ax: AxesLike | None) -> None:
        n_units, n_features = len(self.features), self.features.shape[2]
        self.axes_ = axes_grid(ax, n_units, 1, (8, 1 + n_units)).ravel()
        self.ax_ = self.axes_[0]
        for unit, samples, unit_ax in zip(self.units, self.features, self.axes_, strict=True):
            unit_ax.bar(np.arange(n_features), samples.mean(axis=0), color="C0")
            if len(samples) > 1:  # single samples around their mean
                unit_ax.plot(np.arange(n_features), samples.T, ".", color="k", markersize=2)
            unit_ax.axhline(0, color="k", linewidth=0.5)
            unit_ax.set_ylabel(f"unit {unit}", rotation=0, ha="right", va="center")
            unit_ax.set_xticks([])
        self.axes_[-1].set_xlabel("feature")


def _weights(
    model: Any, units: ArrayLike | None, layer: int | str | None, image_shape: Sequence[int] | None
) -> tuple[str, IntArray, NDArray, ImageShape | None]:
    """Return layer, units, weights of shape (n_units, 1, n_features), and their image shape."""
    weights = first_layer_weights(model)
    name, _ = find_layer(model, 0)
    if layer is not None and find_layer(model, layer)[0] != name:
        raise ValueError(
            f"kind='weights' supports only the first layer, {name!r}, got layer={layer!r}: the "
            "weights of other layers do not correspond to features; use kind='top_rows' or "
            "kind='maximize'"
        )
    _, width, indices = check_units(model, name, units)
    selected = _first_units(indices, width, "weights")
    if weights.ndim == 2:
        shape = image_shape_of(model, image_shape, weights.shape[1])
    else:
        shape = weights.shape[1:]  # the kernels of convolutions are images
    return name, selected, weights.reshape(len(weights), 1, -1)[selected], shape


def _first_units(units: IntArray, width: int, kind: str) -> IntArray:
    """Limit the number of units, if all units of a layer are selected."""
    return units if len(units) < width else units[: _MAX_UNITS[kind]]


def _arranged_in_grid(images: NDArray) -> NDArray:
    """Arrange images of shape (n, ...) in about 1.6 times as many columns as rows."""
    n_columns = int(np.ceil(np.sqrt(1.6 * len(images))))
    n_rows = -(-len(images) // n_columns)
    empty = np.zeros((n_rows * n_columns - len(images), *images.shape[1:]))
    return np.concatenate([images, empty]).reshape(n_rows, n_columns, *images.shape[1:])
