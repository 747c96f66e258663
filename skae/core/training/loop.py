"""The training loop: a pure function from state to state, compiled once for all fits of one shape.

`advance` runs segments of optimizer steps. After a segment that ends an epoch it evaluates the
validation set, keeps the best weights and applies early stopping, all inside one program. It has no
host callback and no Python branch on values, so that `vmap` accepts it. Nothing here depends on
files or estimators.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from skae.core.data.units import DeviceUnits
from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step
from skae.core.training.optimizers import Optimizer

__all__ = ["MAX_SEGMENTS", "Blocks", "History", "Recipe", "Stage", "State", "advance"]

MAX_SEGMENTS = 64

# Standardized samples have unit scale: a few layers with larger weights overflow float32.
_LARGEST_WEIGHT = 1e8

# Parts of the weights whose matrices the L2 penalty applies to. Not the linear skip connection:
# shrinking it would move the weights away from the PCA solution.
_PENALIZED = ("encoder", "decoder", "head")

# a NumPy array on the host, a JAX array inside the program
Array = Any


@dataclass(frozen=True)
class Recipe:
    """Everything that a training program is specialized to; static.

    ``network`` is a `Network` or another hashable value that the objective is written for.
    Gradients are scaled down to the global norm ``clip_norm``, if it is given.
    """

    network: Any
    objective: Objective
    optimizer: Optimizer
    clip_norm: float | None = None


class State(NamedTuple):
    """What each optimizer step updates.

    ``best_params`` are those with the lowest evaluated loss, ``best_loss``; ``reference_loss`` is
    the loss that the next improvement is measured against, and ``since_best`` counts the optimizer
    steps since the last one. ``sums`` accumulates loss, number of samples and metrics over the
    current epoch.
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
    """Mini-batches of samples as the host transfers them.

    ``samples`` of shape (steps, batch_size, n_features), in the units that ``units`` standardizes;
    ``weight`` of shape (steps, batch_size), 0 for padding; ``targets`` of shape (steps, batch_size,
    n_targets). With ``positions`` of shape (steps, batch_size), ``samples`` of shape (any,
    n_features) stay in device memory, and mini-batches are ``samples[positions]``.
    """

    samples: Array
    weight: Array
    targets: Array
    positions: Array | None
    units: DeviceUnits


class Stage(NamedTuple):
    """What one call does.

    Segment j consists of the steps up to ``ends[j]``, and ends an epoch if ``ends_epoch[j]``; then
    the loss of the first ``n_evaluated[j]`` mini-batches of the evaluation set is computed. That is
    the validation set, or if ``on_training_samples``, a part of the training samples.
    ``rates`` (learning rate) and ``progress`` (completed fraction of the schedule) have one value
    per step. ``patience`` is in optimizer steps; ``tolerance`` is the relative decrease of the loss
    that counts as an improvement.
    """

    ends: Array
    ends_epoch: Array
    n_evaluated: Array
    n_segments: Array
    rates: Array
    progress: Array
    on_training_samples: Array
    patience: Array
    tolerance: Array


class History(NamedTuple):
    """Training loss, evaluated loss (NaN without one) and metrics of the first ``n`` segments."""

    n: Array
    loss: Array
    evaluated_loss: Array
    metrics: Any


def advance(recipe: Recipe, state: State, blocks: Blocks, evaluation_set: Blocks, stage, hyper):
    """Run the segments of `stage`; returns the new state and a `History`."""
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
        state, record = _end_segment(recipe, state, evaluation_set, stage, j, hyper)
        (*series,) = jax.tree.map(lambda all_, one: all_.at[j].set(one), history[1:], record)
        return state, History(j + 1, *series)

    return jax.lax.while_loop(running, segment, (state, history))


def trainable(params):
    """All weights except the constants."""
    return {name: part for name, part in params.items() if name != "fixed"}


def _batch(blocks, i):
    def of(arrays):
        return jax.lax.dynamic_index_in_dim(arrays, i, keepdims=False)

    if blocks.positions is None:
        samples = of(blocks.samples)
    else:
        samples = blocks.samples.at[of(blocks.positions)].get(mode="promise_in_bounds")
    return Batch(blocks.units.standardize(samples), of(blocks.weight), of(blocks.targets))


def _step(recipe, state, batch, rate, progress, hyper):
    key = jax.random.fold_in(jax.random.wrap_key_data(state.key_data), state.step)
    step = Step(key, hyper, progress)
    weights = trainable(state.params)

    def penalized(weights):
        params = {**state.params, **weights}
        loss, metrics = recipe.objective(Model(recipe.network, params), batch, step)
        return loss + _penalty(weights, hyper), (loss, metrics)

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
        params={
            **state.params,
            **optax.apply_updates(weights, recipe.optimizer.scaled(updates)),
        },
        optimizer_state=optimizer_state,
        step=state.step + 1,
        since_best=state.since_best + 1,
        sums=sums,
    )


