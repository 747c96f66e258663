"""How many epochs small data bear: cross-validation inside a fit.

A tenth of a hundred rows is ten rows, and ten rows choose noise. So every row is held out once:
the epochs with the least mean loss over all rows are then trained on all rows.
"""

from typing import NamedTuple

import numpy as np

from skae.core.engine import Plan, train

__all__ = ["Choice", "choose_epochs"]

N_FOLDS = 5


class Choice(NamedTuple):
    """``epochs`` is 0 where nothing beats the start; ``curve`` is the mean held-out loss after 0,
    1, 2, ... epochs; ``largest_fold`` the rows that were held out at once."""

    epochs: int
    curve: np.ndarray
    largest_fold: int
    interrupt: BaseException | None = None


def choose_epochs(recipe, start, rows, weight, plan: Plan, hyperparameters, *, seed, device=None):
    """The number of epochs whose weights lose least on rows held out of training.

    Parameters
    ----------
    recipe, rows, weight, plan, hyperparameters, device
        As for `train`.
    start : callable
        ``start(index)`` gives the weights that a fit on those rows begins with.
    seed : numpy.random.SeedSequence

    Returns
    -------
    choice : Choice
    """
    order = np.random.default_rng(seed).permutation(rows.n_rows)
    folds = np.array_split(order, min(N_FOLDS, rows.n_rows))
    curves, shares = [], []
    for fold, fold_seed in zip(folds, seed.spawn(len(folds)), strict=True):
        index = np.setdiff1d(order, fold)
        result = train(
            recipe, start(index), rows, index, weight, plan, hyperparameters,
            seed=fold_seed, held_out=(rows, fold, weight), evaluation_rows=len(folds[0]),
            device=device,
        )
        if result.interrupt is not None:
            return Choice(0, np.zeros(0), len(folds[0]), result.interrupt)
        curves.append(result.evaluations)
        shares.append(weight[fold].sum())
    length = min(len(curve) for curve in curves)
    curve = np.average([c[:length] for c in curves], axis=0, weights=shares)
    return Choice(int(np.argmin(curve)), curve, len(folds[0]))
