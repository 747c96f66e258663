"""Samples beside what comes back of them."""

from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_scalar

from skae.display._axes import axes_grid, mosaic_axes
from skae.display._estimators import dense_samples, image_shape_of, named
from skae.display._mosaic import draw_mosaic, painted, value_limits

__all__ = ["ReconstructionDisplay"]

# features up to which each has a bar of its own and a name
_MOST_BARS = 40


class ReconstructionDisplay:
    """Samples, what one or several models make of them, and the error: as images, or as features.

    Make it by `from_estimator` or `from_predictions`. Models need `transform` and
    `inverse_transform` only, so PCA and whole pipelines can stand beside an autoencoder.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The samples.
    X_hat : dict of ndarray of shape (n_rows, n_features)
        Reconstructions by the name of what made them.
    X_noisy : ndarray of shape (n_rows, n_features), default=None
        What the models were given in place of X.
    image_shape : tuple (height, width, channels), default=None
        None: samples are drawn as features.
    feature_names : sequence of str, default=None
        Of the columns.

    Attributes
    ----------
    errors_ : dict of ndarray of shape (n_rows,)
        Root mean square of ``X_hat - X`` over the cells of each sample, in X's units.
    ax_ : matplotlib Axes
        Of images: that with all of them. Of features: the first.
    axes_ : ndarray of Axes
        One for all images, or one for each sample's features.
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        Of images only: all of them in one picture.

    See Also
    --------
    skae.AutoencoderTransformer.score_samples : The error of every sample as a number.

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

    def __init__(self, X, X_hat, *, X_noisy=None, image_shape=None, feature_names=None):
        self.X = X
        self.X_hat = X_hat
        self.X_noisy = X_noisy
        self.image_shape = image_shape
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        X_noisy=None,
        n_rows=10,
        image_shape=None,
        show_error=False,
        cmap="gray_r",
        ax=None,
    ):
        """Reconstruct samples and draw them.

        Parameters
        ----------
        estimator : estimator or dict of estimators
            Fitted; with several, by name.
        X : array-like or CSR matrix of shape (n_samples, n_features)
            Samples, of which the first `n_rows` are drawn.
        X_noisy : array-like or CSR matrix of shape (n_samples, n_features), default=None
            Samples that are reconstructed in place of X, which is then what should come out.
        n_rows : int, default=10
            Samples to draw, at least 1.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the network's, where it has one;
            else samples are drawn as features.
        show_error, cmap, ax
            See `plot`.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        ValueError
            If there is no estimator, an estimator does not take the samples, X and X_noisy differ in
            shape, `image_shape` does not fit X, `n_rows` is below 1, or as `plot`.
        TypeError
            If `n_rows` is not an integer.
        AttributeError
            If an estimator has no `transform` or no `inverse_transform`.
        ImportError
            If matplotlib is not installed.
        """
        check_scalar(n_rows, "n_rows", Integral, min_val=1)
        names = [str(name) for name in getattr(X, "columns", ())] or None
        models = named(estimator, "reconstruction")
        shown = X[:n_rows]
        given = shown if X_noisy is None else X_noisy[:n_rows]
        X_hat = {name: _reconstructed(model, given) for name, model in models.items()}
        if image_shape is None:
            n_features = shown.shape[1] if hasattr(shown, "shape") else len(shown[0])
            found = (image_shape_of(model, None, n_features) for model in models.values())
            image_shape = next((shape for shape in found if shape is not None), None)
        return cls.from_predictions(
            shown,
            X_hat,
            X_noisy=None if X_noisy is None else given,
            image_shape=image_shape,
            feature_names=names,
            show_error=show_error,
            cmap=cmap,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        X,
        X_hat,
        *,
        X_noisy=None,
        image_shape=None,
        feature_names=None,
        show_error=False,
        cmap="gray_r",
        ax=None,
    ):
        """Draw samples beside reconstructions that you have.

        Parameters
        ----------
        X : array-like or CSR matrix of shape (n_rows, n_features)
            All of them are drawn.
        X_hat : array-like, or dict of array-like, of shape (n_rows, n_features)
            Reconstructions; with several, by name.
        X_noisy : array-like or CSR matrix of shape (n_rows, n_features), default=None
            What was reconstructed, where it was not X.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: samples are drawn as features.
        feature_names : sequence of str, default=None
            Of the columns.
        show_error, cmap, ax
            See `plot`.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        ValueError
            If shapes do not fit.
        """
        X = dense_samples(X)
        X_hat = X_hat if isinstance(X_hat, dict) else {"reconstruction": X_hat}
        X_hat = {str(name): dense_samples(samples) for name, samples in X_hat.items()}
        X_noisy = None if X_noisy is None else dense_samples(X_noisy)
        for samples in (*X_hat.values(), X if X_noisy is None else X_noisy):
            if samples.shape != X.shape:
                raise ValueError(f"X has shape {X.shape}, and what came back of it {samples.shape}")
        if image_shape is not None:
            image_shape = image_shape_of(None, image_shape, X.shape[1])
        display = cls(
            X, X_hat, X_noisy=X_noisy, image_shape=image_shape, feature_names=feature_names
        )
        return display.plot(ax=ax, show_error=show_error, cmap=cmap)

    def plot(self, ax=None, *, show_error=False, cmap="gray_r"):
        """Draw.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            Of images one; of features one for each sample, or one to be divided. None: a new figure.
        show_error : bool, default=False
            Of images only: below each reconstruction also its difference to the original, red
            where it is too high, blue where it is too low (in the mean over channels).
        cmap : str, default="gray_r"
            Color map of images with one channel.

        Returns
        -------
        self : ReconstructionDisplay

        Raises
        ------
        ValueError
            Of features: if `ax` is an array of another length, or axes to be divided outside of any
            grid of subplots. Of images: if there is no such color map.
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
            self._plot_images(ax, show_error, cmap)
        self.figure_ = self.ax_.figure
        return self

    def _plot_images(self, ax, show_error, cmap):
        limits = value_limits(self.X)
        differences = {name: self._difference(samples) for name, samples in self.X_hat.items()}
        reach = value_limits(list(differences.values()), signed=True)
        lines = {"original": painted(self.X, self.image_shape, limits=limits, cmap=cmap)}
        if self.X_noisy is not None:
            lines["noisy"] = painted(self.X_noisy, self.image_shape, limits=limits, cmap=cmap)
        for name, samples in self.X_hat.items():
            lines[name] = painted(samples, self.image_shape, limits=limits, cmap=cmap)
            if show_error:
                typical = np.sqrt(np.mean(np.square(self.errors_[name])))
                said = "error" if len(self.X_hat) == 1 else f"{name}'s error"
                lines[f"{said}\n{typical:.2g}"] = painted(
                    differences[name], (*self.image_shape[:2], 1), limits=reach, cmap="RdBu_r"
                )
        images = np.stack(list(lines.values()))
        self.ax_ = mosaic_axes(ax, *images.shape[:2], cell=0.8, line_labels=lines)
        errors = None
        if len(self.errors_) == 1:
            ((_, values),) = self.errors_.items()
            errors = [f"{value:.2g}" for value in values]
            self.ax_.set_xlabel("root mean squared error")
        self.image_ = draw_mosaic(self.ax_, images, line_labels=list(lines), column_labels=errors)
        self.axes_ = np.array([self.ax_], dtype=object)

    def _difference(self, samples):
        """What is too much and what is missing, of each pixel: the mean over its channels."""
        cells = samples - self.X.astype(float)
        return cells.reshape(len(cells), -1, self.image_shape[2]).mean(axis=2)

    def _plot_features(self, ax):
        n_rows, n_features = self.X.shape
        self.axes_ = axes_grid(ax, n_rows, 1, (8, 1 + 1.3 * n_rows)).ravel()
        self.ax_, place = self.axes_[0], np.arange(n_features)
        few = n_features <= _MOST_BARS
        for i, sample_axes in enumerate(self.axes_):
            if few:
                sample_axes.bar(place, self.X[i], color="0.8", label="original")
            else:
                sample_axes.plot(place, self.X[i], color="0.6", linewidth=2, label="original")
            if self.X_noisy is not None:
                sample_axes.plot(
                    place, self.X_noisy[i], "x", color="k", label="noisy", markersize=4
                )
            for j, (name, samples) in enumerate(self.X_hat.items()):
                style = {"marker": "_", "markersize": 14, "linestyle": "none", "mew": 2.5}
                sample_axes.plot(
                    place, samples[i], color=f"C{j}", label=name, **(style if few else {})
                )
            said = ", ".join(f"{name} {errors[i]:.2g}" for name, errors in self.errors_.items())
            sample_axes.set_title(f"root mean squared error: {said}", fontsize="small", loc="right")
            sample_axes.set_ylabel(f"sample {i}")
            sample_axes.axhline(0, color="k", linewidth=0.5)
            sample_axes.set_xticks(place if few else [], [""] * n_features if few else [])
        if few and self.feature_names is not None:
            self.axes_[-1].set_xticks(place, self.feature_names, rotation=45, ha="right")
        self.axes_[-1].set_xlabel("feature")
        self.ax_.legend(
            frameon=False, ncols=4, fontsize="small", loc="lower left", bbox_to_anchor=(0, 1)
        )


def _reconstructed(model, X):
    """What comes back of samples, also through a pipeline."""
    if hasattr(model, "reconstruct"):
        return model.reconstruct(X)
    return model.inverse_transform(model.transform(X))
