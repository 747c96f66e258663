"""How training went, epoch by epoch."""

import numpy as np

from skae.display._axes import axes_grid
from skae.display._estimators import autoencoder_in

__all__ = ["LearningCurveDisplay"]

_LOSSES = ("loss", "validation_loss")
_NOT_TERMS = (*_LOSSES, "learning_rate", "pretraining_loss")


class LearningCurveDisplay:
    """Losses by epoch, the terms they are made of, and the epoch whose weights were kept.

    Make it by `from_estimator`; it keeps what it draws as attributes.

    Parameters
    ----------
    history : dict of ndarray
        By epoch, as ``history_`` of a fitted autoencoder: "loss", and as far as there are any
        "validation_loss", further terms of the loss, and "pretraining_loss" of shape
        (n_phases, epochs). "learning_rate" is not drawn.
    best_iter : int, default=None
        Epoch (from 1) whose weights were kept; 0 is the start. None: not known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        With the losses.
    axes_ : ndarray of Axes
        That of the phases of layer-wise training, if there were any, that of the losses, and that
        of the terms, if there are any.
    figure_ : matplotlib Figure
    lines_ : dict of matplotlib Line2D
        By name in `history`; of the phases "pretraining_loss 1" and so on.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by number of samples: another curve.

    Notes
    -----
    Losses are in units of training, so that 1 is about the error of the mean of all samples. Terms
    have units of their own (nats a sample, say), so they are drawn apart.

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

    def __init__(self, history, *, best_iter=None):
        self.history = history
        self.best_iter = best_iter

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, log_scale="auto"):
        """Draw the training of a fitted autoencoder.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder, or a pipeline or a search that ends in one.
        ax : Axes or array of Axes, default=None
            Where to draw: see `plot`.
        log_scale : "auto" or bool, default="auto"
            See `plot`.

        Returns
        -------
        display : LearningCurveDisplay

        Raises
        ------
        TypeError
            If there is no autoencoder of skae.
        """
        model = autoencoder_in(estimator)
        display = cls(dict(model.history_), best_iter=int(model.best_iter_))
        return display.plot(ax=ax, log_scale=log_scale)

    @classmethod
    def from_history(cls, history, *, best_iter=None, ax=None, log_scale="auto"):
        """Draw a training history that you have kept.

        Parameters
        ----------
        history : dict of array-like
            As in the class.
        best_iter : int, default=None
            As in the class.
        ax : Axes or array of Axes, default=None
            Where to draw: see `plot`.
        log_scale : "auto" or bool, default="auto"
            See `plot`.

        Returns
        -------
        display : LearningCurveDisplay

        Raises
        ------
        ValueError
            As `plot`.
        TypeError
            If losses are not sequences of numbers.
        ImportError
            If matplotlib is not installed.
        """
        arrays = {name: np.asarray(values) for name, values in history.items()}
        return cls(arrays, best_iter=best_iter).plot(ax=ax, log_scale=log_scale)

    def plot(self, ax=None, *, log_scale="auto"):
        """Draw.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            One for each of `axes_`, or one to be divided among them. None: a new figure.
        log_scale : "auto" or bool, default="auto"
            Whether losses are drawn on a logarithmic scale. "auto": where all are above 0 and the
            largest is more than five times the least.

        Returns
        -------
        self : LearningCurveDisplay

        Raises
        ------
        ValueError
            If `ax` is an array of another length, or axes to be divided outside of any grid of
            subplots.
        ImportError
            If matplotlib is not installed.
        """
        terms = [name for name in self.history if name not in _NOT_TERMS]
        phases = self._phases()
        panels = [*(["phases"] if len(phases) else []), "losses", *(["terms"] if terms else [])]
        self.axes_ = axes_grid(ax, len(panels), 1, (6.4, 1.2 + 2.6 * len(panels))).ravel()
        place = dict(zip(panels, self.axes_, strict=True))
        self.ax_, self.figure_, self.lines_ = place["losses"], self.axes_[0].figure, {}
        for i, losses in enumerate(phases):
            self._line(place["phases"], f"pretraining_loss {i + 1}", losses, f"layer {i + 1}")
        for name in _LOSSES:
            if name in self.history:
                style = {"zorder": 3} if name == "loss" else {"linestyle": "--", "zorder": 4}
                self._line(self.ax_, name, self.history[name], _SAID[name], **style)
        for i, name in enumerate(terms):
            said = name.replace("_", " ")
            self._line(place["terms"], name, self.history[name], said, color=f"C{i + 2}")
        self._mark_best(list(self.axes_)[1 if len(phases) else 0 :])
        self._label(place, log_scale)
        return self

    def _phases(self):
        """Losses of each phase of layer-wise training, without the epochs that were not run."""
        losses = np.atleast_2d(self.history.get("pretraining_loss", np.empty((0, 0))))
        return [each[np.isfinite(each)] for each in losses if np.isfinite(each).any()]

    def _line(self, ax, name, values, label, **style):
        epochs = np.arange(1, len(values) + 1)
        marker = "o" if len(epochs) == 1 else None
        (self.lines_[name],) = ax.plot(epochs, values, label=label, marker=marker, **style)

    def _mark_best(self, axes):
        if self.best_iter is None:
            return
        said = f"kept: epoch {self.best_iter}" if self.best_iter else "kept: the start"
        for ax in axes:
            label = said if ax is self.ax_ else None
            ax.axvline(self.best_iter, color="0.5", linewidth=1, linestyle=":", label=label)

    def _label(self, place, log_scale):
        values = [np.asarray(self.history[name]) for name in _LOSSES if name in self.history]
        flat = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
        if log_scale == "auto":
            log_scale = flat.size > 0 and flat.min() > 0 and flat.max() > 5 * flat.min()
        if log_scale:
            self.ax_.set_yscale("log")
        for name, ax in place.items():
            ax.set_ylabel({"losses": "loss", "terms": "terms", "phases": "loss, by layer"}[name])
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.set_xlabel("epoch of its phase" if name == "phases" else "epoch")
            ax.grid(alpha=0.3)
            if ax.get_legend_handles_labels()[0]:
                ax.legend(frameon=False)


_SAID = {"loss": "training", "validation_loss": "held out"}
