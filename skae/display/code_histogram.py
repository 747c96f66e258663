"""Histograms of codes: sparsity of the values, and mean activation of the units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from skae._typing import MatrixLike
from skae.display._axes import AxesLike, axes_grid
from skae.display._estimators import dense_samples, estimators_by_name

__all__ = ["CodeHistogramDisplay"]


class CodeHistogramDisplay:
    """Histograms of code values and of the mean activation of units, for one or several models.

    Create it with `from_estimator` or `from_codes`.

    Parameters
    ----------
    codes : dict of ndarray of shape (n_samples, n_components)
        Codes by the name of the model.
    near_zero : float, default=0.01
        A code value counts as near zero if its magnitude is at most this fraction of the largest
        magnitude of its unit.

    Attributes
    ----------
    mean_activation_ : dict of ndarray of shape (n_components,)
        Mean of each unit over the samples, by the name of the model.
    near_zero_fraction_ : dict of float
        Fraction of code values that are near zero, by the name of the model.
    axes_ : ndarray of Axes of shape (2, n_models)
        Histograms of code values in the first row, of mean activations in the second.
    ax_ : matplotlib Axes
        The first of `axes_`.
    figure_ : matplotlib Figure

    See Also
    --------
    skae.SparseAutoencoder : Learns sparse codes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer, SparseAutoencoder
    >>> from skae.display import CodeHistogramDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> settings = {"n_components": 20, "max_iter": 10, "random_state": 0}
    >>> plain = AutoencoderTransformer(code_activation="logistic", **settings).fit(X)
    >>> sparse = SparseAutoencoder(**settings).fit(X)
    >>> display = CodeHistogramDisplay.from_estimator({"plain": plain, "sparse": sparse}, X)
    >>> display.axes_.shape
    (2, 2)
    >>> bool(display.mean_activation_["sparse"].mean() < display.mean_activation_["plain"].mean())
    True
    """

    def __init__(self, codes: Mapping[str, NDArray], *, near_zero: float = 0.01) -> None:
        self.codes = codes
        self.near_zero = near_zero

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator | Mapping[Any, BaseEstimator],
        X: MatrixLike,
        *,
        near_zero: float = 0.01,
        bins: int = 40,
        ax: AxesLike | None = None,
    ) -> Self:
        """Encode samples and draw histograms of their codes.

        Parameters
        ----------
        estimator : estimator or dict of estimators
            A fitted transformer, or several by name.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        near_zero : float, default=0.01
            See the class.
        bins, ax
            See `plot`.

        Returns
        -------
        display : CodeHistogramDisplay

        Raises
        ------
        ValueError
            If `estimator` is an empty dict, an estimator does not accept X, or in the cases of
            `from_codes`.
        AttributeError
            If an estimator has no `transform`.
        ImportError
            If matplotlib is not installed.
        """
        codes = {name: model.transform(X) for name, model in estimators_by_name(estimator).items()}
        return cls.from_codes(codes, near_zero=near_zero, bins=bins, ax=ax)

    @classmethod
    def from_codes(
        cls,
        codes: ArrayLike | Mapping[Any, ArrayLike],
        *,
        near_zero: float = 0.01,
        bins: int = 40,
        ax: AxesLike | None = None,
    ) -> Self:
        """Draw histograms of given codes.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_components), or dict of them
            Codes of one model, or of several by name.
        near_zero : float, default=0.01
            See the class.
        bins, ax
            See `plot`.

        Returns
        -------
        display : CodeHistogramDisplay

        Raises
        ------
        ValueError
            If there are no codes, they are not 2-dimensional or not finite, or in the cases of
            `plot`.
        ImportError
            If matplotlib is not installed.
        """
        by_name = codes if isinstance(codes, Mapping) else {"codes": codes}
        arrays = {str(name): dense_samples(z).astype(float) for name, z in by_name.items()}
        return cls(arrays, near_zero=near_zero).plot(ax=ax, bins=bins)

    def plot(self, ax: AxesLike | None = None, *, bins: int = 40) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            An array of 2 * n_models axes, or one Axes that is divided. None creates a figure.
        bins : int, default=40
            Number of bins of the histograms of code values. Those of units have half as many.

        Returns
        -------
        self : CodeHistogramDisplay

        Raises
        ------
        ValueError
            If `ax` is an array of another length, `ax` is to be divided but is not part of a grid
            of subplots, or `bins` is below 1.
        ImportError
            If matplotlib is not installed.
        """
        n_models = len(self.codes)
        self.axes_ = axes_grid(ax, 2, n_models, (1.5 + 3.6 * n_models, 5.2))
        self.ax_ = self.axes_[0, 0]
        self.figure_ = self.ax_.figure
        self.mean_activation_ = {name: z.mean(axis=0) for name, z in self.codes.items()}
        self.near_zero_fraction_ = {name: self._near_zero(z) for name, z in self.codes.items()}
        # All models share their bins and the range of the y axis, so that they are comparable.
        value_bins = _shared_bins([z.ravel() for z in self.codes.values()], bins)
        mean_bins = _shared_bins(list(self.mean_activation_.values()), max(1, bins // 2))
        for i, (name, z) in enumerate(self.codes.items()):
            values_ax, means_ax = self.axes_[:, i]
            _draw_histogram(values_ax, z.ravel(), value_bins, color=f"C{i}")
            _draw_histogram(means_ax, self.mean_activation_[name], mean_bins, color=f"C{i}")
            values_ax.set_title(f"{name}: {self.near_zero_fraction_[name]:.0%} near zero")
            values_ax.set_xlabel("code value")
            means_ax.set_xlabel("mean activation of a unit")
        self.axes_[0, 0].set_ylabel("fraction of code values")
        self.axes_[1, 0].set_ylabel("fraction of units")
        for row in self.axes_:
            top = max(each.get_ylim()[1] for each in row)
            for each in row:
                each.set_ylim(0, top)
        return self

    def _near_zero(self, z: NDArray) -> float:
        magnitude = np.abs(z)
        return float(np.mean(magnitude <= self.near_zero * magnitude.max(axis=0)))


def _draw_histogram(ax: Any, values: NDArray, edges: NDArray, color: str) -> None:
    """Draw a histogram of fractions, and the mean of the values as a vertical line."""
    weights = np.full(values.size, 1 / max(1, values.size))
    ax.hist(values, edges, weights=weights, color=color)
    mean = values.mean()
    ax.axvline(mean, color="k", linewidth=1, label=f"mean {mean:.2g}")
    ax.legend(frameon=False, loc="upper right")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _shared_bins(arrays: list[NDArray], bins: int) -> NDArray:
    return np.histogram_bin_edges(np.concatenate(arrays), bins)
