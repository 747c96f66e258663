"""Decoded codes: generated samples, a grid over a two-dimensional latent space, interpolations."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_scalar

from skae._typing import MatrixLike, RandomState
from skae.display._axes import mosaic_axes, single_axes
from skae.display._estimators import ImageShape, autoencoder_in, dense_samples, image_shape_of
from skae.display._mosaic import draw_mosaic, to_rgba, value_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SampleDisplay"]

_KINDS = ("samples", "plane", "path")
#: Fraction of the codes of X that lie beyond each end of a plane.
_QUANTILE = 0.02


class SampleDisplay:
    """Samples of a generative model, a decoded plane of codes, or interpolations between samples.

    Create it with `from_estimator`. Planes and paths are available for every autoencoder, samples
    for those that have a method `sample`.

    Parameters
    ----------
    X : ndarray of shape (n_lines, n_columns, n_features)
        Decoded samples, as they are arranged.
    kind : {"samples", "plane", "path"}
        Kind of the samples.
    image_shape : tuple (height, width, channels), default=None
        Shape of the samples as images. None draws samples as lines over the features.
    codes : tuple of ndarray, default=None
        For kind="plane": the first latent dimension by column, and the second by line.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        All images in one picture. Only if samples are drawn as images.

    See Also
    --------
    skae.VAE.sample, skae.VAE.interpolate : Return samples and interpolations as arrays.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VAE
    >>> from skae.display import SampleDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> vae = VAE(2, max_iter=5, random_state=0).fit(X)
    >>> display = SampleDisplay.from_estimator(vae, kind="plane", n_steps=6, image_shape=(8, 8))
    >>> display.X.shape
    (6, 6, 64)
    """

    def __init__(
        self,
        X: NDArray,
        *,
        kind: str,
        image_shape: ImageShape | None = None,
        codes: tuple[NDArray, NDArray] | None = None,
    ) -> None:
        self.X = X
        self.kind = kind
        self.image_shape = image_shape
        self.codes = codes

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: MatrixLike | None = None,
        *,
        kind: str = "samples",
        n_samples: int = 40,
        n_steps: int = 12,
        reach: float = 2.0,
        image_shape: Sequence[int] | None = None,
        random_state: RandomState = None,
        cmap: str = "gray_r",
        ax: Axes | None = None,
    ) -> Self:
        """Decode codes and draw the samples.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder, or a pipeline or search that ends in one. In a pipeline, X and
            the drawn samples are the input of the autoencoder, its last step.
        X : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            For kind="path": at least two samples. Each line of the display interpolates between
            two consecutive samples. For kind="plane": samples whose codes determine the extent of
            the plane.
        kind : {"samples", "plane", "path"}, default="samples"
            "samples" draws from the model by its method `sample`. "plane" decodes a grid of
            two-dimensional codes. "path" decodes straight lines between codes.
        n_samples : int, default=40
            Number of samples of kind="samples", at least 1.
        n_steps : int, default=12
            Number of codes of a path, or of each side of a plane; at least 2.
        reach : float, default=2.0
            Without X, a plane extends from -reach to reach in both dimensions; above 0. This suits
            codes with a standard normal prior, such as those of a VAE. Other models need X.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the image shape of the network, if
            it has one; otherwise samples and paths are drawn as lines.
        random_state : int, RandomState instance or None, default=None
            Determines the samples of kind="samples".
        cmap, ax
            See `plot`.

        Returns
        -------
        display : SampleDisplay

        Raises
        ------
        ValueError
            If the model has no method `sample` (kind="samples"), the codes are not two-dimensional
            or the image shape is unknown (kind="plane"), or X is missing (kind="path").
        """
        if kind not in _KINDS:
            raise ValueError(f"kind={kind!r} must be one of {_KINDS}")
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        check_scalar(n_steps, "n_steps", Integral, min_val=2)
        model, codes = autoencoder_in(estimator), None
        shape = image_shape_of(model, image_shape, model.n_features_in_)
        if kind == "samples":
            samples = _generated_samples(model, n_samples, random_state)
        elif kind == "plane":
            if shape is None:
                raise ValueError("kind='plane' needs image_shape: a plane is drawn as images")
            samples, codes = _decoded_plane(model, X, n_steps, reach)
        else:
            samples = _interpolations(model, X, n_steps)
        display = cls(samples, kind=kind, image_shape=shape, codes=codes)
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray_r") -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw in. None creates a figure.
        cmap : str, default="gray_r"
            Color map of images with one channel, and of the lines of a path.

        Returns
        -------
        self : SampleDisplay

        Raises
        ------
        ValueError
            For images and paths: if `cmap` does not exist.
        ImportError
            If matplotlib is not installed.
        """
        if self.image_shape is None:
            self._plot_lines(ax, cmap)
        else:
            self._plot_images(ax, self.image_shape, cmap)
        self.figure_ = self.ax_.figure
        if self.codes is not None:
            self.ax_.set(xlabel="latent dimension 1", ylabel="latent dimension 2")
        return self

    def _plot_images(self, ax: Axes | None, image_shape: ImageShape, cmap: str) -> None:
        images = to_rgba(self.X, image_shape, limits=value_limits(self.X), cmap=cmap)
        row_labels = column_labels = None
        if self.codes is not None:
            column_labels, row_labels = ([f"{z:.2g}" for z in values] for values in self.codes)
        n_rows, n_columns = images.shape[:2]
        self.ax_ = mosaic_axes(ax, n_rows, n_columns, image_size=0.65, row_labels=row_labels or ())
        self.image_ = draw_mosaic(
            self.ax_, images, row_labels=row_labels, column_labels=column_labels
        )

    def _plot_lines(self, ax: Axes | None, cmap: str) -> None:
        self.ax_ = single_axes(ax, (7, 4))
        colors = _path_colors(cmap, self.X.shape[1]) if self.kind == "path" else None
        for row in self.X:
            for i, sample in enumerate(row):
                color = f"C{i % 10}" if colors is None else colors[i]
                self.ax_.plot(sample, color=color, linewidth=1)
        self.ax_.set(xlabel="feature", ylabel="value")


