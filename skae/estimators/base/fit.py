"""One fit, from checked samples to fitted attributes, as a sequence of pure functions.

Reads the estimator's parameters, resolved, and never writes to the estimator.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from skae.core.data.deduplication import canonical_samples
from skae.core.data.gross_errors import GrossErrors, fence_of, find_gross_errors
from skae.core.data.moments import weighted_units
from skae.core.data.samples import Samples
from skae.core.data.units import Units
from skae.core.initialization.pca import pca_start
from skae.core.initialization.principal_components import principal_components
from skae.core.losses import LOSSES
from skae.core.networks import Network, initial_weights
from skae.core.training.driver import train
from skae.core.training.job import Job
from skae.core.training.layerwise import InitialWeights, pretrain
from skae.core.training.loop import trainable
from skae.estimators.base.automatic import training_plan
from skae.estimators.base.convergence import constant_output_warning, divergence_warning
from skae.estimators.base.fit_input import FitInput
from skae.estimators.base.input_checks import samples_in_units
from skae.estimators.base.timing import Clock
from skae.estimators.base.validation_split import FitData, Split, split_samples

__all__ = ["Outcome", "Task", "continue_fit", "fit_from_scratch"]


@dataclass(frozen=True)
class Task:
    """Everything that a fit depends on: the estimator's parameters, resolved, as values.

    ``known`` are fitted attributes that are known before training; ``earlier`` those of the fit
    that training continues from, if any. ``initialization`` completes the plain autoencoder's
    initial weights, if it is not None; ``layer_objective`` returns the objectives of greedy
    layer-wise pretraining. Both are pure functions. Only the job's listener refers to the
    estimator, which scikit-learn's callbacks expect as an argument.
    """

    parameters: dict[str, Any]
    job: Job
    seed: np.random.SeedSequence
    known: dict[str, Any]
    initialization: Callable | None
    layer_objective: Callable
    earlier: dict[str, Any] | None = None

    @property
    def loss(self) -> Any:
        """Name of the reconstruction loss, or a function."""
        return self.job.recipe.objective.reconstruction


@dataclass
class Outcome:
    """Fitted attributes, and what the estimator warns of or raises."""

    attributes: dict[str, Any]
    gross_errors: GrossErrors | None
    warnings: list[str]
    interrupted: bool
    selection_cut: bool = False


def fit_from_scratch(task: Task, given: FitInput) -> Outcome:
    """Standardize, initialize, choose the number of epochs, train."""
    clock = Clock()
    data = _prepare(task, given)
    clock.lap("read")
    start_seed, split_seed, train_seed, phases_seed = task.seed.spawn(4)
    plan = _plan(task.parameters, data.samples, clock)

    def initialize(index):
        samples, weight = data.samples.select(index), data.weight[index]
        params = _initial_params(task, samples, weight, np.random.default_rng(start_seed))
        if task.parameters.get("pretraining") is None:
            return InitialWeights(params)
        return _pretrained(task, params, samples, weight, plan, clock, phases_seed)

    split = split_samples(task, data, given, plan, split_seed, initialize)
    clock.lap("select")
    initial = initialize(split.data.index)
    clock.lap("start")
    return _train(task, data, split, clock, initial=initial, seed=train_seed)


def continue_fit(task: Task, given: FitInput, *, one_epoch: bool = False) -> Outcome:
    """Continue training from fitted attributes on (other) samples, with the optimizer's state.

    With `one_epoch`, as `partial_fit` does: at a constant learning rate, without a validation set,
    and from initial weights for these samples if there is no earlier fit.
    """
    clock = Clock()
    seed, start_seed, split_seed = task.seed.spawn(3)
    earlier = task.earlier
    units = None if earlier is None else Units(earlier["mean_"], earlier["scale_"])
    data = _prepare(task, given, deduplicate=not one_epoch, units=units)
    clock.lap("read")
    plan = _plan(task.parameters, data.samples, clock)
    if one_epoch:
        split = Split(data.for_training(), plan.one_epoch())
    else:
        split = split_samples(task, data, given, plan, split_seed)
    if earlier is None:
        rng = np.random.default_rng(start_seed)
        params = _initial_params(task, data.samples, data.weight, rng)
        earlier = {"params_": params, "optimizer_state_": None, "n_steps_": 0}
    _check_optimizer_state(task, earlier)
    clock.lap("start")
    return _train(
        task,
        data,
        split,
        clock,
        initial=InitialWeights(earlier["params_"]),
        seed=seed,
        optimizer_state=earlier["optimizer_state_"],
        step=earlier["n_steps_"],
    )


def _prepare(task, given, *, deduplicate=True, units=None) -> FitData:
    """Distinct samples in canonical order (or all samples in theirs), standardized."""
    X, noisy, weight = given.X, given.X_noisy, given.weight
    samples = Samples(X, targets=None if noisy is None else Samples(noisy))
    if deduplicate:
        index, weight = canonical_samples(samples, weight)
    else:
        index = np.flatnonzero(weight > 0)
        weight = weight[index] / weight[index].mean()
    # In canonical order, so that repeated samples and their weights lead to identical units.
    samples, fence, gross_errors = samples.select(index), None, None
    if LOSSES[task.loss].standardized:
        fence = fence_of(samples)
        gross_errors = find_gross_errors(samples, fence)
    clip = None if gross_errors is None else gross_errors.clip
    units = weighted_units(samples.clipped(clip), weight) if units is None else units
    samples = samples_in_units(X, task.loss, units, noisy).select(index).clipped(clip).in_memory()
    return FitData(samples, weight, units, index, fence, gross_errors)


def _plan(parameters, samples, clock):
    return training_plan(parameters, samples.n_samples, samples.n_features, clock.begin)


def _initial_params(task, samples, weight, rng):
    """Initial weights for a fit to `samples`."""
    network: Network = task.job.recipe.network
    if network.linear_path:
        params = _pca_params(task, network, samples, weight, rng)
    else:
        init = task.parameters["init"]
        # Without a skip connection, which very wide samples do not have, there is no PCA.
        params = initial_weights(network, rng, "random" if init == "pca" else init)
    if task.initialization is None:
        return params
    return task.initialization(params, network, samples, weight, rng)


def _pca_params(task, network, samples, weight, rng):
    centered = samples
    if not LOSSES[task.loss].standardized:
        mean = weighted_units(samples, weight).mean
        centered = samples.with_units(Units(mean, 1.0))
    components = principal_components(
        centered.blocks,
        samples.n_samples,
        samples.n_features,
        weight,
        network.n_components,
        rng,
    )
    return pca_start(network, task.loss, components, samples.blocks, weight, rng)


def _pretrained(task, params, samples, weight, plan, clock, seed) -> InitialWeights:
    """The stack after greedy pretraining, `pretraining_max_iter` epochs for each pair of layers."""
    epochs = task.parameters["pretraining_max_iter"]
    pairs = len(task.job.recipe.network.layer_pairs())
    if epochs == "auto":
        parameters = {**task.parameters, "max_iter": "auto"}
        automatic = _plan(parameters, samples, clock)
        epochs = -(-(plan.epochs or automatic.epochs) // pairs)

    def layer_objective(depth, samples, weight):
        loss = task.loss if depth == 0 else "squared_error"
        return task.layer_objective(depth, loss, samples, weight)

    return pretrain(
        task.job,
        params,
        samples,
        weight,
        replace(plan, epochs=epochs, schedule_epochs=None, max_time=plan.seconds_left() / pairs),
        layer_objective,
        np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key),
    )


def _check_optimizer_state(task, earlier):
    state = earlier["optimizer_state_"]
    if state is None:
        return
    expected = task.job.recipe.optimizer.initial_state(trainable(earlier["params_"]))
    if [np.shape(leaf) for leaf in state] != [leaf.shape for leaf in jax.tree.leaves(expected)]:
        raise ValueError(
            f"optimizer={task.parameters['optimizer']!r} cannot continue from the state of another "
            "optimizer. Use the optimizer of the first fit, or fit with warm_start=False."
        )


def _train(task, data, split, clock, *, initial, **options) -> Outcome:
    def attributes(result):
        return {
            **task.known,
            "params_": result.params,
            "mean_": data.units.mean,
            "scale_": data.units.scale,
            "n_components_": task.job.recipe.network.n_components,
            "optimizer_state_": result.optimizer_state,
            "n_steps_": result.step,
            **_training_record(initial, choice, result),
            "fit_time_": clock.report(initial, choice, result),
        }

    plan, choice = _remaining_plan(split, initial), split.choice
    task.job.listener.begin(plan.epochs, len(split.data.index), attributes)
    result = train(task.job, split.data, initial.params, plan, **options)
    clock.lap("train")
    parts = [part for part in (initial, choice, result) if part is not None]
    found = (
        divergence_warning(task.parameters["learning_rate"], result, initial, choice),
        constant_output_warning(task.job, result, split.data.samples),
    )
    return Outcome(
        attributes(result),
        data.gross_errors,
        warnings=[text for text in found if text is not None],
        interrupted=any(part.interrupted for part in parts),
        selection_cut=choice is not None and choice.late,
    )


def _remaining_plan(split, initial):
    """The plan of the main training; no epochs after an interrupt."""
    plan, choice = split.plan, split.choice
    if initial.interrupted or (choice and choice.interrupted):
        plan = replace(plan, epochs=0)
    if split.data.validation is None:  # early stopping never uses the training loss
        plan = replace(plan, patience=np.inf)
    return plan


def _training_record(initial, choice, result):
    """Losses and numbers of epochs; those of cross-validation are those of its longest fold."""
    history = dict(result.history)
    if initial.losses is not None:
        history["pretraining_loss"] = initial.losses
    if choice is None:
        return {
            "history_": history,
            "n_iter_": result.n_epochs,
            "best_iter_": result.best_epoch,
        }
    history["validation_loss"] = choice.curve[1 : 1 + result.n_epochs]
    history["fold_validation_loss"] = choice.losses
    return {
        "history_": history,
        "n_iter_": choice.losses.shape[1] - 1,
        "best_iter_": result.best_epoch,
    }
