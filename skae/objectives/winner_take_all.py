"""The winner-take-all objective: sparsity masks on the codes of a batch (Makhzani and Frey 2015).

Lifetime sparsity: each unit keeps its largest activations over the samples of a batch. Spatial
sparsity: each feature map of a convolutional encoder keeps its largest activation only.
"""

from typing import Any

import jax
import jax.numpy as jnp

from skae.core.networks import Model
from skae.core.networks.maps import spatial_sparsity_mask
from skae.core.objective import Batch, Objective, Step, mean_over_samples

__all__ = [
    "convolutional_winner_take_all_loss",
    "keep_winners",
    "lifetime_sparsity_mask",
    "winner_take_all_loss",
]


def winner_take_all_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Loss of reconstructions from codes with lifetime sparsity."""
    z = keep_winners(model.encode(batch.x), batch.weight, step.hyperparameters["sparsity_rate"])
    samples = objective.sample_losses(model.decode(z), batch.x)
    return mean_over_samples(samples, batch.weight), {}


def convolutional_winner_take_all_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Loss of reconstructions from feature maps with spatial and lifetime sparsity."""
    network: Any = model.network  # of feature maps
    maps = network.maps(model.params, batch.x)
    rate = step.hyperparameters["sparsity_rate"]
    samples = lifetime_sparsity_mask(maps.max(axis=1), batch.weight, rate)
    winners = jnp.where(spatial_sparsity_mask(maps) & samples[:, None, :], maps, 0.0)
    losses = objective.sample_losses(network.decode_maps(model.params, winners), batch.x)
    return mean_over_samples(losses, batch.weight), {}


def keep_winners(z: jax.Array, weight: jax.Array, rate: jax.Array | float) -> jax.Array:
    """Codes of a batch, with each unit's activations set to 0 outside its largest `rate` share."""
    return jnp.where(lifetime_sparsity_mask(z, weight, rate), z, 0.0)


def lifetime_sparsity_mask(z: jax.Array, weight: jax.Array, rate: jax.Array | float) -> jax.Array:
    """Mask of each unit's largest activations over the samples of a batch.

    Samples count by their weight. An activation is kept if the total weight of samples with a
    larger one is below the share `rate`. So at least one is kept.

    Parameters
    ----------
    z : array of shape (n_samples, n_units)
    weight : array of shape (n_samples,)
    rate : float
        Above 0, at most 1.

    Returns
    -------
    mask : bool array of shape (n_samples, n_units)
    """
    # Slightly below the exact share, so that rounding never admits one more sample.
    fixed, share = jax.lax.stop_gradient(z), rate * jnp.sum(weight) * (1 - 1e-5)
    low, high = jnp.min(fixed, axis=0) - 1.0, jnp.max(fixed, axis=0)

    # Each unit's threshold is found by bisection, which on a CPU takes a thirtieth of the time of
    # sorting.
    def halve(_, bounds):
        low, high = bounds
        middle = 0.5 * (low + high)
        too_many = weight @ (fixed > middle) >= share
        return jnp.where(too_many, middle, low), jnp.where(too_many, high, middle)

    low, _ = jax.lax.fori_loop(0, 32, halve, (low, high))
    return fixed > low
