"""Records of training: progress after each epoch, snapshots for checkpoints, and the result.

Plain Python and NumPy. `Listener` and `Checkpoint` are the protocols that the driver calls; the
classes here do nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = [
    "NO_CHECKPOINT",
    "NO_LISTENER",
    "Checkpoint",
    "Listener",
    "Progress",
    "Result",
    "Snapshot",
    "history_of",
]


@dataclass
class Progress:
    """State of training after an epoch.

    ``losses`` are those of the epoch, by name; ``seconds`` is the training time so far, without
    compilation. ``is_last`` and ``result`` are only exact for a listener that is awaited: for
    others training has continued meanwhile.
    """

    epoch: int
    losses: dict[str, float]
    seconds: float
    is_last: bool
    fetch: Callable[[], "Result"]

    @property
    def result(self) -> "Result":
        """The current weights and what was learned so far, on the host."""
        return self.fetch()


class Listener:
    """Protocol of a listener to the epochs of a fit; this one does nothing.

    If ``is_awaited``, the listener may read the weights and may stop training by returning True: no
    epoch begins before it has returned. Other listeners are called up to a second later, and their
    return value is ignored.
    """

    is_awaited: bool = False

    def compiling(self) -> None:
        """A program is being compiled, which may take seconds."""

    def fold(self, number: int, n_folds: int, n_epochs: int, n_samples: int) -> "Listener":
        """A fold of the cross-validation begins; returns its listener, which is not awaited.

        Folds are counted from 1. A fold that ended after a trial may begin again.
        """
        return self

    def pretraining(self, number: int, n_pairs: int, n_epochs: int, n_samples: int) -> "Listener":
        """Pretraining of a pair of layers begins; returns its listener, which is not awaited."""
        return self

    def begin(self, n_epochs: int, n_samples: int, attributes: Callable | None) -> None:
        """Training begins, for at most `n_epochs` epochs of `n_samples` samples.

        ``attributes(progress)`` returns the fitted attributes that the estimator would have then.
        """

    def __call__(self, progress: Progress) -> bool:
        """Called after each epoch; returns whether to stop."""
        return False

    def end(self, attributes: dict[str, Any]) -> None:
        """The fit ended with these fitted attributes."""


NO_LISTENER = Listener()


@dataclass
class Result:
    """Outcome of a training run: NumPy arrays and plain Python only.

    ``validation_losses`` has one value before the first and one after each epoch. ``late``: a time
    limit ended the run. Without a
    validation set, ``initial_loss`` and ``final_loss`` are the training losses of the initial
    weights and of those after the last epoch, on the same samples with the same noise; NaN where
    they were not computed.
    """

    params: Any
    optimizer_state: list[np.ndarray]
    step: int
    history: dict[str, np.ndarray]
    validation_losses: np.ndarray
    n_epochs: int
    best_epoch: int
    diverged: bool
    interrupted: bool = False
    late: bool = False
    initial_loss: float = np.nan
    final_loss: float = np.nan
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Snapshot:
    """State of a run between two calls, sufficient to resume it with bitwise identical results.

    ``state`` holds the leaves of the loop's state; ``records`` training loss, validation loss and
    metrics of each evaluation. The order of samples follows from the seed and ``steps``.
    """

    state: list[np.ndarray]
    records: list[tuple[float, float, dict]]
    steps: int
    stopped: bool
    seconds: float


def history_of(records, has_validation: bool) -> dict[str, np.ndarray]:
    """Series by name, with one value per epoch, of records as a `Snapshot` holds them."""
    records = records[1:]  # the first evaluation precedes the first epoch
    history = {"loss": [loss for loss, _, _ in records]}
    if has_validation:
        history["validation_loss"] = [validation_loss for _, validation_loss, _ in records]
    for name in records[0][2] if records else ():
        history[name] = [metrics[name] for _, _, metrics in records]
    return {name: np.asarray(values, np.float64) for name, values in history.items()}


class Checkpoint:
    """Protocol of a store for the runs of one fit, one after the other; this one stores nothing."""

    def begin(self) -> Result | Snapshot | None:
        """What is stored of the run that begins now: its result, a snapshot, or nothing."""
        return None

    def is_due(self) -> bool:
        """Whether the next snapshot should be stored now."""
        return False

    def keep(self, snapshot: Snapshot) -> None:
        """Store a snapshot of the current run."""

    def end(self, result: Result) -> None:
        """Store the result of a run that ended or was interrupted."""

    def remove(self) -> None:
        """The fit is complete: remove what was stored."""


NO_CHECKPOINT = Checkpoint()
