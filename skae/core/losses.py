"""Reconstruction losses, cell by cell and un-reduced; found by name.

A loss compares the decoder's raw output with the samples. Callers weigh and average.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

__all__ = ["LOSSES", "Loss", "absolute_error", "binary_cross_entropy", "huber", "squared_error"]


def squared_error(output, x):
    """``(output - x)^2`` of each cell."""
    return jnp.square(output - x)


def absolute_error(output, x):
    """``|output - x|`` of each cell."""
    return _magnitude(output - x)


def huber(output, x):
    """``e^2 / 2`` where ``|e| <= 1``, else ``|e| - 1 / 2``, of each cell."""
    error = _magnitude(output - x)
    quadratic = jnp.minimum(error, 1.0)
    return quadratic * (error - 0.5 * quadratic)


def binary_cross_entropy(output, x):
    """``-x log p - (1 - x) log(1 - p)`` of each cell, with ``p = sigmoid(output)``, to 6e-8.

    Written with one exponential and one logarithm a cell, and with a derivative of its own: half of
    the time of a training step on a CPU is spent here otherwise.
    """
    return _cross_entropy(output, x)


@jax.custom_jvp
def _cross_entropy(output, x):
    return jnp.maximum(output, 0) - output * x + jnp.log(1.0 + jnp.exp(-jnp.abs(output)))


@_cross_entropy.defjvp
def _cross_entropy_jvp(primals, tangents):
    (output, x), (d_output, d_x) = primals, tangents
    # sigmoid by the loss's own exponential: it is computed once for both
    exponential = jnp.exp(-jnp.abs(output))
    sigmoid = jnp.where(output >= 0, 1.0, exponential) / (1.0 + exponential)
    return _cross_entropy(output, x), (sigmoid - x) * d_output - output * d_x


def _magnitude(a):
    # jax's abs has the derivative 1 at 0: cells that are met exactly would be pushed away
    return jnp.maximum(a, -a)


@dataclass(frozen=True)
class Loss:
    """A loss with what goes with it.

    Parameters
    ----------
    cell : callable
        ``(output, x) -> loss`` of each cell, un-reduced.
    link : callable
        From the decoder's raw output to the reconstruction.
    centered : bool
        Whether training runs on ``(X - mean) / s``: then shifting and scaling X changes nothing.
        Otherwise X itself is compared, and must lie in [0, 1].
    """

    cell: Callable
    link: Callable
    centered: bool


def _identity(output):
    return output


LOSSES = {
    "squared_error": Loss(squared_error, _identity, centered=True),
    "absolute_error": Loss(absolute_error, _identity, centered=True),
    "huber": Loss(huber, _identity, centered=True),
    "binary_cross_entropy": Loss(binary_cross_entropy, jax.nn.sigmoid, centered=False),
}
