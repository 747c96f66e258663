"""Samples that excite a unit most, by gradient ascent on the sample.

Pure, in units of training; what excites is told by `core.networks.layers`.
"""

import jax
import jax.numpy as jnp

from skae.core.networks.captured_activations import excitation

__all__ = ["ascend", "within"]


def within(x, center, bounds):
    """Samples moved to the nearest place of the box, and of the ball if they are outside.

    Both are convex, and the ball's center is moved into the box first: drawing a sample towards it
    does not leave the box.
    """
    x = jnp.clip(x, bounds["low"], bounds["high"])
    center = jnp.clip(center, bounds["low"], bounds["high"])
    length = jnp.linalg.norm(x - center, axis=1, keepdims=True)
    return center + (x - center) * jnp.minimum(1.0, bounds["radius"] / jnp.maximum(length, 1e-12))


def ascend(static, params, x, units, center, bounds, n_steps):
    """Climb from samples `x`, each towards what excites its own unit of one layer.

    Steps are along the gradient with its length left out, and shrink from a quarter of the radius
    to nothing, so that the scale of a unit does not matter.

    Parameters
    ----------
    static : tuple (network, name of a layer)
    params : dict
        The network's weights.
    x : array of shape (samples, n_features)
        Where to start.
    units : integer array of shape (samples,)
    center : array of shape (n_features,)
        Of the ball.
    bounds : dict
        "radius" of the ball and "low" and "high" of each cell, arrays of shape (n_features,);
        infinite where there is no bound. "step" is a length that stands for the radius.
    n_steps : integer

    Returns
    -------
    x : array of shape (samples, n_features)
        The best sample met from each start.
    values : array of shape (samples,)
        How much these excite their units.
    """

    def excited(x):
        values = excitation(static, params, x)
        chosen = jnp.take_along_axis(values, units[:, None], axis=1)[:, 0]
        return jnp.sum(chosen), chosen

    climb = jax.value_and_grad(excited, has_aux=True)

    def step(i, state):
        x, best, highest = state
        (_, values), slope = climb(x)
        better = values > highest
        best, highest = jnp.where(better[:, None], x, best), jnp.where(better, values, highest)
        length = jnp.linalg.norm(slope, axis=1, keepdims=True)
        rate = 0.25 * bounds["step"] * (1.0 - i / n_steps)
        return within(x + rate * slope / jnp.maximum(length, 1e-30), center, bounds), best, highest

    x = within(x, center, bounds)
    worst = jnp.full(x.shape[0], -jnp.inf, x.dtype)
    x, best, highest = jax.lax.fori_loop(0, n_steps, step, (x, x, worst))
    _, values = excited(x)
    better = values > highest
    return jnp.where(better[:, None], x, best), jnp.where(better, values, highest)
