"""Stage two: an encoder's layers with a linear head, trained on the rows that have targets.

A straight line of pure steps, as `skae.estimators._fitting` is. Reads the estimator's parameters
and never writes to it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skae.core.batching import Rows, most_alike
from skae.core.moments import canonical_rows
from skae.core.results import Listener, Result
from skae.core.supervised import Part, fine_tune
from skae.core.training import Recipe
from skae.estimators._automatic import training_plan, validation_rows

__all__ = ["FineTuning", "fine_tuned"]


@dataclass
class FineTuning:
    """What stage two is asked to do: the estimator's parameters, resolved.

    ``classes`` are those that the numbers in the targets stand for, None where there are none.
    """

    parameters: dict[str, Any]
    recipe: Recipe
    params: dict
    hyperparameters: dict[str, float]
    classes: np.ndarray | None
    seed: np.random.SeedSequence
    device: Any
    listener: Listener


def fine_tuned(task: FineTuning, rows: Rows, weight: np.ndarray) -> tuple[Result, Result]:
    """Train on rows with targets, first the head and then all.

    Parameters
    ----------
    task : FineTuning
    rows : Rows
        In units of training, with targets.
    weight : ndarray of shape (rows.n_rows,)
        Positive.

    Returns
    -------
    head, result : Result
    """
    index, weight = canonical_rows(rows, weight)
    rows = rows.select(index).in_memory()
    split_seed, train_seed = task.seed.spawn(2)
    rate = _learning_rate(task.parameters["learning_rate"], rows.n_rows)
    parameters = {**task.parameters, "init": "pca", "learning_rate": rate}
    plan = training_plan(parameters, rows.n_rows, rows.n_features)
    head_rate = task.parameters["head_learning_rate"]
    part = _part(task, rows, weight, np.random.default_rng(split_seed))
    if part.held_out is None:  # the training loss is no reason to stop
        plan = replace(plan, patience=np.inf)
    task.listener.begin(plan.epochs, len(part.index), None)
    return fine_tune(
        task.recipe,
        task.params,
        part,
        plan,
        None if head_rate == "auto" else head_rate,
        task.hyperparameters,
        seed=train_seed,
        device=task.device,
        listener=task.listener,
    )


def _learning_rate(rate, n_rows):
    """The fewer rows, the less the encoder moves away from what it was pretrained to be."""
    return min(1e-3, 5e-6 * np.sqrt(n_rows)) if rate == "auto" else rate


def _part(task, rows, weight, rng) -> Part:
    if not task.parameters["early_stopping"]:
        return Part(rows, weight, np.arange(rows.n_rows))
    index, held_out = _split(task, rows, rng)
    fraction = task.parameters["validation_fraction"]
    room = validation_rows(most_alike(rows.n_rows), fraction, rows.n_features)
    return Part(rows, weight, index, held_out, room)


def _split(task, rows, rng):
    """Rows to train on and rows to hold out, of each class the same share."""
    fraction, n_rows = task.parameters["validation_fraction"], rows.n_rows
    count = validation_rows(n_rows, fraction, rows.n_features)
    numbers = np.zeros(n_rows, int)
    if task.classes is not None:
        numbers = rows.targets(slice(None))[:, 0].astype(int)
    sizes = np.bincount(numbers)
    said = f"validation_fraction={fraction} of {n_rows} distinct labelled rows holds out {count}"
    if not 1 <= count < n_rows:
        raise ValueError(
            f"{said} and leaves {n_rows - count}: both must be at least 1; use another fraction "
            "or early_stopping=False"
        )
    if task.classes is not None and count < len(sizes):
        raise ValueError(
            f"{said}, fewer than the {len(sizes)} classes, each of which must be among them: use "
            "a larger fraction or early_stopping=False"
        )
    if task.classes is not None and sizes.min() < 2:
        raise ValueError(
            f"class {task.classes.tolist()[sizes.argmin()]!r} has one distinct labelled row, which "
            "cannot be both trained on and held out: use early_stopping=False"
        )
    held_out = _stratified(numbers, _shares(sizes, count), rng)
    return np.setdiff1d(np.arange(n_rows), held_out), held_out


def _shares(sizes, count):
    """How many of each class to hold out: in proportion, at least one, and never all."""
    wanted = sizes * count / sizes.sum()
    shares = np.clip(wanted.astype(int), 1, sizes - 1)
    while shares.sum() > count:
        shares[np.where(shares > 1, shares - wanted, -np.inf).argmax()] -= 1
    while shares.sum() < min(count, (sizes - 1).sum()):
        shares[np.where(shares < sizes - 1, wanted - shares, -np.inf).argmax()] += 1
    return shares


def _stratified(numbers, shares, rng):
    order = rng.permutation(len(numbers))
    chosen = [order[numbers[order] == k][:share] for k, share in enumerate(shares)]
    return np.sort(np.concatenate(chosen))
