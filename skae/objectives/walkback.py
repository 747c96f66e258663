"""Generative stochastic networks: their Markov chain, and walkback training.

A step of the chain corrupts a sample, reconstructs it, and draws the next state around the
reconstruction (Bengio et al. 2013, Alain et al. 2016). Walkback trains the network to reconstruct
a sample from states that the chain has reached. Chains run in parallel in blocks of one shape.
"""

from typing import Any

import jax
import jax.numpy as jnp

from skae.core.losses import LOSSES
from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.objectives.denoising.corruption import standard_normal

__all__ = ["noisy_output", "run_chain", "transition", "walkback_loss"]


def walkback_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Loss of reconstructions from states after 0 to ``n_walkback - 1`` steps of the chain.

    The number of steps is drawn once per batch. The gradient is that of the last reconstruction;
    it does not pass through the chain.
    """
    count_key, chain_key, output_key = jax.random.split(step.key, 3)
    n_walkback = step.hyperparameters["n_walkback"]
    n_steps = (jax.random.uniform(count_key, dtype="float32") * n_walkback).astype(int)
    # The states are constants for the gradient, which is that of the last reconstruction alone.
    fixed_params = jax.lax.stop_gradient(model.params)

    def advance(i, x):
        step_key = jax.random.fold_in(chain_key, i)
        return transition(
            model._replace(params=fixed_params),
            objective.reconstruction,
            x,
            step_key,
            step.hyperparameters,
        )

    state = jax.lax.fori_loop(0, n_steps, advance, batch.x)
    output = noisy_output(model, jax.lax.stop_gradient(state), output_key, step.hyperparameters)
    samples = objective.sample_losses(output, batch.x)
    return mean_over_samples(samples, batch.weight), {}


def noisy_output(
    model: Model, x: jax.Array, key: Any, hyperparameters: dict[str, Any]
) -> jax.Array:
    """Raw output of the decoder, with Gaussian noise on the samples and on their codes.

    ``noise_level`` is relative to the spread of the data, ``code_noise_level`` to that of each
    code.
    """
    sample_key, code_key = jax.random.split(key)
    scale = hyperparameters["noise_level"] * model.params["fixed"]["noise"]["scale"]
    z = model.encode(x + scale * standard_normal(sample_key, x.shape))
    noise = hyperparameters["code_noise_level"] * standard_normal(code_key, z.shape)
    if model.network.linear_path:
        noise = noise * model.params["fixed"]["code_scale"]
    return model.decode(z + noise)


def transition(
    model: Model, loss: Any, x: jax.Array, key: Any, hyperparameters: dict[str, Any]
) -> jax.Array:
    """Next states of the chain: draws of clean samples, given corrupted ones.

    Let s be the standard deviation of the noise, r the reconstruction and J its Jacobian. By
    Tweedie's formula, the clean samples that may have been corrupted are distributed around r
    with covariance ``s^2 J``. A draw is ``r + s J e`` with e standard normal. This is exact if J
    is a projection, as it is along a manifold. Without it, each step would shrink the states
    towards the center of the data. Feature values are clipped to their range in the training set.
    """
    noise_key, draw_key = jax.random.split(key)
    constants = model.params["fixed"]["noise"]
    direction = hyperparameters["noise_level"] * constants["scale"]
    direction = direction * standard_normal(draw_key, x.shape)

    def reconstruct(x):
        return LOSSES[loss].link(noisy_output(model, x, noise_key, hyperparameters))

    mean, deviation = jax.jvp(reconstruct, (x,), (direction,))
    return jnp.clip(mean + deviation, constants["low"], constants["high"])


def run_chain(
    static: tuple[Any, str],
    params: dict,
    x: jax.Array,
    key_data: jax.Array,
    first: jax.Array,
    n_steps: jax.Array,
    hyperparameters: dict[str, Any],
) -> jax.Array:
    """States after `n_steps` more steps. The noise of step i depends on ``first + i`` only."""
    network, loss = static
    model = Model(network, params)
    key = jax.random.wrap_key_data(key_data)

    def step(i, x):
        return transition(model, loss, x, jax.random.fold_in(key, first + i), hyperparameters)

    return jax.lax.fori_loop(0, n_steps, step, x)
