"""Number of epochs for small data sets, by cross-validation inside a fit.

A tenth of a hundred samples is ten samples, too few for early stopping: the choice overfits to
noise. So each sample is in a validation set once. The number of epochs with the lowest mean
validation loss is then used to train on all samples. Where training does not lower the mean, as
often with few samples of many features, this shows after a few epochs, and the folds end there.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skae.core.data.samples import Samples, largest_with_same_power
from skae.core.training.driver import train
from skae.core.training.job import Job, TrainingData, ValidationSet
from skae.core.training.plan import Plan

__all__ = ["Choice", "choose_epochs", "random_folds"]

N_FOLDS = 3
# The trial of a fold: a tenth of its epochs, twice the warm-up of the learning rate.
_TRIAL_FRACTION = 0.1
_MIN_TRIAL_EPOCHS = 3
# Replaces a loss that is not finite: larger than any other, and its square is finite.
_DIVERGED = 1e100


class Choice(NamedTuple):
    """Outcome of cross-validation.

    ``epochs`` is 0 if no number of epochs improves on the initial weights by more than the standard
    error over folds. ``losses``, of shape (n_folds, 1 + n_epochs), are the validation losses after
    0, 1, 2, ... epochs, NaN for epochs that were not run; ``curve`` is their mean over folds, for
    the epochs that all folds have run. ``capacity`` is the number of validation samples that the
    program is compiled for. ``late``: a time limit ended a fold, or left no time to begin it.
    """

    epochs: int
    losses: np.ndarray
    curve: np.ndarray
    capacity: int
    compile_seconds: float = 0.0
    interrupted: bool = False
    diverged: bool = False
    late: bool = False


def random_folds(
    n_samples: int, seed: np.random.SeedSequence
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Indices of training and validation samples of each fold, drawn at random."""
    order = np.random.default_rng(seed).permutation(n_samples)
    folds = np.array_split(order, min(N_FOLDS, n_samples))
    return [(np.setdiff1d(order, fold), fold) for fold in folds]


def choose_epochs(
    job: Job,
    initialize: Callable,
    samples: Samples,
    weight: np.ndarray,
    plan: Plan,
    folds: list[tuple[np.ndarray, np.ndarray]],
    seed: np.random.SeedSequence,
) -> Choice:
    """The number of epochs with the lowest validation loss, averaged over folds.

    A fold ends after a trial of some epochs if none of them lowers the mean loss over the folds so
    far. If the mean over all folds is not lowered either, the initial weights are kept; otherwise
    the folds that have ended are trained again, to the end.

    Parameters
    ----------
    job, samples, weight, plan
        As for `train`.
    initialize : callable
        ``initialize(index)`` returns the `InitialWeights` of a fit to those samples.
    folds : list of pairs of ndarray
        Indices of the training samples and of the validation samples of each fold.
    seed : numpy.random.SeedSequence

    Returns
    -------
    choice : Choice
    """
    runs = _Folds(job, initialize, samples, weight, plan, folds, seed)
    n_folds, n_trial = len(folds), math.ceil(_TRIAL_FRACTION * plan.epochs)
    n_trial = min(plan.epochs, max(_MIN_TRIAL_EPOCHS, n_trial))
    for number in range(n_folds):
        trial = runs.increases(number, n_trial) / runs.shares[number]
        runs.train(number, n_folds - number, tuple(trial))
    if runs.increases(n_folds, n_trial).min() < 0:
        ended = [i for i in range(n_folds) if len(runs.losses[i]) == 1 + n_trial <= plan.epochs]
        for n_done, number in enumerate(ended):
            runs.train(number, len(ended) - n_done)
    return runs.choice()


class _Folds:
    """The runs of the folds, and their results so far."""

    def __init__(self, job, initialize, samples, weight, plan, folds, seed):
        self.job, self.initialize, self.plan, self.folds = job, initialize, plan, folds
        self.samples, self.weight = samples, weight
        self.seeds = seed.spawn(len(folds))
        self.shares = np.array([weight[fold].sum() for _, fold in folds])
        # Equal for random folds of data sets of similar size, so that they share a program.
        capacity = -(-largest_with_same_power(samples.n_samples) // N_FOLDS)
        self.capacity = max(capacity, *(len(fold) for _, fold in folds))
        self.losses = [np.zeros(0)] * len(folds)
        self.initialization_seconds = self.compile_seconds = 0.0
        self.interrupted = self.diverged = self.late = False

    def increases(self, n_folds, n_epochs):
        """Increase of the loss after 1, 2, ... epochs, as a weighted sum over the first folds."""
        total = np.zeros(n_epochs)
        for losses, share in zip(self.losses[:n_folds], self.shares, strict=False):
            if len(losses) > 1:
                increase = losses[1 : n_epochs + 1] - losses[0]
                total += share * np.pad(increase, (0, n_epochs - len(increase)), mode="edge")
        return np.nan_to_num(total, nan=_DIVERGED, posinf=_DIVERGED)

    def train(self, number, n_left, trial=()):
        """Train a fold if there is time; `n_left` folds share the time with the main training."""
        # Initial weights are computed for this fold and for all samples.
        if self.interrupted or self._is_late(n_initializations=2):
            return
        begin = time.perf_counter()
        index, fold = self.folds[number]
        listener = self.job.listener.fold(number + 1, len(self.folds), self.plan.epochs, len(index))
        initial = self.initialize(index)
        self.initialization_seconds = time.perf_counter() - begin
        self._record(initial, initial.compile_seconds)
        if self.interrupted or self._is_late(n_initializations=1):
            return
        validation = ValidationSet(self.samples, fold, self.weight)
        result = train(
            replace(self.job, listener=listener),
            TrainingData(self.samples, self.weight, index, validation, self.capacity),
            initial.params,
            replace(self.plan, max_time=self.plan.seconds_left() / (n_left + 1), trial=trial),
            seed=self.seeds[number],
        )
        self._record(result, result.seconds["compile"])
        self.late |= result.late
        self.losses[number] = result.validation_losses

    def _is_late(self, n_initializations):
        is_late = self.plan.seconds_left() <= n_initializations * self.initialization_seconds
        self.late |= is_late
        return is_late

    def _record(self, part, compile_seconds):
        self.compile_seconds += compile_seconds
        self.interrupted |= part.interrupted
        self.diverged |= part.diverged

    def choice(self) -> Choice:
        """The outcome: 0 epochs where a fold is missing."""
        lengths = [len(losses) for losses in self.losses]
        all_losses = np.full((len(lengths), max(1, *lengths)), np.nan)
        for row, losses in zip(all_losses, self.losses, strict=True):
            row[: len(losses)] = losses
        common = all_losses[:, : max(1, min(lengths))]
        finite = np.nan_to_num(common, nan=_DIVERGED, posinf=_DIVERGED)
        return Choice(
            0 if self.interrupted else _best_epochs(finite, self.shares),
            all_losses,
            np.average(finite, axis=0, weights=self.shares),
            self.capacity,
            self.compile_seconds,
            interrupted=self.interrupted,
            diverged=self.diverged,
            late=self.late,
        )


def _best_epochs(losses, shares) -> int:
    """Argmin of the mean over folds; 0 unless the improvement exceeds its standard error.

    `losses` has the shape (folds, epochs).
    """
    best = int(np.argmin(np.average(losses, axis=0, weights=shares)))
    gains = losses[:, 0] - losses[:, best]
    gain = np.average(gains, weights=shares)
    error = np.sqrt(np.average(np.square(gains - gain), weights=shares) / max(1, len(gains) - 1))
    return best if gain > error else 0
