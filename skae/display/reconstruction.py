"""Original samples, their reconstructions and the reconstruction errors, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_scalar

from skae._typing import MatrixLike
from skae.display._axes import AxesLike, axes_grid, mosaic_axes
from skae.display._estimators import (
    ImageShape,
    check_image_shape,
    dense_samples,
    estimators_by_name,
    image_shape_of,
    index_labels,
    reconstruct,
)
from skae.display._feature_values import draw_feature_values
from skae.display._mosaic import draw_mosaic, signed_difference, to_rgba, value_limits

__all__ = ["ReconstructionDisplay"]

#: Largest number of features that are drawn as bars with names; more are drawn as lines.
_MAX_BARS = 40


class ReconstructionDisplay:
    """Samples with the reconstructions of one or several models, as images or as features.

    Create it with `from_estimator` or `from_predictions`. The models need only `transform` and
    `inverse_transform`, so PCA and pipelines can be compared with autoencoders.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The original samples.
    X_hat : dict of ndarray of shape (n_rows, n_features)
        Reconstructions by the name of the model.
    X_noisy : ndarray of shape (n_rows, n_features), default=None
        The samples that were reconstructed, if they are not X.
    image_shape : tuple (height, width, channels), default=None
        Shape of the samples as images. None draws them as features.
    feature_names : sequence of str, default=None
        Names of the features.
    sample_names : sequence of str, default=None
        Labels of the samples. None: "sample 0" and so on for features, none for images.

    Attributes
    ----------
    errors_ : dict of ndarray of shape (n_rows,)
        Root mean squared error of each sample over its features, in the units of X.
    ax_ : matplotlib Axes
        The axes of all images, or of the first sample's features.
    axes_ : ndarray of Axes
        One Axes for all images, or one for the features of each sample.
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        All images in one picture. Only if samples are drawn as images.

    See Also
    --------
    skae.AutoencoderTransformer.score_samples : Computes the reconstruction error of each sample.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import AutoencoderTransformer
    >>> from skae.display import ReconstructionDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> models = {
    ...     "PCA": PCA(10).fit(X),
    ...     "autoencoder": AutoencoderTransformer(10, max_iter=5, random_state=0).fit(X),
    ... }
    >>> display = ReconstructionDisplay.from_estimator(models, X[:8], image_shape=(8, 8))
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['original', 'PCA', 'autoencoder']
    """

    def __init__(
        self,
        X: NDArray,
        X_hat: Mapping[str, NDArray],
        *,
        X_noisy: NDArray | None = None,
        image_shape: ImageShape | None = None,
        feature_names: Sequence[str] | None = None,
        sample_names: Sequence[str] | None = None,
    ) -> None:
        self.X = X
        self.X_hat = X_hat
        self.X_noisy = X_noisy
        self.image_shape = image_shape
        self.feature_names = feature_names
        self.sample_names = sample_names

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator | Mapping[Any, BaseEstimator],
        X: MatrixLike,
        *,
        X_noisy: MatrixLike | None = None,
        n_rows: int = 10,
        image_shape: Sequence[int] | None = None,
        show_error: bool = False,
        cmap: str = "gray_r",
        ax: AxesLike | None = None,
    ) -> Self:
        """Reconstruct samples and draw them.

        Parameters
        ----------
        estimator : estimator or dict of estimators
            A fitted estimator, or several by name.
        X : array-like or CSR matrix of shape (n_samples, n_features)
            Samples, of which the first `n_rows` are drawn. The index of a pandas frame labels
            them, unless it is 0, 1, 2, ...
        X_noisy : array-like or CSR matrix of shape (n_samples, n_features), default=None
            Noisy samples. If given, they are reconstructed, and X is the target.
        n_rows : int, default=10
            Number of samples to draw, at least 1.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the image shape of the network, if
            it has one; otherwise samples are drawn as features.
        show_error, cmap, ax
            See `plot`.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        ValueError
            If `estimator` is an empty dict, an estimator does not accept the samples, X and
            X_noisy differ in shape, `image_shape` does not fit X, `n_rows` is below 1, or in the
            cases of `plot`.
        TypeError
            If `n_rows` is not an integer.
        AttributeError
            If an estimator has no `transform` or no `inverse_transform`.
        ImportError
            If matplotlib is not installed.
        """
        check_scalar(n_rows, "n_rows", Integral, min_val=1)
        models = estimators_by_name(estimator, "reconstruction")
        targets = X[:n_rows]
        inputs = targets if X_noisy is None else X_noisy[:n_rows]
        X_hat = {name: reconstruct(model, inputs) for name, model in models.items()}
        if image_shape is None:
            n_features = dense_samples(targets).shape[1]
            shapes = (image_shape_of(model, None, n_features) for model in models.values())
            image_shape = next((shape for shape in shapes if shape is not None), None)
        return cls.from_predictions(
            targets,
            X_hat,
            X_noisy=None if X_noisy is None else inputs,
            image_shape=image_shape,
            feature_names=[str(name) for name in getattr(X, "columns", ())] or None,
            show_error=show_error,
            cmap=cmap,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        X: MatrixLike,
        X_hat: MatrixLike | Mapping[Any, MatrixLike],
        *,
        X_noisy: MatrixLike | None = None,
        image_shape: Sequence[int] | None = None,
        feature_names: Sequence[str] | None = None,
        show_error: bool = False,
        cmap: str = "gray_r",
        ax: AxesLike | None = None,
    ) -> Self:
        """Draw samples with given reconstructions.

        Parameters
        ----------
        X : array-like or CSR matrix of shape (n_rows, n_features)
            The original samples, all of which are drawn. The index of a pandas frame labels them,
            unless it is 0, 1, 2, ...
        X_hat : array-like, or dict of array-like, of shape (n_rows, n_features)
            Reconstructions of one model, or of several by name.
        X_noisy : array-like or CSR matrix of shape (n_rows, n_features), default=None
            The samples that were reconstructed, if they are not X.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None draws samples as features.
        feature_names : sequence of str, default=None
            Names of the features.
        show_error, cmap, ax
            See `plot`.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        ValueError
            If the shapes of X, X_hat, X_noisy and `image_shape` do not match.
        """
        names, X = index_labels(X), dense_samples(X)
        by_name = X_hat if isinstance(X_hat, Mapping) else {"reconstruction": X_hat}
        X_hat = {str(name): dense_samples(samples) for name, samples in by_name.items()}
        X_noisy = None if X_noisy is None else dense_samples(X_noisy)
        for name, samples in (*X_hat.items(), ("X_noisy", X if X_noisy is None else X_noisy)):
            if samples.shape != X.shape:
                raise ValueError(f"X has shape {X.shape}, but {name!r} has shape {samples.shape}")
        shape = None if image_shape is None else check_image_shape(image_shape, X.shape[1])
        display = cls(
            X,
            X_hat,
            X_noisy=X_noisy,
            image_shape=shape,
            feature_names=feature_names,
            sample_names=names,
        )
        return display.plot(ax=ax, show_error=show_error, cmap=cmap)

    def plot(
        self, ax: AxesLike | None = None, *, show_error: bool = False, cmap: str = "gray_r"
    ) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            For images, one Axes. For features, an array with one Axes for each sample, or one
            Axes that is divided. None creates a figure.
        show_error : bool, default=False
            Whether to draw the difference to the original below each reconstruction, red where
            the reconstruction is too high, blue where it is too low (mean over channels). Only for
            images.
        cmap : str, default="gray_r"
            Color map of images with one channel.

        Returns
        -------
        self : ReconstructionDisplay

        Raises
        ------
        ValueError
            For features: if `ax` is an array of another length, or `ax` is to be divided but is
            not part of a grid of subplots. For images: if `cmap` does not exist.
        ImportError
            If matplotlib is not installed.
        """
        self.errors_ = {
            name: np.sqrt(np.mean(np.square(samples.astype(float) - self.X), axis=1))
            for name, samples in self.X_hat.items()
        }
        if self.image_shape is None:
            self._plot_features(ax)
        else:
            self._plot_images(ax, self.image_shape, show_error, cmap)
        self.figure_ = self.ax_.figure
        return self

    def _plot_images(self, ax: Any, image_shape: ImageShape, show_error: bool, cmap: str) -> None:
        limits = value_limits(self.X)  # of the originals, for all rows
        differences = {
            name: signed_difference(samples, self.X, image_shape[2])
            for name, samples in self.X_hat.items()
        }
        # One color scale for all models, so that their differences are comparable.
        error_limits = value_limits(list(differences.values()), signed=True)
        rows = {"original": to_rgba(self.X, image_shape, limits=limits, cmap=cmap)}
        if self.X_noisy is not None:
            rows["noisy"] = to_rgba(self.X_noisy, image_shape, limits=limits, cmap=cmap)
        for name, samples in self.X_hat.items():
            rows[name] = to_rgba(samples, image_shape, limits=limits, cmap=cmap)
            if show_error:
                rmse = np.sqrt(np.mean(np.square(self.errors_[name])))
                label = "error" if len(self.X_hat) == 1 else f"error of {name}"
                rows[f"{label}\n{rmse:.2g}"] = to_rgba(
                    differences[name], (*image_shape[:2], 1), limits=error_limits, cmap="RdBu_r"
                )
        images = np.stack(list(rows.values()))
        self.ax_ = mosaic_axes(ax, *images.shape[:2], image_size=0.8, row_labels=rows)
        names = self.sample_names
        if len(self.errors_) == 1:
            (values,) = self.errors_.values()
            lines = zip(names or [""] * len(values), values, strict=True)
            names = [f"{name}\n{error:.2g}".strip() for name, error in lines]
            self.ax_.set_xlabel("root mean squared error")
        self.image_ = draw_mosaic(self.ax_, images, row_labels=list(rows), column_labels=names)
        self.axes_ = np.array([self.ax_], dtype=object)

    def _plot_features(self, ax: AxesLike | None) -> None:
        n_rows, n_features = self.X.shape
        self.axes_ = axes_grid(ax, n_rows, 1, (8, 1 + 1.3 * n_rows)).ravel()
        self.ax_, last = self.axes_[[0, -1]]
        for i, sample_ax in enumerate(self.axes_):
            self._plot_sample(sample_ax, i)
        if n_features <= _MAX_BARS and self.feature_names is not None:
            last.set_xticks(range(n_features), self.feature_names, rotation=45, ha="right")
        last.set_xlabel("feature")
        self.ax_.legend(
            frameon=False, ncols=4, fontsize="small", loc="lower left", bbox_to_anchor=(0, 1)
        )

    def _plot_sample(self, ax: Any, i: int) -> None:
        x_noisy = None if self.X_noisy is None else self.X_noisy[i]
        x_hat = {name: samples[i] for name, samples in self.X_hat.items()}
        draw_feature_values(ax, self.X[i], x_noisy, x_hat, as_bars=len(self.X[i]) <= _MAX_BARS)
        errors = ", ".join(f"{name} {values[i]:.2g}" for name, values in self.errors_.items())
        ax.set_title(f"root mean squared error: {errors}", fontsize="small", loc="right")
        ax.set_ylabel(f"sample {i}" if self.sample_names is None else self.sample_names[i])