def _path_colors(cmap: str, count: int) -> NDArray:
    import matplotlib

    # The first fifth of the color map is left out: it may be as light as the background.
    return matplotlib.colormaps.get_cmap(cmap)(np.linspace(0.2, 1, count))


def _generated_samples(model: Any, n_samples: int, random_state: RandomState) -> NDArray:
    """Samples of a generative model, arranged in about 1.6 times as many columns as rows."""
    if not hasattr(model, "sample"):
        raise ValueError(
            f"{type(model).__name__} has no prior to sample from: use a VAE, an "
            "AdversarialAutoencoder or a GenerativeStochasticNetwork, or kind='plane' or 'path'"
        )
    samples = model.sample(n_samples, random_state=random_state)
    # The number of columns divides the number of samples, so that the grid is complete.
    target = np.sqrt(1.6 * n_samples)
    divisors = [count for count in range(1, n_samples + 1) if n_samples % count == 0]
    n_columns = min(divisors, key=lambda count: abs(np.log(count / target)))
    return samples.reshape(n_samples // n_columns, n_columns, -1)


def _decoded_plane(
    model: Any, X: MatrixLike | None, n_steps: int, reach: float
) -> tuple[NDArray, tuple[NDArray, NDArray]]:
    """Decode a grid of two-dimensional codes; return samples and the codes of columns and rows."""
    if model.n_components_ != 2:
        raise ValueError(
            "kind='plane' needs two-dimensional codes, but n_components is "
            f"{model.n_components_}: use kind='samples' or kind='path'"
        )
    low, high = np.full(2, -float(reach)), np.full(2, float(reach))
    if X is not None:
        # Quantiles instead of extremes: outliers would stretch the plane over empty space.
        codes = dense_samples(model._codes(model._checked(X)))
        low, high = np.quantile(codes, (_QUANTILE, 1 - _QUANTILE), axis=0)
    first, second = np.linspace(low, high, n_steps).T
    second = second[::-1]  # the second dimension increases upwards, as the y axis of a plot
    grid = np.stack(np.meshgrid(first, second), axis=-1)
    samples = np.asarray(model.inverse_transform(grid.reshape(-1, 2).astype(float)))
    return samples.reshape(n_steps, n_steps, -1), (first, second)


def _interpolations(model: Any, X: MatrixLike | None, n_steps: int) -> NDArray:
    """Decode straight lines between the codes of consecutive samples."""
    if X is None or np.shape(X)[0] < 2:
        raise ValueError("kind='path' interpolates between samples: pass X with at least two")
    codes = model._codes(model._checked(X)).astype(float)
    weight = np.linspace(0, 1, n_steps)[None, :, None]
    paths = (1 - weight) * codes[:-1, None] + weight * codes[1:, None]
    samples = np.asarray(model.inverse_transform(paths.reshape(-1, codes.shape[1])))
    return samples.reshape(len(codes) - 1, n_steps, -1)
