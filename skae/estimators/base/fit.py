"""One fit, from checked samples to fitted attributes: a straight line of pure steps.

Reads the estimator's parameters and never writes to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from skae.core.data.moments import canonical_samples, mean_and_scale
from skae.core.data.samples import Samples
from skae.core.initialization.pca import pca_start
from skae.core.initialization.principal_components import principal_components
from skae.core.losses import LOSSES
from skae.core.networks import Network, initial_weights
from skae.core.training.driver import train
from skae.core.training.layerwise import Pretrained, n_pairs, pretrain
from skae.core.training.loop import Recipe, trainable
from skae.core.training.records import NO_CHECKPOINT, Checkpoint, Listener
from skae.estimators.base.automatic import training_plan
from skae.estimators.base.input_checks import samples_in_units
from skae.estimators.base.timing import Clock
from skae.estimators.base.validation_split import Data, Split, split_samples

__all__ = ["Outcome", "Task", "fit_from_scratch", "go_on"]


@dataclass
class Task:
    """What a fit is asked to do: the estimator's parameters, resolved.

    ``shared`` are fitted attributes that are known before; ``earlier`` those of the fit to go on
    from, if any; ``checkpoint`` knows where a fit that was cut short stood. ``initialization``
    completes the plain autoencoder's initial weights, where it is not None; ``layer_objective``
    returns the objectives of greedy layer-wise pretraining. Both are pure functions.
    """

    parameters: dict[str, Any]
    recipe: Recipe
    hyperparameters: dict[str, float]
    seed: np.random.SeedSequence
    device: Any
    listener: Listener
    shared: dict[str, Any]
    initialization: Callable | None
    layer_objective: Callable
    earlier: dict[str, Any] | None = None
    checkpoint: Checkpoint = NO_CHECKPOINT

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
    """Center, start at PCA (or at random), choose the number of epochs, train."""
    clock = Clock()
    data = _prepare(task, X, weight)
    clock.lap("read")
    start_seed, split_seed, train_seed, phases_seed = task.seed.spawn(4)
    plan = training_plan(task.parameters, data.samples.n_samples, data.samples.n_features)

    def start(index):
        some, weight = data.samples.select(index), data.weight[index]
        params = _start(task, some, weight, np.random.default_rng(start_seed))
        if task.parameters.get("pretraining") is None:
            return Pretrained(params)
        return _pretrained(task, params, some, weight, plan, clock, phases_seed)

    split = split_samples(task, data, X_val, plan, split_seed, start)
    clock.lap("select")
    begun = start(split.index)
    clock.lap("start")
    return _train(task, data, split, clock, begun=begun, seed=train_seed)


def _pretrained(task, params, samples, weight, plan, clock, seed) -> Pretrained:
    """The stack after its phases, each as long as `pretraining_max_iter` says."""
    epochs, pairs = task.parameters["pretraining_max_iter"], n_pairs(task.recipe.network)
    if epochs == "auto":
        parameters = {**task.parameters, "max_iter": "auto"}
        automatic = training_plan(parameters, samples.n_samples, samples.n_features)
        epochs = -(-(plan.epochs or automatic.epochs) // pairs)
    left = max(0.0, plan.max_time - clock.total())

    def phase(depth, samples, weight):
        return task.layer_objective(
            depth, task.loss if depth == 0 else "squared_error", samples, weight
        )

    return pretrain(
        task.recipe,
        params,
        samples,
        weight,
        replace(plan, epochs=epochs, schedule_epochs=None, max_time=left / pairs),
        task.hyperparameters,
        phase=phase,
        seed=np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key),
        device=task.device,
        checkpoint=task.checkpoint,
    )


def go_on(task: Task, X, weight, X_val, *, one_epoch=False) -> Outcome:
    """Train from fitted attributes on (other) samples, with the optimizer's moments.

    With `one_epoch`, as `partial_fit` does: at a constant rate, with nothing held out, and from
    a start of its own where there is no earlier fit.
    """
    clock = Clock()
    seed, start_seed, split_seed = task.seed.spawn(3)
    earlier = task.earlier
    data = _prepare(task, X, weight, merge=not one_epoch, units=_units(earlier))
    clock.lap("read")
    plan = training_plan(task.parameters, data.samples.n_samples, data.samples.n_features)
    if one_epoch:
        split = Split(np.arange(data.samples.n_samples), None, plan.one_epoch())
    else:
        split = split_samples(task, data, X_val, plan, split_seed)
    if earlier is None:
        params = _start(task, data.samples, data.weight, np.random.default_rng(start_seed))
        earlier = {"params_": params, "optimizer_state_": None, "n_steps_": 0}
    _check_optimizer_state(task, earlier)
    clock.lap("start")
    return _train(
        task,
        data,
        split,
        clock,
        begun=Pretrained(earlier["params_"]),
        seed=seed,
        optimizer_state=earlier["optimizer_state_"],
        step=earlier["n_steps_"],
    )


def _check_optimizer_state(task, earlier):
    state = earlier["optimizer_state_"]
    if state is None:
        return
    wanted = task.recipe.optimizer.initial_state(trainable(earlier["params_"]))
    if [np.shape(leaf) for leaf in state] != [leaf.shape for leaf in jax.tree.leaves(wanted)]:
        raise ValueError(
            f"optimizer={task.parameters['optimizer']!r} cannot go on from another optimizer's "
            "state: keep the optimizer of the first fit, or fit with warm_start=False"
        )


def _units(earlier):
    return None if earlier is None else (earlier["mean_"], earlier["scale_"])


def _prepare(task, X, weight, *, merge=True, units=None) -> Data:
    """Distinct samples in canonical order (or all samples as they are), in units of training."""
    every = Samples(X)
    if merge:
        index, weight = canonical_samples(every.centered(*mean_and_scale(every, weight)), weight)
    else:
        index = np.flatnonzero(weight > 0)
        weight = weight[index] / weight[index].mean()
    mean, scale = units or mean_and_scale(every.select(index), weight)
    samples = samples_in_units(X, task.loss, mean, scale).select(index).in_memory()
    return Data(samples, weight, mean, scale)


def _start(task, samples, weight, rng):
    """Initial weights for `samples`."""
    params = _plain_start(task, samples, weight, rng)
    if task.initialization is None:
        return params
    return task.initialization(params, task.recipe.network, samples, weight, rng)


def _plain_start(task, samples, weight, rng):
    network: Network = task.recipe.network
    if not network.linear_path:
        return initial_weights(network, rng)
    centered = samples
    if not LOSSES[task.loss].standardized:
        mean, _ = mean_and_scale(samples, weight)
        centered = samples.centered(mean, 1.0)
    components = principal_components(
        centered.blocks, samples.n_samples, samples.n_features, weight, network.n_components, rng
    )
    return pca_start(network, task.loss, components, samples.blocks, weight, rng)


def _train(task, data, split, clock, *, begun, **options) -> Outcome:
    def attributes(result):
        return {
            **task.shared,
            "params_": result.params,
            "mean_": data.mean,
            "scale_": data.scale,
            "n_components_": task.recipe.network.n_components,
        }

    plan, choice = _rest(split, begun, clock), split.choice
    task.listener.begin(plan.epochs, len(split.index), attributes)
    result = train(
        task.recipe,
        begun.params,
        data.samples,
        split.index,
        data.weight,
        plan,
        task.hyperparameters,
        held_out=split.held_out,
        evaluation_samples=choice.room if choice else split.room,
        device=task.device,
        listener=task.listener,
        checkpoint=task.checkpoint,
        **options,
    )
    clock.lap("train")
    fitted = {
        **attributes(result),
        "optimizer_state_": result.optimizer_state,
        "n_steps_": result.step,
        **_record(begun, choice, result),
        "fit_time_": clock.report(begun, choice, result),
    }
    parts = [part for part in (begun, choice, result) if part is not None]
    return Outcome(
        fitted,
        diverged=any(part.diverged for part in parts),
        interrupted=any(part.interrupted for part in parts),
    )


def _rest(split, begun, clock):
    """What of the plan is left to do."""
    plan, choice = split.plan, split.choice
    if begun.interrupted or (choice and choice.interrupted):
        plan = replace(plan, epochs=0)
    if split.held_out is None:  # the training loss is no reason to stop
        plan = replace(plan, patience=np.inf)
    return replace(plan, max_time=max(0.0, plan.max_time - clock.total()))


def _record(begun, choice, result):
    """How training went; where cross-validation chose, its losses are the validation losses."""
    history = dict(result.history)
    if begun.losses is not None:
        history["pretraining_loss"] = begun.losses
    if choice is None:
        return {
            "history_": history,
            "n_iter_": result.n_epochs,
            "best_iter_": result.best_epoch,
        }
    history["validation_loss"] = choice.curve[1 : 1 + result.n_epochs]
    return {
        "history_": history,
        "n_iter_": len(choice.curve) - 1,
        "best_iter_": min(choice.epochs, result.n_epochs),
    }
