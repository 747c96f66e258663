"""Which rows a fit trains on, which it holds out, and for how long it trains on so many."""

from dataclasses import dataclass, replace

import numpy as np

from skae.core.batching import Rows, most_alike
from skae.core.plan import Plan
from skae.core.selection import Choice, choose_epochs
from skae.estimators._automatic import CROSS_VALIDATE_BELOW, validation_rows
from skae.estimators._reading import rows_in_units

__all__ = ["Data", "Split", "split_rows"]


@dataclass
class Data:
    """Rows in units of training, their weights, and those units."""

    rows: Rows
    weight: np.ndarray
    mean: np.ndarray
    scale: float


@dataclass
class Split:
    """Rows to train on, rows to hold out, and the plan by the rule for the size of the data."""

    index: np.ndarray
    held_out: tuple[Rows, np.ndarray, np.ndarray] | None
    plan: Plan
    choice: Choice | None = None
    room: int | None = None


def split_rows(task, data, X_val, plan, seed, start=None) -> Split:
    parameters, n_rows = task.parameters, data.rows.n_rows
    everything = np.arange(n_rows)
    if plan.epochs == 0 or not parameters["early_stopping"]:
        return Split(everything, None, plan)
    if X_val is not None:
        rows = rows_in_units(X_val, task.loss, data.mean, data.scale)
        return Split(everything, (rows, np.arange(rows.n_rows), np.ones(rows.n_rows)), plan)
    if parameters["validation_fraction"] == "auto" and n_rows < CROSS_VALIDATE_BELOW:
        return _cross_validated(task, data, plan, seed, start)
    fraction, n_features = parameters["validation_fraction"], data.rows.n_features
    count = validation_rows(n_rows, fraction, n_features)
    if not 1 <= count < n_rows:
        raise ValueError(
            f"validation_fraction={fraction} of {n_rows} distinct rows "
            f"holds out {count} and leaves {n_rows - count}: both must be at least 1; use 'auto', "
            "another fraction or early_stopping=False"
        )
    order = np.random.default_rng(seed).permutation(n_rows)
    held_out = (data.rows, np.sort(order[:count]), data.weight)
    room = validation_rows(most_alike(n_rows), fraction, n_features)
    return Split(np.sort(order[count:]), held_out, plan, room=room)


def _cross_validated(task, data, plan, seed, start) -> Split:
    """All rows, for the number of epochs that cross-validation finds best."""
    n_rows = data.rows.n_rows
    everything = np.arange(n_rows)
    if start is None or n_rows < 2:
        return Split(everything, None, plan)
    choice = choose_epochs(
        task.recipe,
        start,
        data.rows,
        data.weight,
        plan,
        task.hyperparameters,
        seed=seed,
        device=task.device,
        checkpoint=task.checkpoint,
    )
    chosen = replace(plan, epochs=choice.epochs, schedule_epochs=plan.epochs)
    return Split(everything, None, chosen, choice)
