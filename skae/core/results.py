"""What training tells: after each epoch, and at its end. Plain records."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Progress", "Result"]


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
