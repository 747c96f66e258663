"""Reports the epochs of a fit to the log (`verbose`) and to scikit-learn's callbacks."""

import logging
from collections.abc import Callable
from typing import Any

from skae._typing import ArrayLike, MatrixLike
from skae.core.training.records import NO_LISTENER, Listener, Progress
from skae.estimators.base.sklearn_compat import needs_epoch_results

__all__ = ["ProgressReporter", "make_listener"]

_logger = logging.getLogger("skae")


def make_listener(estimator: Any, X: MatrixLike, sample_weight: ArrayLike | None) -> Listener:
    """The listener for an estimator's log and callbacks; one that does nothing without them."""
    if not estimator.verbose and not getattr(estimator, "_skl_callbacks", None):
        return NO_LISTENER
    return ProgressReporter(estimator, X, sample_weight)


class ProgressReporter(Listener):
    """Writes the log and calls the callbacks, which may request that training stops."""

    def __init__(self, estimator: Any, X: MatrixLike, sample_weight: ArrayLike | None) -> None:
        self.estimator = estimator
        # scikit-learn sets this attribute in `set_callbacks`
        self.has_callbacks = bool(getattr(estimator, "_skl_callbacks", None))
        self.is_awaited = needs_epoch_results(getattr(estimator, "_skl_callbacks", ()))
        self.verbose = int(estimator.verbose)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        # y=X, since scikit-learn's ScoringMonitor computes scores only if it receives y
        self.arguments = {"estimator": estimator, "X": X, "y": X, "metadata": metadata}
        self.context: Any = None
        self.epoch: Any = None

    def begin(self, n_epochs: int, n_samples: int, attributes: Callable | None) -> None:
        """Configure the log and open the task that callbacks follow."""
        self.n_epochs, self.n_samples = n_epochs, n_samples
        self.attributes: Any = attributes
        if self.verbose:
            _configure_logging()
        if self.has_callbacks:
            self.context = self.estimator._init_callback_context(max_subtasks=n_epochs)
            self.context.call_on_fit_task_begin(**self.arguments)
            if n_epochs and self.is_awaited:
                self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.arguments)

    def __call__(self, progress: Progress) -> bool:
        """Report an epoch; returns whether a callback requests that training stops."""
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
        is_done = stop or progress.is_last or progress.epoch == self.n_epochs
        # Awaited callbacks see the start of an epoch before it runs. Others are called up to a
        # second late, and the start and the end of an epoch follow each other.
        if self.is_awaited and not is_done:
            self._begin_epoch()
        return bool(stop)

    def end(self, attributes: dict[str, Any]) -> None:
        """Report the end of the fit and its fitted attributes."""
        if self.epoch is not None:  # an interrupt or the time limit ended this epoch early
            self.epoch.call_on_fit_task_end(**self.arguments)
        if self.context is not None:
            self.context.call_on_fit_task_end(
                **self.arguments, reconstruction_attributes=attributes
            )

    def _log(self, progress: Progress) -> None:
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


class _DefaultHandler(logging.StreamHandler):
    """Writes to the standard error until the user configures logging."""


def _configure_logging() -> None:
    """Add a handler if none is configured: Python prints no INFO messages without one.

    Once the user has configured logging, our handler is removed, since each line would appear
    twice. The level is changed only where the user has not set one for the logger "skae".
    """
    for handler in [h for h in _logger.handlers if isinstance(h, _DefaultHandler)]:
        _logger.removeHandler(handler)
    if not _logger.hasHandlers():
        handler = _DefaultHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        _logger.addHandler(handler)
    if _logger.level == logging.NOTSET and _logger.getEffectiveLevel() > logging.INFO:
        _logger.setLevel(logging.INFO)
