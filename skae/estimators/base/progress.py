"""Who hears of the epochs of a fit: the log (`verbose`) and scikit-learn's callbacks."""

import logging
from typing import Any

from skae.core.training import records as results
from skae.estimators.base.sklearn_compat import is_awaited

__all__ = ["Listener", "make_listener"]

_logger = logging.getLogger("skae")


def make_listener(estimator, X, sample_weight):
    """Who tells those that listen, if anybody does."""
    if not estimator.verbose and not getattr(estimator, "_skl_callbacks", None):
        return results.NO_LISTENER
    return Listener(estimator, X, sample_weight)


class Listener(results.Listener):
    """Writes the log and calls the callbacks, whose answer it gives."""

    def __init__(self, estimator, X, sample_weight):
        self.estimator = estimator
        self.has_callbacks = bool(getattr(estimator, "_skl_callbacks", None))
        self.is_awaited = is_awaited(getattr(estimator, "_skl_callbacks", ()))
        self.verbose = int(estimator.verbose)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        # y=X: scikit-learn's monitors score only where y is given
        self.arguments = {"estimator": estimator, "X": X, "y": X, "metadata": metadata}
        self.context: Any = None
        self.epoch: Any = None

    def begin(self, n_epochs: int, n_samples: int, attributes) -> None:
        """Open the log, and the task that callbacks follow."""
        self.n_epochs, self.n_samples, self.attributes = n_epochs, n_samples, attributes
        if self.verbose:
            _make_audible()
        if self.has_callbacks:
            self.context = self.estimator._init_callback_context(max_subtasks=n_epochs)
            self.context.call_on_fit_task_begin(**self.arguments)
            if n_epochs and self.is_awaited:
                self._begin_epoch()

    def _begin_epoch(self):
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.arguments)

    def __call__(self, progress) -> bool:
        """An epoch ended."""
        if self.verbose and progress.epoch % self.verbose == 0:
            self._log(progress)
        if not self.has_callbacks:
            return False
        if self.epoch is None:
            self._begin_epoch()
        stop = self.epoch.call_on_fit_task_end(
            **self.arguments, reconstruction_attributes=lambda: self.attributes(progress)
        )
        self.epoch = None
        is_over = stop or progress.is_last or progress.epoch == self.n_epochs
        if self.is_awaited and not is_over:
            self._begin_epoch()
        return bool(stop)

    def end(self, attributes) -> None:
        """The fit is over, with these fitted attributes."""
        if self.epoch is not None:  # cut short by an interrupt or the time limit
            self.epoch.call_on_fit_task_end(**self.arguments)
        if self.context is not None:
            self.context.call_on_fit_task_end(
                **self.arguments, reconstruction_attributes=attributes
            )

    def _log(self, progress):
        losses = [
            f"{name.replace('_', ' ')} {value:.6g}" for name, value in progress.losses.items()
        ]
        seconds = progress.seconds / progress.epoch
        _logger.info(
            "%s epoch %d/%d: %s, %.0f samples/s, %.1f s left",
            type(self.estimator).__name__,
            progress.epoch,
            self.n_epochs,
            ", ".join(losses),
            self.n_samples / seconds,
            seconds * (self.n_epochs - progress.epoch),
        )


def _make_audible():
    """Add a handler where none is configured, so that something is seen."""
    if not _logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        _logger.addHandler(handler)
    if _logger.getEffectiveLevel() > logging.INFO:
        _logger.setLevel(logging.INFO)
