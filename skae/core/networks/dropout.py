"""Dropout of hidden units in networks that were built without it."""

import itertools
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

__all__ = ["apply_dropout", "with_dropout"]


def apply_dropout(x: jax.Array, key: jax.Array, rate: Any) -> jax.Array:
    """Set each entry to 0 with probability `rate` and divide the others by ``1 - rate``."""

    def drop():
        return jnp.where(jax.random.bernoulli(key, rate, x.shape), 0.0, x / (1.0 - rate))

    # The rate is traced: at 0, no random numbers are drawn.
    return jax.lax.cond(rate > 0, drop, lambda: x)


def with_dropout(function: Callable[[], Any], n_layers: int, key: jax.Array, rate: Any) -> Any:
    """Result of ``function()`` with dropout after the first `n_layers` hidden layers that it calls.

    There is no dropout in user-defined modules, whose layers are unknown, and none between the
    steps of recurrent layers.
    """
    numbers = itertools.count()

    def intercept(method, args, keywords, context):
        output = method(*args, **keywords)
        if context.method_name != "hidden_output" or (number := next(numbers)) >= n_layers:
            return output
        return apply_dropout(output, jax.random.fold_in(key, number), rate)

    with nn.intercept_methods(intercept):
        return function()
