"""How many epochs small data bear: cross-validation inside a fit.

A tenth of a hundred samples is ten samples, and ten samples choose noise. So every sample is held out once:
the epochs with the least mean loss over all samples are then trained on all samples.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skae.core.data.samples import most_alike
from skae.core.training.driver import train
from skae.core.training.plan import Plan
from skae.core.training.records import NO_CHECKPOINT

__all__ = ["Choice", "choose_epochs"]

N_FOLDS = 3
# in place of a loss that is not finite: worse than any other, and its square is a number
_DIVERGED = 1e100


class Choice(NamedTuple):
    """What cross-validation found.

    ``epochs`` is 0 where nothing beats the start by more than its standard error over folds;
    ``curve`` is the mean held-out loss after 0, 1, 2, ... epochs; ``room`` the held-out samples that
    the program has room for.
    """

    epochs: int
    curve: np.ndarray
    room: int
    compile_seconds: float = 0.0
    interrupted: bool = False
    diverged: bool = False


def choose_epochs(recipe, start, samples, weight, plan: Plan, hyperparameters, *, seed, device=None,
    checkpoint=NO_CHECKPOINT,
):  # fmt: skip
    """The number of epochs whose weights lose least on samples held out of training.

    Parameters
    ----------
    recipe, samples, weight, plan, hyperparameters, device, checkpoint
        As for `train`.
    start : callable
        ``start(index)`` gives what a fit on those samples begins with: a `Pretrained`.
    seed : numpy.random.SeedSequence

    Returns
    -------
    choice : Choice
    """
    order = np.random.default_rng(seed).permutation(samples.n_samples)
    folds = np.array_split(order, min(N_FOLDS, samples.n_samples))
    # the same for all numbers of samples that share their batch size, and so their program
    room = -(-most_alike(samples.n_samples) // N_FOLDS)
    curves, shares, compile_seconds, diverged = [], [], 0.0, False
    plan = replace(plan, max_time=plan.max_time / (len(folds) + 1))
    for fold, fold_seed in zip(folds, seed.spawn(len(folds)), strict=True):
        index = np.setdiff1d(order, fold)
        begun = start(index)
        compile_seconds += begun.compile_seconds
        diverged |= begun.diverged
        if begun.interrupted:
            return Choice(0, np.zeros(1), room, compile_seconds, interrupted=True)
        result = train(
            recipe,
            begun.params,
            samples,
            index,
            weight,
            plan,
            hyperparameters,
            seed=fold_seed,
            held_out=(samples, fold, weight),
            evaluation_samples=room,
            device=device,
            checkpoint=checkpoint,
        )
        compile_seconds += result.seconds["compile"]
        diverged |= result.diverged
        if result.interrupted:
            return Choice(0, np.zeros(1), room, compile_seconds, interrupted=True)
        curves.append(result.evaluations)
        shares.append(weight[fold].sum())
    length = min(len(curve) for curve in curves)
    losses = np.nan_to_num([curve[:length] for curve in curves], nan=_DIVERGED, posinf=_DIVERGED)
    epochs = _best_epochs(losses, np.asarray(shares))
    curve = np.average(losses, axis=0, weights=shares)
    return Choice(epochs, curve, room, compile_seconds, diverged=diverged)


def _best_epochs(losses, shares) -> int:
    """Where the mean of (folds, epochs) is least; 0 unless that gain exceeds its standard error."""
    best = int(np.argmin(np.average(losses, axis=0, weights=shares)))
    gains = losses[:, 0] - losses[:, best]
    gain = np.average(gains, weights=shares)
    error = np.sqrt(np.average(np.square(gains - gain), weights=shares) / max(1, len(gains) - 1))
    return best if gain > error else 0
