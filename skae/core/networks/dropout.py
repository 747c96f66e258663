"""What happens to the output of every hidden layer: it can be looked at, and units be dropped."""

import itertools
from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

__all__ = ["HiddenLayers", "dropped", "with_dropout"]


class HiddenLayers(nn.Module):
    """Base of modules that hand what each hidden layer gives to `hidden`."""

    def hidden(self, x):
        """What a hidden layer gives, noted where flax is asked to, and passed on."""
        self.sow("intermediates", "hidden", x)
        return x


def dropped(x, key, rate):
    """Each cell 0 with probability `rate`, else divided by ``1 - rate``."""

    def drop():
        return jnp.where(jax.random.bernoulli(key, rate, x.shape), 0.0, x / (1.0 - rate))

    return jax.lax.cond(rate > 0, drop, lambda: x)


def with_dropout(function: Callable, n_layers: int, key, rate):
    """What ``function()`` gives while units of its first `n_layers` hidden layers are dropped.

    None of a user's own modules, whose layers are not known, and none between recurrent cells.
    """
    numbers = itertools.count()

    def intercept(method, args, keywords, context):
        output = method(*args, **keywords)
        if context.method_name != "hidden" or (number := next(numbers)) >= n_layers:
            return output
        return dropped(output, jax.random.fold_in(key, number), rate)

    with nn.intercept_methods(intercept):
        return function()
