"""The validation split of a fit, and the number of epochs that it leads to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from skae.core.data.gross_errors import Fence, GrossErrors, find_gross_errors
from skae.core.data.samples import Samples, largest_with_same_power
from skae.core.data.units import Units
from skae.core.training.cross_validation import Choice, choose_epochs, random_folds
from skae.core.training.job import TrainingData, ValidationSet
from skae.core.training.plan import Plan
from skae.estimators.base.automatic import (
    CROSS_VALIDATE_BELOW,
    CROSS_VALIDATE_GROUPS_BELOW,
    validation_samples,
)
from skae.estimators.base.fit_input import FitInput
from skae.estimators.base.input_checks import samples_in_units
from skae.estimators.base.splits import Pair

__all__ = ["FitData", "Split", "split_samples"]


class FitData(NamedTuple):
    """Standardized samples, their weights (mean 1), and the units that standardize them.

    ``rows`` are their positions in X; equal samples are one sample, at the first position.
    ``fence`` bounds the ordinary values of each feature and ``gross_errors`` are those beyond it;
    None where the loss has a domain.
    """

    samples: Samples
    weight: np.ndarray
    units: Units
    rows: np.ndarray
    fence: Fence | None
    gross_errors: GrossErrors | None

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
    - With few samples or groups (below `CROSS_VALIDATE_BELOW`, `CROSS_VALIDATE_GROUPS_BELOW`), all
      samples are trained on, for the number of epochs that cross-validation chooses. That needs
      `initialize`, which returns initial weights for an index. Continued training has none: with
      few samples it has no validation set, unless there is a splitter.
    - Otherwise a part of the samples.

    Folds and the part come from the splitter, if there is one. Otherwise they are random samples,
    or random groups.
    """
    parameters, n_samples = task.parameters, data.samples.n_samples
    if plan.epochs == 0 or not parameters["early_stopping"]:
        return Split(data.for_training(), plan)
    if given.X_val is not None:
        samples = _validation_samples(given, task.loss, data)
        everything, equal = np.arange(samples.n_samples), np.ones(samples.n_samples)
        return Split(data.for_training(None, ValidationSet(samples, everything, equal)), plan)
    fraction = parameters["validation_fraction"]
    is_small = fraction == "auto" and n_samples < CROSS_VALIDATE_BELOW
    is_continued = initialize is None
    if is_small and (n_samples < 2 or (is_continued and given.splits.pairs is None)):
        return Split(data.for_training(), plan)
    has_few = is_small or (fraction == "auto" and _has_few_groups(data, given.splits))
    if has_few and not is_continued:
        folds = _folds(data, given.splits, seed)
        choice = choose_epochs(task.job, initialize, data.samples, data.weight, plan, folds, seed)
        chosen = replace(plan, epochs=choice.epochs, schedule_epochs=plan.epochs)
        return Split(data.for_training(None, None, choice.capacity), chosen, choice)
    training, held_out, capacity = _parts(data, given.splits, fraction, seed)
    validation_set = ValidationSet(data.samples, held_out, data.weight)
    return Split(data.for_training(training, validation_set, capacity), plan)


def _validation_samples(given, loss, data) -> Samples:
    """A given validation set in standardized units, gross errors clipped as in training."""
    gross_errors = None
    if data.fence is not None:
        gross_errors = find_gross_errors(Samples(given.X_val), data.fence)
    clip = None if gross_errors is None else gross_errors.clip
    return samples_in_units(given.X_val, loss, data.units, given.X_val_noisy).clipped(clip)


def _folds(data, splits, seed) -> list[Pair]:
    """Training and validation samples of each fold of the cross-validation."""
    if splits.pairs is not None:
        return list(_among_distinct(splits.pairs, data))
    if splits.groups is None:
        return random_folds(data.samples.n_samples, seed)
    groups, n_groups = _groups(data, splits)
    held_out = [np.isin(groups, part) for _, part in random_folds(n_groups, seed)]
    return [(np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)) for is_held_out in held_out]


def _parts(data, splits, fraction, seed) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Training samples, validation samples, and for how many of them to compile the program."""
    if splits.pairs is not None:
        return *next(_among_distinct(splits.pairs, data)), None
    n_samples, n_features = data.samples.n_samples, data.samples.n_features
    count = validation_samples(n_samples, fraction, n_features)
    rng = np.random.default_rng(seed)
    if splits.groups is not None:
        groups, n_groups = _groups(data, splits)
        n_held_out = min(max(1, round(count / n_samples * n_groups)), n_groups - 1)
        is_held_out = np.isin(groups, rng.permutation(n_groups)[:n_held_out])
        return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out), None
    if not 1 <= count < n_samples:
        raise ValueError(
            f"validation_fraction={fraction} of {n_samples} distinct samples puts {count} in the "
            f"validation set and {n_samples - count} in the training set; both need at least 1. "
            "Use 'auto', another fraction or early_stopping=False."
        )
    order = rng.permutation(n_samples)
    capacity = validation_samples(largest_with_same_power(n_samples), fraction, n_features)
    return np.sort(order[count:]), np.sort(order[:count]), capacity


def _has_few_groups(data, splits) -> bool:
    if splits.groups is None or splits.pairs is not None:
        return False
    return _groups(data, splits)[1] < CROSS_VALIDATE_GROUPS_BELOW


def _groups(data, splits) -> tuple[np.ndarray, int]:
    """Groups of the distinct samples, and their number."""
    names, groups = np.unique(splits.groups[data.rows], return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            "groups holds one group only, but the validation set consists of other groups than the "
            "training set: omit groups, pass X_val with samples of other groups, or set "
            "early_stopping=False"
        )
    return groups, len(names)


def _among_distinct(pairs, data) -> Iterator[Pair]:
    """Splits of X as splits of its distinct samples."""
    for pair in pairs:
        training, held_out = (np.flatnonzero(np.isin(data.rows, part)) for part in pair)
        for name, part in (("training", training), ("validation", held_out)):
            if not len(part):
                raise ValueError(
                    f"validation_splitter returns a split without {name} samples: those it returns "
                    "have a weight of 0, or equal samples that come before them in X"
                )
        yield training, held_out
