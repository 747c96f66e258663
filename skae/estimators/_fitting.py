"""One fit, from checked rows to fitted attributes: a straight line of pure steps.

Reads the estimator's parameters and never writes to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from skae.core.batching import Rows, most_alike
from skae.core.engine import train
from skae.core.moments import canonical_rows, mean_and_scale
from skae.core.networks import Network, initial_weights
from skae.core.plan import Plan
from skae.core.principal_components import principal_components
from skae.core.selection import Choice, choose_epochs
from skae.core.start import pca_start
from skae.core.training import Recipe, trainable
from skae.estimators._automatic import CROSS_VALIDATE_BELOW, training_plan, validation_rows
from skae.estimators._clock import Clock
from skae.estimators._reading import rows_in_units

__all__ = ["Outcome", "Task", "fit_from_scratch", "go_on"]


@dataclass
class Task:
    """What a fit is asked to do: the estimator's parameters, resolved.

    ``shared`` are fitted attributes that are known before; ``earlier`` those of the fit to go on
    from, if any. ``adjust`` makes a variant's initial weights of the plain autoencoder's.
    """

    parameters: dict[str, Any]
    recipe: Recipe
    hyperparameters: dict[str, float]
    seed: np.random.SeedSequence
    device: Any
    listener: Any
    shared: dict[str, Any]
    adjust: Callable
    earlier: dict[str, Any] | None = None

    @property
    def loss(self) -> str:
        """Name of the reconstruction loss."""
        return self.recipe.objective.reconstruction


@dataclass
class Outcome:
    """Fitted attributes, and what the estimator must say about them."""

    attributes: dict[str, Any]
    diverged: bool
    interrupted: bool


def fit_from_scratch(task: Task, X, weight, X_val) -> Outcome:
    """Centre, start at PCA (or at random), choose the number of epochs, train."""
    clock = Clock()
    data = _prepare(task, X, weight)
    clock.lap("read")
    start_seed, split_seed, train_seed = task.seed.spawn(3)

    def start(index):
        some = data.rows.select(index)
        return _start(task, some, data.weight[index], np.random.default_rng(start_seed))

    plan = training_plan(task.parameters, data.rows.n_rows)
    split = _split(task, data, X_val, plan, split_seed, start)
    clock.lap("select")
    params = start(split.index)
    clock.lap("start")
    return _train(task, data, split, clock, params=params, seed=train_seed)


def go_on(task: Task, X, weight, X_val, *, one_epoch=False) -> Outcome:
    """Train from fitted attributes on (other) rows, with the optimiser's moments.

    With `one_epoch`, as `partial_fit` does: at a constant rate, with nothing held out, and from
    a start of its own where there is no earlier fit.
    """
    clock = Clock()
    seed, start_seed, split_seed = task.seed.spawn(3)
    earlier = task.earlier
    data = _prepare(task, X, weight, merge=not one_epoch, units=_units(earlier))
    clock.lap("read")
    plan = training_plan(task.parameters, data.rows.n_rows)
    if one_epoch:
        split = _Split(np.arange(data.rows.n_rows), None, plan.one_epoch())
    else:
        split = _split(task, data, X_val, plan, split_seed)
    if earlier is None:
        params = _start(task, data.rows, data.weight, np.random.default_rng(start_seed))
        earlier = {"params_": params, "optimizer_state_": None, "n_steps_": 0}
    _check_optimizer_state(task, earlier)
    clock.lap("start")
    return _train(
        task,
        data,
        split,
        clock,
        params=earlier["params_"],
        seed=seed,
        optimizer_state=earlier["optimizer_state_"],
        step=earlier["n_steps_"],
    )


def _check_optimizer_state(task, earlier):
    state = earlier["optimizer_state_"]
    if state is None:
        return
    wanted = task.recipe.optimizer.state_structure(trainable(earlier["params_"]))
    if [np.shape(leaf) for leaf in state] != [leaf.shape for leaf in jax.tree.leaves(wanted)]:
        raise ValueError(
            f"optimizer={task.parameters['optimizer']!r} cannot go on from another optimiser's "
            "state: keep the optimizer of the first fit, or fit with warm_start=False"
        )


@dataclass
class _Data:
    """Rows in units of training, their weights, and those units."""

    rows: Rows
    weight: np.ndarray
    mean: np.ndarray
    scale: float


@dataclass
class _Split:
    """Rows to train on, rows to hold out, and the plan by the rule for the size of the data."""

    index: np.ndarray
    held_out: tuple[Rows, np.ndarray, np.ndarray] | None
    plan: Plan
    choice: Choice | None = None
    room: int | None = None


def _units(earlier):
    return None if earlier is None else (earlier["mean_"], earlier["scale_"])


def _prepare(task, X, weight, *, merge=True, units=None) -> _Data:
    """Distinct rows in canonical order (or all rows as they are), in units of training."""
    every = Rows(X)
    if merge:
        index, weight = canonical_rows(every.centred(*mean_and_scale(every, weight)), weight)
    else:
        index = np.flatnonzero(weight > 0)
        weight = weight[index] / weight[index].mean()
    mean, scale = units or mean_and_scale(every.select(index), weight)
    rows = rows_in_units(X, task.loss, mean, scale).select(index).in_memory()
    return _Data(rows, weight, mean, scale)


def _start(task, rows, weight, rng):
    """Initial weights for `rows`."""
    params = _plain_start(task, rows, weight, rng)
    return task.adjust(params, task.recipe.network, rows, weight, rng)


def _plain_start(task, rows, weight, rng):
    network: Network = task.recipe.network
    if not network.linear_path:
        return initial_weights(network, rng)
    centred = rows
    if task.loss == "binary_cross_entropy":
        mean, _ = mean_and_scale(rows, weight)
        centred = rows.centred(mean, 1.0)
    components = principal_components(
        centred.blocks, rows.n_rows, rows.n_features, weight, network.n_components, rng
    )
    return pca_start(network, task.loss, components, rows.blocks, weight, rng)


def _split(task, data, X_val, plan, seed, start=None) -> _Split:
    parameters, n_rows = task.parameters, data.rows.n_rows
    everything = np.arange(n_rows)
    if plan.epochs == 0 or not parameters["early_stopping"]:
        return _Split(everything, None, plan)
    if X_val is not None:
        rows = rows_in_units(X_val, task.loss, data.mean, data.scale)
        return _Split(everything, (rows, np.arange(rows.n_rows), np.ones(rows.n_rows)), plan)
    if parameters["validation_fraction"] == "auto" and n_rows < CROSS_VALIDATE_BELOW:
        return _cross_validated(task, data, plan, seed, start)
    count = validation_rows(n_rows, parameters["validation_fraction"])
    if not 1 <= count < n_rows:
        raise ValueError(
            f"validation_fraction={parameters['validation_fraction']} of {n_rows} distinct rows "
            f"holds out {count} and leaves {n_rows - count}: both must be at least 1; use 'auto', "
            "another fraction or early_stopping=False"
        )
    order = np.random.default_rng(seed).permutation(n_rows)
    held_out = (data.rows, np.sort(order[:count]), data.weight)
    room = validation_rows(most_alike(n_rows), parameters["validation_fraction"])
    return _Split(np.sort(order[count:]), held_out, plan, room=room)


def _cross_validated(task, data, plan, seed, start) -> _Split:
    """All rows, for the number of epochs that cross-validation finds best."""
    n_rows = data.rows.n_rows
    everything = np.arange(n_rows)
    if start is None or n_rows < 2:
        return _Split(everything, None, plan)
    choice = choose_epochs(
        task.recipe,
        start,
        data.rows,
        data.weight,
        plan,
        task.hyperparameters,
        seed=seed,
        device=task.device,
    )
    chosen = replace(plan, epochs=choice.epochs, schedule_epochs=plan.epochs)
    return _Split(everything, None, chosen, choice)


def _train(task, data, split, clock, *, params, **options) -> Outcome:
    def attributes(result):
        return {
            **task.shared,
            "params_": result.params,
            "mean_": data.mean,
            "scale_": data.scale,
            "n_components_": task.recipe.network.n_components,
        }

    plan, choice = split.plan, split.choice
    if choice and choice.interrupted:
        plan = replace(plan, epochs=0)
    if split.held_out is None:  # the training loss is no reason to stop
        plan = replace(plan, patience=np.inf)
    plan = replace(plan, max_time=max(0.0, plan.max_time - clock.total()))
    if task.listener is not None:
        task.listener.begin(plan.epochs, len(split.index), attributes)
    result = train(
        task.recipe,
        params,
        data.rows,
        split.index,
        data.weight,
        plan,
        task.hyperparameters,
        held_out=split.held_out,
        evaluation_rows=choice.room if choice else split.room,
        device=task.device,
        listener=task.listener,
        **options,
    )
    clock.lap("train")
    fitted = {
        **attributes(result),
        "optimizer_state_": result.optimizer_state,
        "n_steps_": result.step,
        **_record(result, choice),
        "fit_time_": clock.report(result, choice),
    }
    interrupted = result.interrupted or (choice is not None and choice.interrupted)
    diverged = result.diverged or (choice is not None and choice.diverged)
    return Outcome(fitted, diverged, interrupted)


def _record(result, choice):
    """How training went; where cross-validation chose, its losses are the validation losses."""
    if choice is None:
        return {
            "history_": result.history,
            "n_iter_": result.n_epochs,
            "best_iter_": result.best_epoch,
        }
    curve = choice.curve[1 : 1 + result.n_epochs]
    return {
        "history_": {**result.history, "validation_loss": curve},
        "n_iter_": len(choice.curve) - 1,
        "best_iter_": choice.epochs,
    }
