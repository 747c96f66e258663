"""The one training engine: state in, state out; compiled once for all that share a shape.

`advance` is a pure function of (state, samples, hyperparameters) that `vmap` accepts. It runs
segments of steps, evaluates held-out samples after each, keeps the best weights and stops by
patience, all inside one program. Nothing here knows of hosts, files or estimators.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step
from skae.core.training.optimizers import Optimizer

__all__ = ["MAX_SEGMENTS", "Blocks", "History", "Recipe", "Stage", "State", "advance"]

MAX_SEGMENTS = 64

# samples are of unit scale: what a few layers of larger weights give is no float32 any more
_LARGEST_WEIGHT = 1e8

_PENALIZED = ("encoder", "decoder", "head")

# NumPy's on the host's side, jax's on the device's
Array = Any


@dataclass(frozen=True)
class Recipe:
    """All that a training program is specialized to.

    ``network`` is a `Network`, or another value that compares by what it is: the objective alone
    asks it for anything.
    """

    network: Any
    objective: Objective
    optimizer: Optimizer
    clip_norm: float | None = None


class State(NamedTuple):
    """What one step hands to the next.

    ``since_best`` counts steps since the best evaluation; ``sums`` holds what the running epoch
    has added up (loss times samples, samples).
    """

    params: Any
    optimizer_state: Any
    best_params: Any
    best_loss: Array
    best_step: Array
    reference_loss: Array
    since_best: Array
    step: Array
    stopped: Array
    diverged: Array
    key_data: Array
    sums: Any


class Blocks(NamedTuple):
    """Batches of samples as they come from the host.

    ``samples`` (steps, batch_size, n_features) raw; ``weight`` (steps, batch_size); ``targets``
    (steps, batch_size, n_targets); ``shift`` and ``scale`` make training units of raw samples:
    ``(samples - shift) * scale``. With ``places`` (steps, batch_size), ``samples`` (any, n_features) are
    those that batches are made of: ``samples[places]``.
    """

    samples: Array
    weight: Array
    targets: Array
    places: Array | None
    shift: Array
    scale: Array


class Stage(NamedTuple):
    """What to do in one call: ``ends[j]`` is the step after the last of segment j.

    ``evaluate[j]``: whether an epoch ends there. ``rates`` and ``progress`` (the share of the
    schedule that is done, 1 at its end) are those of each step. With held-out batches the best
    evaluation is kept, else the last finite weights.
    """

    ends: Array
    evaluate: Array
    n_segments: Array
    rates: Array
    progress: Array
    n_evaluation: Array
    patience: Array
    tolerance: Array


class History(NamedTuple):
    """Of each segment that ran (the first ``n``): training loss, loss on held-out samples (NaN where
    there is none) and metrics.
    """

    n: Array
    loss: Array
    evaluation: Array
    metrics: Any


def advance(recipe: Recipe, state: State, blocks: Blocks, evaluation: Blocks | None, stage, hyper):
    """Run the segments of `stage`; returns the new state and a `History`.

    Where no sample is held out, in this call and all others, `evaluation` is None: to evaluate is a
    tenth of what there is to compile.
    """
    nothing = jnp.full(MAX_SEGMENTS, jnp.nan)
    metrics = jax.tree.map(lambda _: nothing, state.sums["metrics"])
    history = History(jnp.int32(0), nothing, nothing, metrics)

    def running(carry):
        state, history = carry
        return (history.n < stage.n_segments) & ~state.stopped

    def segment(carry):
        state, history = carry
        j = history.n
        start = jnp.where(j == 0, 0, stage.ends[j - 1])
        state = jax.lax.fori_loop(
            start,
            stage.ends[j],
            lambda i, s: _step(
                recipe,
                s,
                _batch(blocks, i),
                stage.rates[i],
                stage.progress[i],
                hyper,
            ),
            state,
        )
        state, record = _end_segment(recipe, state, evaluation, stage, stage.evaluate[j], hyper)
        (*series,) = jax.tree.map(lambda all_, one: all_.at[j].set(one), history[1:], record)
        return state, History(j + 1, *series)

    return jax.lax.while_loop(running, segment, (state, history))


def trainable(params):
    """All weights but the constants."""
    return {name: part for name, part in params.items() if name != "fixed"}


def _batch(blocks, i):
    def of(arrays):
        return jax.lax.dynamic_index_in_dim(arrays, i, keepdims=False)

    if blocks.places is None:
        samples = of(blocks.samples)
    else:
        samples = blocks.samples.at[of(blocks.places)].get(mode="promise_in_bounds")
    samples = (samples.astype(jnp.float32) - blocks.shift) * blocks.scale
    return Batch(samples, of(blocks.weight), of(blocks.targets))


def _step(recipe, state, batch, rate, progress, hyper):
    key = jax.random.fold_in(jax.random.wrap_key_data(state.key_data), state.step)
    step = Step(key, hyper, progress)
    weights = trainable(state.params)

    def penalized(weights):
        params = {**state.params, **weights}
        loss, metrics = recipe.objective(Model(recipe.network, params), batch, step)
        return loss + 0.5 * hyper["alpha"] * _sum_of_squares(weights), (loss, metrics)

    grads, (loss, metrics) = jax.grad(penalized, has_aux=True)(weights)
    if recipe.clip_norm is not None:
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in jax.tree.leaves(grads)))
        grads = jax.tree.map(lambda g: g * jnp.minimum(1.0, recipe.clip_norm / norm), grads)
    updates, optimizer_state = recipe.optimizer(rate).update(
        grads, state.optimizer_state, _decaying(weights)
    )
    samples = jnp.sum(batch.weight > 0).astype(jnp.float32)
    sums = jax.tree.map(lambda s, v: s + v * samples, state.sums, _sums(loss, 1.0, metrics))
    return state._replace(
        params={**state.params, **optax.apply_updates(weights, updates)},
        optimizer_state=optimizer_state,
        step=state.step + 1,
        since_best=state.since_best + 1,
        sums=sums,
    )


def _sums(loss, samples, metrics):
    return {"loss": loss, "samples": samples, "metrics": metrics}


def _sum_of_squares(weights):
    """Over matrices of networks: biases and the linear path are never penalized."""
    leaves = jax.tree.leaves([weights[part] for part in _PENALIZED if part in weights])
    return sum((jnp.sum(jnp.square(w)) for w in leaves if w.ndim > 1), jnp.float32(0))


def _decaying(weights):
    """What decoupled weight decay sees: the linear path as zeros, so that it is left alone."""
    if "linear" not in weights:
        return weights
    return {**weights, "linear": jax.tree.map(jnp.zeros_like, weights["linear"])}


def _end_segment(recipe, state, evaluation, stage, ends_epoch, hyper):
    loss = state.sums["loss"] / state.sums["samples"]
    held_out = jnp.float32(jnp.nan)
    if evaluation is not None:
        n_evaluation = jnp.where(ends_epoch, stage.n_evaluation, 0)
        held_out = evaluate(recipe, state.params, evaluation, n_evaluation, state.key_data, hyper)
    has_held_out = stage.n_evaluation > 0
    monitored = jnp.where(has_held_out, held_out, loss)
    # a loop, so that nothing is looked at where no epoch ends
    finite = jax.lax.fori_loop(
        0,
        ends_epoch.astype(jnp.int32),
        lambda _, finite: finite & _all_sane(state.params),
        jnp.isfinite(monitored),
    )
    # before the first step there is no training loss yet, and the start is the best there is
    finite = finite | (~has_held_out & (state.sums["samples"] == 0))
    better = finite & ends_epoch & (~has_held_out | (monitored < state.best_loss))
    # of the reference's magnitude: a density's negative logarithm may be negative
    margin = 1.0 - stage.tolerance * jnp.sign(state.reference_loss)
    progress = finite & ends_epoch & (monitored < state.reference_loss * margin)
    since_best = jnp.where(progress, 0, state.since_best)
    stopped = ends_epoch & (~finite | (since_best >= stage.patience))
    # a loop, where a branch or a select for each array would do: it takes a third of the compiling
    best_params, best_loss, best_step = jax.lax.fori_loop(
        0,
        better.astype(jnp.int32),
        lambda _, best: (state.params, monitored, state.step),
        (state.best_params, state.best_loss, state.best_step),
    )
    metrics = jax.tree.map(lambda m: m / state.sums["samples"], state.sums["metrics"])
    record = (loss, jnp.where(has_held_out & ends_epoch, held_out, jnp.nan), metrics)
    state = state._replace(
        best_params=best_params,
        best_loss=best_loss,
        best_step=best_step,
        reference_loss=jnp.where(progress, monitored, state.reference_loss),
        since_best=since_best,
        stopped=state.stopped | stopped,
        diverged=state.diverged | (ends_epoch & ~finite),
        sums=jax.tree.map(lambda s: jnp.where(ends_epoch, 0.0, s), state.sums),
    )
    return state, record


def _all_sane(params):
    # put end to end, not one array after the other: there is less to compile
    cells = jnp.concatenate([w.ravel() for w in jax.tree.leaves(trainable(params))])
    return jnp.max(jnp.abs(cells)) < _LARGEST_WEIGHT


def evaluate(recipe, params, blocks, n_batches, key_data, hyper):
    """Mean loss over held-out batches, without the penalty on weights, with fixed noise."""
    model = Model(recipe.network, params)
    base_key = jax.random.wrap_key_data(key_data)

    def add(i, sums):
        batch = _batch(blocks, i)
        # a Python bool, so that the choice is made while tracing
        step = Step(jax.random.fold_in(base_key, i), hyper, jnp.float32(1), is_training=False)
        loss, _ = recipe.objective(model, batch, step)
        samples = jnp.sum(batch.weight > 0)
        return sums[0] + loss * samples, sums[1] + samples

    total, samples = jax.lax.fori_loop(0, n_batches, add, (jnp.float32(0), jnp.float32(0)))
    return total / samples


def metrics(recipe: Recipe, params, blocks: Blocks, hyper):
    """What the objective reports of a batch; the engine asks for its names alone."""
    key = jax.random.wrap_key_data(jnp.zeros(2, jnp.uint32))
    step = Step(key, hyper, jnp.float32(1))
    return recipe.objective(Model(recipe.network, params), _batch(blocks, 0), step)[1]
