"""How long and how fast to train, and how epochs are cut into calls of the compiled engine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from skae.core.data.samples import n_batches
from skae.core.training.loop import MAX_SEGMENTS, Stage
from skae.core.training.optimizers import learning_rates

__all__ = ["Call", "Plan", "calls", "stage_of"]


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train; all of it may change without compiling.

    ``patience`` counts steps without progress, or epochs where ``patience_in_epochs``;
    ``tolerance`` is the relative fall of the loss that counts as progress. ``epochs`` may stop
    short of ``schedule_epochs``, the length that the learning rate's schedule is laid out for; 0
    where training has no end to look to.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str = "constant"
    warm_up: float = 0.0
    patience: float = np.inf
    patience_in_epochs: bool = False
    tolerance: float = 0.0
    max_time: float = np.inf
    schedule_epochs: int | None = None

    def steps_per_epoch(self, n_samples: int) -> int:
        """Optimizer steps of an epoch over `n_samples` samples."""
        return n_batches(n_samples, self.batch_size)

    def patient_steps(self, n_samples: int) -> int:
        """Steps without progress after which training on `n_samples` samples stops."""
        unit = self.steps_per_epoch(n_samples) if self.patience_in_epochs else 1
        return int(min(self.patience * unit, 2**30))

    def rates(self, steps, n_samples: int) -> np.ndarray:
        """Learning rate of each of `steps` (0-based) of a training run on `n_samples` samples."""
        total = self._scheduled_steps(n_samples)
        return learning_rates(self.schedule, self.learning_rate, self.warm_up, total, steps)

    def progress(self, steps, n_samples: int) -> np.ndarray:
        """Share of the schedule that is done with each of `steps` (0-based), float32."""
        total = max(1, self._scheduled_steps(n_samples))
        return np.minimum(1.0, (np.asarray(steps) + 1.0) / total).astype(np.float32)

    def one_epoch(self) -> "Plan":
        """A single epoch at a constant rate: no schedule, nothing to wait for."""
        return replace(
            self, epochs=1, schedule="constant", warm_up=0.0, patience=np.inf, schedule_epochs=0
        )

    def _scheduled_steps(self, n_samples):
        epochs = self.epochs if self.schedule_epochs is None else self.schedule_epochs
        return epochs * self.steps_per_epoch(n_samples)


@dataclass
class Call:
    """Batches that go to the device together.

    Segment j ends after ``ends[j]`` batches, and an epoch with it where ``evaluate[j]``.
    """

    batches: list[np.ndarray] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    evaluate: list[bool] = field(default_factory=list)

    def end_segment(self, evaluate: bool) -> None:
        """Close a segment after the last batch."""
        self.ends.append(len(self.batches))
        self.evaluate.append(evaluate)


def calls(
    plan: Plan,
    index: np.ndarray,
    rng: np.random.Generator,
    steps_per_call: Callable[[], int],
    epoch_by_epoch: bool,
    skip: int = 0,
) -> Iterator[Call]:
    """All calls of a plan: samples in a new order each epoch, spread evenly over its batches.

    Parameters
    ----------
    plan : Plan
    index : ndarray of shape (n_samples,)
        The samples to train on.
    rng : numpy.random.Generator
        For the order.
    steps_per_call : callable
        How many batches a call may have by now.
    epoch_by_epoch : bool
        Whether no call goes beyond the end of an epoch.
    skip : int, default=0
        Steps that were taken before: the calls behind them are as they would have been.
    """
    call, steps = Call(), plan.steps_per_epoch(len(index))
    for epoch in range(plan.epochs):
        order = rng.permutation(index)
        if skip >= (epoch + 1) * steps:
            continue
        batches = np.array_split(order, steps)
        for i, batch in enumerate(batches):
            if epoch * steps + i < skip:
                continue
            call.batches.append(batch)
            ends_epoch = i + 1 == len(batches)
            full = len(call.batches) >= steps_per_call() or len(call.ends) + 1 == MAX_SEGMENTS
            if ends_epoch or full:
                call.end_segment(ends_epoch)
            if full or (ends_epoch and (epoch_by_epoch or epoch + 1 == plan.epochs)):
                yield call
                call = Call()


def stage_of(plan: Plan, call: Call, steps, n_samples: int, *, n_evaluation: int) -> Stage:
    """What the compiled engine is told of a call.

    Parameters
    ----------
    plan, call
    steps : ndarray of shape (capacity,)
        Numbers of the steps that a full call would make.
    n_samples : int
        Of an epoch.
    n_evaluation : int
        Held-out batches.
    """
    padding = (0, MAX_SEGMENTS - len(call.ends))
    return Stage(
        ends=np.pad(np.asarray(call.ends, np.int32), padding),
        evaluate=np.pad(np.asarray(call.evaluate, bool), padding),
        n_segments=np.int32(len(call.ends)),
        rates=plan.rates(steps, n_samples),
        progress=plan.progress(steps, n_samples),
        n_evaluation=np.int32(n_evaluation),
        patience=np.int32(plan.patient_steps(n_samples)),
        tolerance=np.float32(plan.tolerance),
    )
