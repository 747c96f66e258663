"""What training tells: after each epoch, now and then, and at its end. Plain records."""

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
    """What a listener learns after each epoch.

    ``losses`` are the epoch's, by name; ``seconds`` those of training until then, without
    compiling. ``is_last`` and ``params`` are for listeners that are awaited: for others training
    has gone on.
    """

    epoch: int
    losses: dict[str, float]
    seconds: float
    is_last: bool
    fetch: Callable[[], Any]

    @property
    def params(self):
        """The weights as they are now, on the host."""
        return self.fetch()


class Listener:
    """Who hears of each epoch: this one takes no notice.

    ``is_awaited`` says whether it looks at the weights or may end the training by answering True:
    then no epoch begins before it has answered. Others hear of epochs up to a second later, and
    their answer does not count.
    """

    is_awaited: bool = False

    def begin(self, n_epochs: int, n_samples: int, attributes: Callable | None) -> None:
        """Training begins: at most `n_epochs` epochs of `n_samples` samples.

        ``attributes(progress)`` gives what the estimator's attributes would be by then.
        """

    def __call__(self, progress: Progress) -> bool:
        """An epoch ended."""
        return False

    def end(self, attributes: dict[str, Any]) -> None:
        """The fit is over, with these fitted attributes."""


NO_LISTENER = Listener()


@dataclass
class Result:
    """What training made of the weights: NumPy arrays and plain Python only.

    ``evaluations`` are the losses on held-out samples before the first and after each epoch.
    """

    params: Any
    optimizer_state: list[np.ndarray]
    step: int
    history: dict[str, np.ndarray]
    evaluations: np.ndarray
    n_epochs: int
    best_epoch: int
    diverged: bool
    interrupted: bool = False
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Snapshot:
    """Where a run stands between two calls: enough to go on as if it had never stopped.

    ``state`` holds the leaves of the engine's state; ``records`` a loss, a loss on held-out samples
    and metrics for each evaluation. The order of samples follows from the seed and ``steps``.
    """

    state: list[np.ndarray]
    records: list[tuple[float, float, dict]]
    steps: int
    stopped: bool
    seconds: float


def history_of(records, has_held_out: bool) -> dict[str, np.ndarray]:
    """Series by name, a value an epoch, of records as a `Snapshot` holds them."""
    # the first evaluation comes before the first epoch
    records = records[1:] if has_held_out else records
    history = {"loss": [loss for loss, _, _ in records]}
    if has_held_out:
        history["validation_loss"] = [evaluation for _, evaluation, _ in records]
    for name in records[0][2] if records else ():
        history[name] = [metrics[name] for _, _, metrics in records]
    return {name: np.asarray(values, np.float64) for name, values in history.items()}


class Checkpoint:
    """What the runs of one fit, one after the other, are remembered by: this one forgets them."""

    def begin(self) -> Result | Snapshot | None:
        """What is known of the run that begins now: its result, where it stood, or nothing."""
        return None

    def is_due(self) -> bool:
        """Whether it is time to be told where the run stands."""
        return False

    def keep(self, snapshot: Snapshot) -> None:
        """The run stands here."""

    def end(self, result: Result) -> None:
        """The run has ended, or was interrupted."""

    def remove(self) -> None:
        """The fit is done."""


NO_CHECKPOINT = Checkpoint()
