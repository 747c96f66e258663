"""How codes are spread: how many are near zero, and how busy each unit is."""

import numpy as np

from skae.display._axes import axes_grid
from skae.display._estimators import dense_samples, named

__all__ = ["CodeHistogramDisplay"]


class CodeHistogramDisplay:
    """Values of codes, and mean activation of each unit; several models side by side.

    Make it by `from_estimator` or `from_codes`.

    Parameters
    ----------
    codes : dict of ndarray of shape (n_samples, n_components)
        By the name of what made them.
    near_zero : float, default=0.01
        Share of a unit's largest code below which it counts as near zero.

    Attributes
    ----------
    mean_activation_ : dict of ndarray of shape (n_components,)
        Mean of each unit over the samples.
    near_zero_fraction_ : dict of float
        Share of all codes that are at most `near_zero` times the largest of their unit, by
        magnitude.
    axes_ : ndarray of Axes of shape (2, n_models)
        Above values of codes, below means of units.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure

    See Also
    --------
    skae.SparseAutoencoder : Makes codes near zero.

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

    def __init__(self, codes, *, near_zero=0.01):
        self.codes = codes
        self.near_zero = near_zero

    @classmethod
    def from_estimator(cls, estimator, X, *, near_zero=0.01, bins=40, ax=None):
        """Encode samples and draw how their codes are spread.

        Parameters
        ----------
        estimator : estimator or dict of estimators
            Fitted, with `transform`; with several, by name.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        near_zero : float, default=0.01
            As in the class.
        bins, ax
            See `plot`.

        Returns
        -------
        display : CodeHistogramDisplay

        Raises
        ------
        ValueError
            If there is no estimator, an estimator does not take X, or as `from_codes`.
        AttributeError
            If an estimator has no `transform`.
        ImportError
            If matplotlib is not installed.
        """
        codes = {name: model.transform(X) for name, model in named(estimator).items()}
        return cls.from_codes(codes, near_zero=near_zero, bins=bins, ax=ax)

    @classmethod
    def from_codes(cls, codes, *, near_zero=0.01, bins=40, ax=None):
        """Draw how codes that you have are spread.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_components), or dict of them
            With several, by name.
        near_zero : float, default=0.01
            As in the class.
        bins, ax
            See `plot`.

        Returns
        -------
        display : CodeHistogramDisplay

        Raises
        ------
        ValueError
            If there are no codes, they are not 2-dimensional or not all finite, or as `plot`.
        ImportError
            If matplotlib is not installed.
        """
        codes = codes if isinstance(codes, dict) else {"codes": codes}
        codes = {str(name): dense_samples(each).astype(float) for name, each in codes.items()}
        return cls(codes, near_zero=near_zero).plot(ax=ax, bins=bins)

    def plot(self, ax=None, *, bins=40):
        """Draw.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            2 x the number of models, or one to be divided. None: a new figure.
        bins : int, default=40
            Of the upper histograms; those of units have half as many.

        Returns
        -------
        self : CodeHistogramDisplay

        Raises
        ------
        ValueError
            If `ax` is an array of another length, or axes to be divided outside of any grid of
            subplots; or if `bins` is below 1.
        ImportError
            If matplotlib is not installed.
        """
        n_models = len(self.codes)
        self.axes_ = axes_grid(ax, 2, n_models, (1.5 + 3.6 * n_models, 5.2))
        self.ax_ = self.axes_[0, 0]
        self.figure_ = self.ax_.figure
        self.mean_activation_ = {name: z.mean(axis=0) for name, z in self.codes.items()}
        self.near_zero_fraction_ = {name: self._near_zero(z) for name, z in self.codes.items()}
        values = _edges([z.ravel() for z in self.codes.values()], bins)
        means = _edges(list(self.mean_activation_.values()), max(1, bins // 2))
        for i, ((name, z), (above, below)) in enumerate(
            zip(self.codes.items(), self.axes_.T, strict=True)
        ):
            for ax, numbers, edges in (
                (above, z.ravel(), values),
                (below, self.mean_activation_[name], means),
            ):
                share = np.full(numbers.size, 1 / max(1, numbers.size))
                ax.hist(numbers, edges, weights=share, color=f"C{i}")
                middle = numbers.mean()
                ax.axvline(middle, color="k", linewidth=1, label=f"mean {middle:.2g}")
                ax.legend(frameon=False, loc="upper right")
                ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
            above.set_title(f"{name}: {self.near_zero_fraction_[name]:.0%} near zero")
            above.set_xlabel("code")
            below.set_xlabel("mean activation of a unit")
        self.axes_[0, 0].set_ylabel("share of codes")
        self.axes_[1, 0].set_ylabel("share of units")
        for line in self.axes_:
            top = max(ax.get_ylim()[1] for ax in line)
            for ax in line:
                ax.set_ylim(0, top)
        return self

    def _near_zero(self, z):
        size = np.abs(z)
        return float(np.mean(size <= self.near_zero * size.max(axis=0)))


def _edges(arrays, bins):
    """The same bins for all, so that pictures side by side can be compared."""
    return np.histogram_bin_edges(np.concatenate(arrays), bins)
