"""Activation functions by name, each with the variance of its initial weights.

A function also takes the array module (``jax.numpy`` or ``numpy``), because initial codes are
computed on the host, without compilation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

__all__ = ["ACTIVATIONS", "Activation"]


def _identity(a, xp):
    del xp
    return a


def _relu(a, xp):
    return xp.where(a > 0, a, 0.0)


def _leaky_relu(a, xp):
    return xp.where(a > 0, a, 0.01 * a)


def _elu(a, xp):
    return xp.where(a > 0, a, xp.expm1(xp.where(a > 0, 0.0, a)))


def _selu(a, xp):
    return 1.0507009873554805 * xp.where(
        a > 0, a, 1.6732632423543772 * xp.expm1(xp.where(a > 0, 0.0, a))
    )


def _gelu(a, xp):
    return 0.5 * a * (1.0 + xp.tanh(0.7978845608028654 * (a + 0.044715 * a * a * a)))


def _logistic(a, xp):
    return 0.5 * (1.0 + xp.tanh(0.5 * a))


def _silu(a, xp):
    return a * _logistic(a, xp)


def _tanh(a, xp):
    return xp.tanh(a)


def _softplus(a, xp):
    # Not with jnp.abs, whose derivative at 0 is 1.
    return xp.maximum(a, 0.0) + xp.log1p(xp.exp(xp.minimum(a, -a)))


@dataclass(frozen=True)
class Activation:
    """An activation function and the initial variance of the kernel before it.

    Parameters
    ----------
    formula : callable
        ``(a, xp) -> activation`` of each entry.
    fan : {"in", "average"}
        Number of inputs of the kernel, or the mean of its numbers of inputs and outputs.
    gain : float
        The initial variance of the kernel is ``gain / fan``: He et al. 2015 (gain 2, inputs) for
        the variants of relu and gelu, LeCun (gain 1, inputs) for selu, Glorot and Bengio 2010
        (gain 1, average) for the others.
    at_zero : float
        Value at 0.
    """

    formula: Callable[[Any, Any], Any]
    fan: str
    gain: float
    at_zero: float = 0.0

    def __call__(self, a: Any, xp: Any = jnp) -> Any:
        """The activation of each entry of `a`."""
        return self.formula(a, xp)


ACTIVATIONS = {
    "identity": Activation(_identity, "average", 1.0),
    "relu": Activation(_relu, "in", 2.0),
    "leaky_relu": Activation(_leaky_relu, "in", 2.0),
    "elu": Activation(_elu, "in", 2.0),
    "selu": Activation(_selu, "in", 1.0),
    "gelu": Activation(_gelu, "in", 2.0),
    "silu": Activation(_silu, "in", 2.0),
    "tanh": Activation(_tanh, "average", 1.0),
    "logistic": Activation(_logistic, "average", 1.0, at_zero=0.5),
    "softplus": Activation(_softplus, "average", 1.0, at_zero=0.6931471805599453),
}
