"""Reports the epochs of a fit to the log (`verbose`) and to scikit-learn's callbacks."""

import logging
from collections.abc import Callable
from typing import Any

from skae._typing import ArrayLike, MatrixLike
from skae.core.training.records import NO_LISTENER, Listener, Progress
from skae.estimators.base.sklearn_compat import needs_epoch_results

__all__ = ["ProgressReporter", "make_listener", "report_init_kept"]

_logger = logging.getLogger("skae")


def make_listener(estimator: Any, X: MatrixLike, sample_weight: ArrayLike | None) -> Listener:
    """The listener for an estimator's log and callbacks; one that does nothing without them."""
    if not estimator.verbose and not getattr(estimator, "_skl_callbacks", None):
        return NO_LISTENER
    return ProgressReporter(estimator, X, sample_weight)


def report_init_kept(estimator: Any) -> None:
    """Log that the result of a fit is the initialization."""
    is_pca = estimator.init == "pca" and estimator._network.linear_path
    _logger.info(
        "%s: the result is the %sinitialization (init_kept_=True): no epoch of training improved "
        "on it",
        type(estimator).__name__,
        "PCA " if is_pca else "",
    )


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
        # Tasks of callbacks: of the fit, of the fold or the training that runs, and of its epoch.
        self.context: Any = None
        self.run: Any = None
        self.epoch: Any = None
        self.n_folds_begun = 0
        if self.verbose:
            _configure_logging()

    def compiling(self) -> None:
        """Log that a program is being compiled."""
        self.log("compiling the training program")

    def fold(self, number: int, n_folds: int, n_epochs: int, n_samples: int) -> Listener:
        """Log a fold and open its task; a fold that begins again has no second task."""
        self.log(f"choosing the number of epochs, fold {number} of {n_folds}")
        is_first = number > self.n_folds_begun
        self.n_folds_begun = max(number, self.n_folds_begun)
        if self.has_callbacks and is_first:
            self._open(n_folds + 1)
            self._begin_run("fold", n_epochs)
        # Callbacks that receive fitted estimators do not follow the epochs of folds.
        task = self.run if is_first and not self.is_awaited else None
        return _PartReporter(self, f"fold {number} of {n_folds}, epoch", n_epochs, n_samples, task)

    def pretraining(self, number: int, n_pairs: int, n_epochs: int, n_samples: int) -> Listener:
        """Log the pretraining of a pair of layers."""
        title = f"pretraining {number} of {n_pairs}"
        self.log(title)
        return _PartReporter(self, f"{title}, epoch", n_epochs, n_samples)

    def begin(self, n_epochs: int, n_samples: int, attributes: Callable | None) -> None:
        """Open the task that callbacks follow."""
        self.n_epochs, self.n_samples = n_epochs, n_samples
        self.attributes: Any = attributes
        if self.n_folds_begun and n_epochs:
            self.log(f"training on all {n_samples} samples for {n_epochs} epochs")
        if not self.has_callbacks:
            return
        if self.context is None:
            self._open(n_epochs)
        elif n_epochs:
            self._begin_run("training", n_epochs)
        if n_epochs and self.is_awaited:
            self._begin_epoch()

    def _open(self, max_subtasks: int) -> None:
        if self.context is None:
            self.context = self.estimator._init_callback_context(max_subtasks=max_subtasks)
            self.context.call_on_fit_task_begin(**self.arguments)

    def _begin_run(self, task_name: str, n_epochs: int) -> None:
        self._end_run()
        self.run = self.context.subcontext(task_name=task_name, max_subtasks=n_epochs)
        self.run.call_on_fit_task_begin(**self.arguments)

    def _end_run(self) -> None:
        if self.run is not None:
            self.run.call_on_fit_task_end(**self.arguments)

    def _begin_epoch(self) -> None:
        self.epoch = (self.run or self.context).subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.arguments)

    def __call__(self, progress: Progress) -> bool:
        """Report an epoch; returns whether a callback requests that training stops."""
        self.log_epoch("epoch", progress, self.n_epochs, self.n_samples)
        if not self.has_callbacks:
            return False
        if self.epoch is None:
            self._begin_epoch()
        stop = self.epoch.call_on_fit_task_end(
            **self.arguments, reconstruction_attributes=lambda: self.attributes(progress.result)
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
        self._end_run()
        if self.context is not None:
            self.context.call_on_fit_task_end(
                **self.arguments, reconstruction_attributes=attributes
            )

    def log(self, message: str) -> None:
        """Log a message under the name of the estimator."""
        if self.verbose:
            _logger.info("%s: %s", type(self.estimator).__name__, message)

    def log_epoch(self, title: str, progress: Progress, n_epochs: int, n_samples: int) -> None:
        """Log losses, speed and the remaining time, every `verbose` epochs."""
        if not self.verbose or progress.epoch % self.verbose:
            return
        losses = [
            f"{name.replace('_', ' ')} {value:.6g}" for name, value in progress.losses.items()
        ]
        seconds = progress.seconds / progress.epoch
        _logger.info(
            "%s %s %d/%d: %s, %.0f samples/s, %.1f s left",
            type(self.estimator).__name__,
            title,
            progress.epoch,
            n_epochs,
            ", ".join(losses),
            n_samples / seconds,
            seconds * (n_epochs - progress.epoch),
        )


class _PartReporter(Listener):
    """Reports the epochs of a fold or of pretraining; callbacks that count follow `task`."""

    def __init__(
        self,
        reporter: ProgressReporter,
        title: str,
        n_epochs: int,
        n_samples: int,
        task: Any = None,
    ) -> None:
        self.reporter, self.title = reporter, title
        self.n_epochs, self.n_samples, self.task = n_epochs, n_samples, task

    def compiling(self) -> None:
        """Log that a program is being compiled."""
        self.reporter.compiling()

    def __call__(self, progress: Progress) -> bool:
        """Report an epoch."""
        self.reporter.log_epoch(self.title, progress, self.n_epochs, self.n_samples)
        if self.task is not None:
            epoch = self.task.subcontext(task_name="epoch")
            epoch.call_on_fit_task_begin(**self.reporter.arguments)
            epoch.call_on_fit_task_end(**self.reporter.arguments)
        return False


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
