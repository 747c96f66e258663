"""Learning curves of an autoencoder: losses and loss terms by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from skae.display._axes import AxesLike, axes_grid
from skae.display._estimators import autoencoder_in

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LearningCurveDisplay"]

_LOSS_LABELS = {"loss": "training", "validation_loss": "validation"}
_NOT_TERMS = (*_LOSS_LABELS, "learning_rate", "pretraining_loss", "fold_validation_loss")


class LearningCurveDisplay:
    """Training and validation loss by epoch, further loss terms, and the best epoch.

    Create it with `from_estimator` or `from_history`.

    Parameters
    ----------
    history : dict of ndarray
        Values by epoch, as in ``history_`` of a fitted autoencoder: "loss", and optionally
        "validation_loss", further terms of the loss, and "pretraining_loss" of shape
        (n_phases, n_epochs). "learning_rate" and "fold_validation_loss" are not drawn.
    best_iter : int, default=None
        Epoch whose weights the autoencoder has, counted from 1; 0 is the initialization. None
        draws no mark.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the losses.
    axes_ : ndarray of Axes
        The axes of the pretraining losses (after layer-wise pretraining only), of the losses, and
        of the loss terms (if there are any).
    figure_ : matplotlib Figure
    lines_ : dict of matplotlib Line2D
        Lines by their name in `history`; those of pretraining phases are "pretraining_loss 1" and
        so on.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Another curve: scores by number of samples.

    Notes
    -----
    Losses are in standardized units, in which the error of reconstructing each sample by the mean
    is about 1. Loss terms have other units (such as nats per sample), so they have axes of their
    own.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.display import LearningCurveDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(2, max_iter=5, random_state=0).fit(X)
    >>> display = LearningCurveDisplay.from_estimator(autoencoder)
    >>> len(display.lines_["loss"].get_ydata()) == autoencoder.n_iter_
    True
    """

    def __init__(self, history: Mapping[str, NDArray], *, best_iter: int | None = None) -> None:
        self.history = history
        self.best_iter = best_iter

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        ax: AxesLike | None = None,
        log_scale: str | bool = "auto",
    ) -> Self:
        """Draw the learning curves of a fitted autoencoder.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder, or a pipeline or search that ends in one.
        ax : Axes or array of Axes, default=None
            See `plot`.
        log_scale : "auto" or bool, default="auto"
            See `plot`.

        Returns
        -------
        display : LearningCurveDisplay

        Raises
        ------
        TypeError
            If `estimator` is not an autoencoder of skae and does not end in one.
        """
        model = autoencoder_in(estimator)
        display = cls(dict(model.history_), best_iter=int(model.best_iter_))
        return display.plot(ax=ax, log_scale=log_scale)

    @classmethod
    def from_history(
        cls,
        history: Mapping[str, ArrayLike],
        *,
        best_iter: int | None = None,
        ax: AxesLike | None = None,
        log_scale: str | bool = "auto",
    ) -> Self:
        """Draw the learning curves of a training history.

        Parameters
        ----------
        history : dict of array-like
            See the class.
        best_iter : int, default=None
            See the class.
        ax : Axes or array of Axes, default=None
            See `plot`.
        log_scale : "auto" or bool, default="auto"
            See `plot`.

        Returns
        -------
        display : LearningCurveDisplay

        Raises
        ------
        ValueError
            In the cases of `plot`.
        TypeError
            If losses are not sequences of numbers.
        ImportError
            If matplotlib is not installed.
        """
        arrays = {name: np.asarray(values) for name, values in history.items()}
        return cls(arrays, best_iter=best_iter).plot(ax=ax, log_scale=log_scale)

    def plot(self, ax: AxesLike | None = None, *, log_scale: str | bool = "auto") -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            An array with one Axes for each of `axes_`, or one Axes that is divided. None creates a
            figure.
        log_scale : "auto" or bool, default="auto"
            Whether losses are drawn on a logarithmic scale. "auto": if all losses are above 0 and
            the largest is more than five times the smallest.

        Returns
        -------
        self : LearningCurveDisplay

        Raises
        ------
        ValueError
            If `ax` is an array of another length, or `ax` is to be divided but is not part of a
            grid of subplots.
        ImportError
            If matplotlib is not installed.
        """
        terms = [name for name in self.history if name not in _NOT_TERMS]
        phases = self._pretraining_phases()
        panels = [*(["phases"] if len(phases) else []), "losses", *(["terms"] if terms else [])]
        self.axes_ = axes_grid(ax, len(panels), 1, (6.4, 1.2 + 2.6 * len(panels))).ravel()
        axes = dict(zip(panels, self.axes_, strict=True))
        self.ax_, self.figure_ = axes["losses"], self.axes_[0].figure
        self.lines_: dict[str, Any] = {}
        for i, losses in enumerate(phases):
            self._draw_line(axes["phases"], f"pretraining_loss {i + 1}", losses, f"layer {i + 1}")
        for name, label in _LOSS_LABELS.items():
            if name in self.history:
                style = {"zorder": 3} if name == "loss" else {"linestyle": "--", "zorder": 4}
                self._draw_line(self.ax_, name, self.history[name], label, **style)
        for i, name in enumerate(terms):
            label = name.replace("_", " ")
            self._draw_line(axes["terms"], name, self.history[name], label, color=f"C{i + 2}")
        self._mark_best_epoch(list(self.axes_)[1 if len(phases) else 0 :])
        self._format_axes(axes, log_scale)
        return self

    def _pretraining_phases(self) -> list[NDArray]:
        """Losses of each pretraining phase; NaN pads phases that ended early."""
        losses = np.atleast_2d(self.history.get("pretraining_loss", np.empty((0, 0))))
        return [phase[np.isfinite(phase)] for phase in losses if np.isfinite(phase).any()]

    def _draw_line(self, ax: Axes, name: str, values: NDArray, label: str, **style: Any) -> None:
        epochs = np.arange(1, len(values) + 1)
        marker = "o" if len(epochs) == 1 else None  # a line of one point would be invisible
        (self.lines_[name],) = ax.plot(epochs, values, label=label, marker=marker, **style)

    def _mark_best_epoch(self, axes: list[Axes]) -> None:
        if self.best_iter is None:
            return
        best = f"best epoch: {self.best_iter}" + ("" if self.best_iter else " (initialization)")
        for ax in axes:
            label = best if ax is self.ax_ else None
            ax.axvline(self.best_iter, color="0.5", linewidth=1, linestyle=":", label=label)

    def _format_axes(self, axes: Mapping[str, Any], log_scale: str | bool) -> None:
        values = [np.asarray(self.history[name]) for name in _LOSS_LABELS if name in self.history]
        flat = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
        if log_scale == "auto":
            log_scale = flat.size > 0 and flat.min() > 0 and flat.max() > 5 * flat.min()
        if log_scale:
            self.ax_.set_yscale("log")
        y_labels = {"losses": "loss", "terms": "loss terms", "phases": "pretraining loss"}
        for name, ax in axes.items():
            ax.set_ylabel(y_labels[name])
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.set_xlabel("epoch of the pretraining phase" if name == "phases" else "epoch")
            ax.grid(alpha=0.3)
            if ax.get_legend_handles_labels()[0]:
                ax.legend(frameon=False)
