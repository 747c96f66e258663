"""How long and how fast to train, and how epochs are cut into calls of the compiled loop."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from skae.core.data.samples import n_batches
from skae.core.training.loop import MAX_SEGMENTS, Stage
from skae.core.training.optimizers import learning_rates

__all__ = ["Call", "Plan", "calls", "stage_of"]


@dataclass(frozen=True)
class Plan:
    """Number of epochs, learning rates and early stopping; all of it is traced.

    ``patience`` counts optimizer steps without improvement, or epochs if ``patience_in_epochs``;
    ``tolerance`` is the relative decrease of the loss that counts as an improvement.
    ``schedule_epochs`` is the length of the learning rate's schedule, where it differs from
    ``epochs``; 0 where training has no known end. Training stops when `time.perf_counter` reaches
    ``deadline``, or ``max_time`` seconds after compilation. It also stops after as many epochs as
    ``trial`` has values, unless the validation loss has then decreased by more than the value of an
    epoch. Without a validation set, the training loss is evaluated on at least ``least_compared``
    samples; ``tolerated`` is the relative increase of the loss up to which the weights after the
    last epoch are kept.
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
    deadline: float = np.inf
    trial: tuple[float, ...] = ()
    schedule_epochs: int | None = None
    least_compared: int = 2048
    tolerated: float = 0.0

    def steps_per_epoch(self, n_samples: int) -> int:
        """Optimizer steps of an epoch over `n_samples` samples."""
        return n_batches(n_samples, self.batch_size)

    def patient_steps(self, n_samples: int) -> int:
        """Optimizer steps without improvement after which training stops."""
        unit = self.steps_per_epoch(n_samples) if self.patience_in_epochs else 1
        return int(min(self.patience * unit, 2**30))

    def rates(self, steps, n_samples: int) -> np.ndarray:
        """Learning rate of each of `steps` (0-based), for `n_samples` training samples."""
        total = self._scheduled_steps(n_samples)
        return learning_rates(self.schedule, self.learning_rate, self.warm_up, total, steps)

    def rates_of_epochs(self, n_epochs: int, n_samples: int) -> np.ndarray:
        """Learning rate of the last step of each of `n_epochs` epochs, float64."""
        ends = np.arange(1, n_epochs + 1) * self.steps_per_epoch(n_samples) - 1
        return self.rates(ends, n_samples).astype(np.float64)

    def progress(self, steps, n_samples: int) -> np.ndarray:
        """Completed fraction of the schedule after each of `steps` (0-based), float32."""
        total = max(1, self._scheduled_steps(n_samples))
        return np.minimum(1.0, (np.asarray(steps) + 1.0) / total).astype(np.float32)

    def seconds_left(self) -> float:
        """Seconds until the deadline, at least 0."""
        return max(0.0, self.deadline - time.perf_counter())

    def fails_trial(self, validation_losses: Sequence[float]) -> bool:
        """Whether training stops because of these losses; the first is that of the start."""
        first, *losses = validation_losses[: len(self.trial) + 1] or [np.nan]
        is_over = 0 < len(self.trial) == len(losses)
        return is_over and not any(
            first - loss > required for loss, required in zip(losses, self.trial, strict=True)
        )

    def tolerates(self, initial_loss: float = np.nan, final_loss: float = np.nan) -> bool:
        """Whether weights are kept although their loss exceeds the initial one."""
        return final_loss - initial_loss < self.tolerated * abs(initial_loss)

    def one_epoch(self) -> "Plan":
        """A single epoch at a constant learning rate, without early stopping.

        A sixteenth of the samples is evaluated, so that this takes little time beside one epoch.
        Since it is noisy, an increase of the loss by half is tolerated.
        """
        return replace(
            self,
            epochs=1,
            schedule="constant",
            warm_up=0.0,
            patience=np.inf,
            schedule_epochs=0,
            least_compared=0,
            tolerated=0.5,
        )

    def _scheduled_steps(self, n_samples):
        epochs = self.epochs if self.schedule_epochs is None else self.schedule_epochs
        return epochs * self.steps_per_epoch(n_samples)


@dataclass
class Call:
    """Mini-batches that are transferred together.

    Segment j ends after ``ends[j]`` mini-batches; an epoch ends there too if ``ends_epoch[j]``, and
    the loss is evaluated there if ``evaluate[j]``.
    """

    batches: list[np.ndarray] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    ends_epoch: list[bool] = field(default_factory=list)
    evaluate: list[bool] = field(default_factory=list)

    def end_segment(self, ends_epoch: bool, evaluate: bool) -> None:
        """End a segment after the last mini-batch."""
        self.ends.append(len(self.batches))
        self.ends_epoch.append(ends_epoch)
        self.evaluate.append(ends_epoch and evaluate)

    @classmethod
    def without_steps(cls) -> "Call":
        """A call that evaluates the present weights."""
        return cls([], [0], [True], [True])


def calls(
    plan: Plan,
    index: np.ndarray,
    rng: np.random.Generator,
    steps_per_call: Callable[[], int],
    epoch_by_epoch: bool,
    interval: int = 1,
    skip: int = 0,
) -> Iterator[Call]:
    """All calls of a plan: samples in a new order each epoch, in mini-batches of nearly equal size.

    Parameters
    ----------
    plan : Plan
    index : ndarray of shape (n_samples,)
        The training samples.
    rng : numpy.random.Generator
        For the order.
    steps_per_call : callable
        Returns the number of mini-batches that a call may have at present.
    epoch_by_epoch : bool
        Whether each call ends with an epoch at the latest.
    interval : int, default=1
        The loss is evaluated after every `interval`-th epoch.
    skip : int, default=0
        Optimizer steps to omit. The calls after them are the same as without omission.
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
            full |= ends_epoch and epoch + 1 == len(plan.trial)
            if ends_epoch or full:
                call.end_segment(ends_epoch, (epoch + 1) % interval == 0)
            if full or (ends_epoch and (epoch_by_epoch or epoch + 1 == plan.epochs)):
                yield call
                call = Call()


def stage_of(
    plan: Plan, call: Call, steps, n_samples: int, *, n_evaluated: int, on_training_samples: bool
) -> Stage:
    """The arguments of `advance` that describe a call.

    Parameters
    ----------
    plan, call
    steps : ndarray of shape (capacity,)
        Numbers (0-based) of the optimizer steps of a full call.
    n_samples : int
        Training samples.
    n_evaluated : int
        Mini-batches of an evaluation.
    on_training_samples : bool
    """
    padding = (0, MAX_SEGMENTS - len(call.ends))
    return Stage(
        ends=np.pad(np.asarray(call.ends, np.int32), padding),
        ends_epoch=np.pad(np.asarray(call.ends_epoch, bool), padding),
        n_evaluated=np.pad(n_evaluated * np.asarray(call.evaluate, np.int32), padding),
        n_segments=np.int32(len(call.ends)),
        rates=plan.rates(steps, n_samples),
        progress=plan.progress(steps, n_samples),
        on_training_samples=np.bool_(on_training_samples),
        patience=np.int32(plan.patient_steps(n_samples)),
        tolerance=np.float32(plan.tolerance),
    )
