"""The validation split of a fit, and the number of epochs that it leads to."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from skae.core.data.samples import Samples, largest_with_same_power
from skae.core.data.units import Units
from skae.core.training.cross_validation import Choice, choose_epochs, random_folds
from skae.core.training.job import TrainingData, ValidationSet
from skae.core.training.plan import Plan
from skae.estimators.base.automatic import CROSS_VALIDATE_BELOW, validation_samples
from skae.estimators.base.fit_input import FitInput
from skae.estimators.base.input_checks import samples_in_units

__all__ = ["FitData", "Split", "split_samples"]


class FitData(NamedTuple):
    """Standardized samples, their weights (mean 1), and the units that standardize them."""

    samples: Samples
    weight: np.ndarray
    units: Units

    def for_training(self, index: np.ndarray | None = None, *validation) -> TrainingData:
        """Training on the samples at `index`, all by default."""
        index = np.arange(self.samples.n_samples) if index is None else index
        return TrainingData(self.samples, self.weight, index, *validation)


@dataclass
class Split:
    """Training and validation samples, the plan, and the outcome of cross-validation, if any."""

    data: TrainingData
    plan: Plan
    choice: Choice | None = None


def split_samples(task, data: FitData, given: FitInput, plan: Plan, seed, initialize=None) -> Split:
    """The validation split of a fit.

    - No validation set without early stopping.
    - `X_val`, if it is given.
    - Below `CROSS_VALIDATE_BELOW` samples all samples are trained on, for the number of epochs that
      cross-validation chooses. That needs `initialize`, which returns initial weights for an index.
    - Otherwise a random `validation_fraction`.
    """
    parameters, n_samples = task.parameters, data.samples.n_samples
    if plan.epochs == 0 or not parameters["early_stopping"]:
        return Split(data.for_training(), plan)
    if given.X_val is not None:
        samples = samples_in_units(given.X_val, task.loss, data.units, given.X_val_noisy)
        everything, equal = np.arange(samples.n_samples), np.ones(samples.n_samples)
        return Split(data.for_training(None, ValidationSet(samples, everything, equal)), plan)
    if parameters["validation_fraction"] == "auto" and n_samples < CROSS_VALIDATE_BELOW:
        if initialize is None or n_samples < 2:
            return Split(data.for_training(), plan)
        return _cross_validated(task, data, plan, seed, initialize)
    return _random_split(parameters["validation_fraction"], data, plan, seed)


def _random_split(fraction, data, plan, seed) -> Split:
    n_samples, n_features = data.samples.n_samples, data.samples.n_features
    count = validation_samples(n_samples, fraction, n_features)
    if not 1 <= count < n_samples:
        raise ValueError(
            f"validation_fraction={fraction} of {n_samples} distinct samples puts {count} in the "
            f"validation set and {n_samples - count} in the training set; both need at least 1. "
            "Use 'auto', another fraction or early_stopping=False."
        )
    order = np.random.default_rng(seed).permutation(n_samples)
    validation = ValidationSet(data.samples, np.sort(order[:count]), data.weight)
    capacity = validation_samples(largest_with_same_power(n_samples), fraction, n_features)
    return Split(data.for_training(np.sort(order[count:]), validation, capacity), plan)


def _cross_validated(task, data, plan, seed, initialize) -> Split:
    folds = random_folds(data.samples.n_samples, seed)
    choice = choose_epochs(task.job, initialize, data.samples, data.weight, plan, folds, seed)
    chosen = replace(plan, epochs=choice.epochs, schedule_epochs=plan.epochs)
    return Split(data.for_training(None, None, choice.capacity), chosen, choice)
