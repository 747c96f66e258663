"""Which samples a fit trains on, which it holds out, and for how long it trains on so many."""

from dataclasses import dataclass, replace

import numpy as np

from skae.core.data.samples import Samples, most_alike
from skae.core.training.cross_validation import Choice, choose_epochs
from skae.core.training.plan import Plan
from skae.estimators.base.automatic import CROSS_VALIDATE_BELOW, validation_samples
from skae.estimators.base.input_checks import samples_in_units

__all__ = ["Data", "Split", "split_samples"]


@dataclass
class Data:
    """Samples in units of training, their weights, and those units."""

    samples: Samples
    weight: np.ndarray
    mean: np.ndarray
    scale: float


@dataclass
class Split:
    """Samples to train on, samples to hold out, and the plan by the rule for the size of the data."""

    index: np.ndarray
    held_out: tuple[Samples, np.ndarray, np.ndarray] | None
    plan: Plan
    choice: Choice | None = None
    room: int | None = None


def split_samples(task, data, X_val, plan, seed, start=None) -> Split:
    parameters, n_samples = task.parameters, data.samples.n_samples
    everything = np.arange(n_samples)
    if plan.epochs == 0 or not parameters["early_stopping"]:
        return Split(everything, None, plan)
    if X_val is not None:
        samples = samples_in_units(X_val, task.loss, data.mean, data.scale)
        return Split(
            everything, (samples, np.arange(samples.n_samples), np.ones(samples.n_samples)), plan
        )
    if parameters["validation_fraction"] == "auto" and n_samples < CROSS_VALIDATE_BELOW:
        return _cross_validated(task, data, plan, seed, start)
    fraction, n_features = parameters["validation_fraction"], data.samples.n_features
    count = validation_samples(n_samples, fraction, n_features)
    if not 1 <= count < n_samples:
        raise ValueError(
            f"validation_fraction={fraction} of {n_samples} distinct samples "
            f"holds out {count} and leaves {n_samples - count}: both must be at least 1; use 'auto', "
            "another fraction or early_stopping=False"
        )
    order = np.random.default_rng(seed).permutation(n_samples)
    held_out = (data.samples, np.sort(order[:count]), data.weight)
    room = validation_samples(most_alike(n_samples), fraction, n_features)
    return Split(np.sort(order[count:]), held_out, plan, room=room)


def _cross_validated(task, data, plan, seed, start) -> Split:
    """All samples, for the number of epochs that cross-validation finds best."""
    n_samples = data.samples.n_samples
    everything = np.arange(n_samples)
    if start is None or n_samples < 2:
        return Split(everything, None, plan)
    choice = choose_epochs(
        task.recipe,
        start,
        data.samples,
        data.weight,
        plan,
        task.hyperparameters,
        seed=seed,
        device=task.device,
        checkpoint=task.checkpoint,
    )
    chosen = replace(plan, epochs=choice.epochs, schedule_epochs=plan.epochs)
    return Split(everything, None, chosen, choice)
