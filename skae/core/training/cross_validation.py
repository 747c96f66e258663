"""Number of epochs for small data sets, by cross-validation inside a fit.

A tenth of a hundred samples is ten samples, too few for early stopping: the choice overfits to
noise. So each sample is in a validation set once. The number of epochs with the lowest mean
validation loss is then used to train on all samples.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skae.core.data.samples import Samples, largest_with_same_power
from skae.core.training.driver import train
from skae.core.training.job import Job, TrainingData, ValidationSet
from skae.core.training.plan import Plan
from skae.core.training.records import NO_LISTENER

__all__ = ["Choice", "choose_epochs", "random_folds"]

N_FOLDS = 3
# Replaces a loss that is not finite: larger than any other, and its square is finite.
_DIVERGED = 1e100


class Choice(NamedTuple):
    """Outcome of cross-validation.

    ``epochs`` is 0 if no number of epochs improves on the initial weights by more than the standard
    error over folds. ``curve`` is the mean validation loss after 0, 1, 2, ... epochs; ``capacity``
    the number of validation samples that the program is compiled for.
    """

    epochs: int
    curve: np.ndarray
    capacity: int
    compile_seconds: float = 0.0
    interrupted: bool = False
    diverged: bool = False


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
    # Equal for random folds of data sets of similar size, so that they share a program.
    capacity = -(-largest_with_same_power(samples.n_samples) // N_FOLDS)
    capacity = max(capacity, *(len(fold) for _, fold in folds))
    curves, shares, compile_seconds, diverged = [], [], 0.0, False
    plan = replace(plan, max_time=plan.max_time / (len(folds) + 1))
    job = replace(job, listener=NO_LISTENER)  # listeners follow the training on all samples
    for (index, fold), fold_seed in zip(folds, seed.spawn(len(folds)), strict=True):
        initial = initialize(index)
        compile_seconds += initial.compile_seconds
        diverged |= initial.diverged
        if initial.interrupted:
            return Choice(0, np.zeros(1), capacity, compile_seconds, interrupted=True)
        validation = ValidationSet(samples, fold, weight)
        data = TrainingData(samples, weight, index, validation, capacity)
        result = train(job, data, initial.params, plan, seed=fold_seed)
        compile_seconds += result.seconds["compile"]
        diverged |= result.diverged
        if result.interrupted:
            return Choice(0, np.zeros(1), capacity, compile_seconds, interrupted=True)
        curves.append(result.validation_losses)
        shares.append(weight[fold].sum())
    length = min(len(curve) for curve in curves)
    losses = np.nan_to_num([curve[:length] for curve in curves], nan=_DIVERGED, posinf=_DIVERGED)
    epochs = _best_epochs(losses, np.asarray(shares))
    curve = np.average(losses, axis=0, weights=shares)
    return Choice(epochs, curve, capacity, compile_seconds, diverged=diverged)


def _best_epochs(losses, shares) -> int:
    """Argmin of the mean over folds; 0 unless the improvement exceeds its standard error.

    `losses` has the shape (folds, epochs).
    """
    best = int(np.argmin(np.average(losses, axis=0, weights=shares)))
    gains = losses[:, 0] - losses[:, best]
    gain = np.average(gains, weights=shares)
    error = np.sqrt(np.average(np.square(gains - gain), weights=shares) / max(1, len(gains) - 1))
    return best if gain > error else 0