def _sums(loss, samples, metrics):
    return {"loss": loss, "samples": samples, "metrics": metrics}


def _penalty(weights, hyper):
    """The L2 penalty of the matrices of encoder, decoder and head; not of biases."""
    leaves = jax.tree.leaves([weights[part] for part in _PENALIZED if part in weights])
    squares = sum((jnp.sum(jnp.square(w)) for w in leaves if w.ndim > 1), jnp.float32(0))
    return 0.5 * hyper["alpha"] * squares


def _decaying(weights):
    """The weights for decoupled weight decay: zeros for the linear skip connection, so that it is
    not regularized.
    """
    if "linear" not in weights:
        return weights
    return {**weights, "linear": jax.tree.map(jnp.zeros_like, weights["linear"])}


def _end_segment(recipe, state, evaluation_set, stage, j, hyper):
    ends_epoch, is_evaluated = stage.ends_epoch[j], stage.n_evaluated[j] > 0
    loss = state.sums["loss"] / state.sums["samples"]
    evaluated_loss = _evaluated_loss(recipe, state, evaluation_set, stage, j, hyper)
    monitored = jnp.where(is_evaluated, evaluated_loss, loss)
    # A loop with at most one iteration, so that nothing is computed where no epoch ends.
    finite = jax.lax.fori_loop(
        0,
        ends_epoch.astype(jnp.int32),
        lambda _, finite: finite & _within_bounds(state.params),
        jnp.isfinite(monitored),
    )
    # Training may start from an infinite training loss.
    finite = finite | (stage.on_training_samples & (state.sums["samples"] == 0))
    better = finite & is_evaluated & (monitored < state.best_loss)
    # Relative to the magnitude, since a negative log-density may itself be negative.
    margin = 1.0 - stage.tolerance * jnp.sign(state.reference_loss)
    progress = finite & is_evaluated & (monitored < state.reference_loss * margin)
    since_best = jnp.where(progress, 0, state.since_best)
    stopped = ends_epoch & (~finite | (since_best >= stage.patience))
    # A loop instead of a select for each array: copies need no kernels, which saves a third of the
    # compilation time.
    best_params, best_loss, best_step = jax.lax.fori_loop(
        0,
        better.astype(jnp.int32),
        lambda _, best: (state.params, monitored, state.step),
        (state.best_params, state.best_loss, state.best_step),
    )
    metrics = jax.tree.map(lambda m: m / state.sums["samples"], state.sums["metrics"])
    record = (loss, jnp.where(is_evaluated, evaluated_loss, jnp.nan), metrics)
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


def _evaluated_loss(recipe, state, evaluation_set, stage, j, hyper):
    """The loss of the evaluation set; of training samples what training minimizes, the penalty
    included.
    """
    n_batches = stage.n_evaluated[j]
    loss = evaluate(recipe, state.params, evaluation_set, n_batches, state.key_data, hyper)
    # A loop with at most one iteration: nothing is computed where it is not needed.
    return jax.lax.fori_loop(
        0,
        (stage.on_training_samples & (n_batches > 0)).astype(jnp.int32),
        lambda _, loss: loss + _penalty(trainable(state.params), hyper),
        loss,
    )


def _within_bounds(params):
    # Concatenated instead of array by array: one kernel to compile, at about 5 ms per kernel.
    weights = jnp.concatenate([w.ravel() for w in jax.tree.leaves(trainable(params))])
    return jnp.max(jnp.abs(weights)) < _LARGEST_WEIGHT


def evaluate(recipe, params, blocks, n_batches, key_data, hyper):
    """Mean loss over mini-batches, without the L2 penalty and with the same noise each time."""
    model = Model(recipe.network, params)
    base_key = jax.random.wrap_key_data(key_data)

    def add(i, sums):
        batch = _batch(blocks, i)
        # `is_training` is a Python bool, so that the objective branches while it is traced.
        step = Step(jax.random.fold_in(base_key, i), hyper, jnp.float32(1), is_training=False)
        loss, _ = recipe.objective(model, batch, step)
        samples = jnp.sum(batch.weight > 0)
        return sums[0] + loss * samples, sums[1] + samples

    total, samples = jax.lax.fori_loop(0, n_batches, add, (jnp.float32(0), jnp.float32(0)))
    return total / samples


def metrics(recipe: Recipe, params, blocks: Blocks, hyper):
    """The metrics of one mini-batch; only their names are used, from an abstract evaluation."""
    key = jax.random.wrap_key_data(jnp.zeros(2, jnp.uint32))
    step = Step(key, hyper, jnp.float32(1))
    return recipe.objective(Model(recipe.network, params), _batch(blocks, 0), step)[1]
