"""What training tells: after each epoch, now and then, and at its end. Plain records."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

__all__ = ["Checkpoint", "Progress", "Result", "Snapshot"]


@dataclass
class Progress:
    """What a listener learns after each epoch."""

    epoch: int
    history: dict[str, np.ndarray]
    seconds: float
    is_last: bool
    fetch: Callable[[], Any]

    @property
    def params(self):
        """The weights as they are now, on the host."""
        return self.fetch()


@dataclass
class Result:
    """What training made of the weights: NumPy arrays and plain Python only.

    ``evaluations`` are the losses on held-out rows before the first and after each epoch.
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

    ``state`` holds the leaves of the engine's state; ``records`` a loss, a loss on held-out rows
    and metrics for each evaluation. The order of rows follows from the seed and ``steps``.
    """

    state: list[np.ndarray]
    records: list[tuple[float, float, dict]]
    steps: int
    stopped: bool
    seconds: float


class Checkpoint(Protocol):
    """What the runs of one fit, one after the other, are remembered by."""

    def begin(self) -> Result | Snapshot | None:
        """What is known of the run that begins now: its result, where it stood, or nothing."""

    def is_due(self) -> bool:
        """Whether to be told where the run stands."""

    def keep(self, snapshot: Snapshot) -> None:
        """The run stands here."""

    def end(self, result: Result) -> None:
        """The run has ended, or was interrupted."""
