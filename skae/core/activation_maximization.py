"""Activation maximization: samples that maximize a unit's activation, by gradient ascent.

Pure functions in standardized units; `core.networks.captured_activations` defines the activation.
"""

from typing import Any

import jax
import jax.numpy as jnp

from skae.core.networks import Network
from skae.core.networks.captured_activations import excitation

__all__ = ["gradient_ascent", "project"]


def project(x: jax.Array, center: jax.Array, bounds: dict[str, jax.Array]) -> jax.Array:
    """Samples moved into the box, then towards the center into the ball.

    The center is moved into the box first. Both sets are convex, so the second move does not leave
    the box.
    """
    x = jnp.clip(x, bounds["low"], bounds["high"])
    center = jnp.clip(center, bounds["low"], bounds["high"])
    length = jnp.linalg.norm(x - center, axis=1, keepdims=True)
    return center + (x - center) * jnp.minimum(1.0, bounds["radius"] / jnp.maximum(length, 1e-12))


def gradient_ascent(
    static: tuple[Network, str],
    params: Any,
    x: jax.Array,
    units: jax.Array,
    center: jax.Array,
    bounds: dict[str, jax.Array],
    n_steps: int,
) -> tuple[jax.Array, jax.Array]:
    """Gradient ascent from samples `x`, each on the activation of its own unit of one layer.

    Steps follow the normalized gradient, so that the scale of a unit does not matter. Their length
    decreases linearly from a quarter of the radius to 0.

    Parameters
    ----------
    static : tuple (network, name of a layer)
    params : dict
        The network's weights.
    x : array of shape (n_samples, n_features)
        Starting points.
    units : integer array of shape (n_samples,)
    center : array of shape (n_features,)
        Center of the ball.
    bounds : dict
        "radius" of the ball, and arrays "low" and "high" of shape (n_features,) of the box;
        infinite where there is no bound. "step" is the finite length used as radius in the steps.
    n_steps : integer

    Returns
    -------
    x : array of shape (n_samples, n_features)
        The best sample found from each start.
    values : array of shape (n_samples,)
        The activations of their units.
    """

    def activation(x):
        values = excitation(static, params, x)
        chosen = jnp.take_along_axis(values, units[:, None], axis=1)[:, 0]
        return jnp.sum(chosen), chosen

    value_and_grad = jax.value_and_grad(activation, has_aux=True)

    def step(i, state):
        x, best, highest = state
        (_, values), gradient = value_and_grad(x)
        better = values > highest
        best, highest = jnp.where(better[:, None], x, best), jnp.where(better, values, highest)
        length = jnp.linalg.norm(gradient, axis=1, keepdims=True)
        rate = 0.25 * bounds["step"] * (1.0 - i / n_steps)
        x = x + rate * gradient / jnp.maximum(length, 1e-30)
        return project(x, center, bounds), best, highest

    x = project(x, center, bounds)
    worst = jnp.full(x.shape[0], -jnp.inf, x.dtype)
    x, best, highest = jax.lax.fori_loop(0, n_steps, step, (x, x, worst))
    _, values = activation(x)
    better = values > highest
    return jnp.where(better[:, None], x, best), jnp.where(better, values, highest)
