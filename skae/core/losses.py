"""Reconstruction losses, each with everything that it implies: by name, or a user's function.

A loss compares the decoder's output with the samples, entry by entry and un-reduced; callers weight
and average. To add a loss, add a `Loss` to `LOSSES`: nothing else in the package names a loss that
it does not use itself.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = [
    "LOSSES",
    "Domain",
    "LocationScale",
    "Loss",
    "absolute_error",
    "binary_cross_entropy",
    "check_loss",
    "huber",
    "squared_error",
]


def squared_error(output: Any, x: Any) -> jax.Array:
    """``(output - x)^2`` of each entry."""
    return jnp.square(output - x)


def absolute_error(output: Any, x: Any) -> jax.Array:
    """``|output - x|`` of each entry."""
    return _magnitude(output - x)


def huber(output: Any, x: Any) -> jax.Array:
    """``e^2 / 2`` where ``|e| <= 1``, else ``|e| - 1 / 2``, of each entry."""
    error = _magnitude(output - x)
    quadratic = jnp.minimum(error, 1.0)
    return quadratic * (error - 0.5 * quadratic)


def binary_cross_entropy(output: Any, x: Any) -> jax.Array:
    """``-x log p - (1 - x) log(1 - p)`` of each entry, with ``p = sigmoid(output)``.

    The absolute rounding error is at most 6e-8.
    """
    return _cross_entropy(output, x)


# One exponential and one logarithm per entry, and a custom derivative that reuses the exponential:
# with optax's formula this loss is half of the time of a training step on a CPU.
@jax.custom_jvp
def _cross_entropy(output, x):
    return jnp.maximum(output, 0) - output * x + jnp.log(1.0 + jnp.exp(-jnp.abs(output)))


@_cross_entropy.defjvp
def _cross_entropy_jvp(primals, tangents):
    (output, x), (d_output, d_x) = primals, tangents
    # The same expression as in the loss, so that XLA computes the exponential once for both.
    exponential = jnp.exp(-jnp.abs(output))
    sigmoid = jnp.where(output >= 0, 1.0, exponential) / (1.0 + exponential)
    return _cross_entropy(output, x), (sigmoid - x) * d_output - output * d_x


def _magnitude(a):
    # The derivative of jnp.abs at 0 is 1: it would move entries whose error is exactly 0.
    return jnp.maximum(a, -a)


def _identity(output):
    return output


def _unit_slope(output):
    return np.ones_like(output)


def _logit(mean):
    # At least 0.01 from 0 and 1, so that features which are nearly constant get finite outputs.
    p = np.clip(mean, 0.01, 0.99)
    return np.log(p / (1.0 - p))


def _logit_slope(output):
    """``1 / (p (1 - p))`` with ``p = sigmoid(output)``."""
    return 2.0 + np.exp(output) + np.exp(-output)


@dataclass(frozen=True)
class Domain:
    """The closed interval of entries that training with a loss accepts; it contains 0.

    Parameters
    ----------
    low, high : float
        Bounds. Infinite bounds are allowed, infinite entries are not.
    remedy : str
        What a user does with X outside of the interval, for the error message.
    """

    low: float
    high: float
    remedy: str

    def __str__(self) -> str:
        left = "(-inf" if self.low == -math.inf else f"[{self.low:g}"
        return f"{left}, inf)" if self.high == math.inf else f"{left}, {self.high:g}]"

    def rounding(self, dtype: np.dtype) -> float:
        """Distance from the interval that rounding explains, for entries of this dtype.

        Scalers return 1.0000000000000002 for the largest value. Training is in float32, so that
        smaller distances than its rounding errors do not matter.
        """
        if dtype.kind != "f":
            return 0.0
        return 4 * float(max(np.finfo(dtype).eps, np.finfo(np.float32).eps))


@dataclass(frozen=True)
class LocationScale:
    """The location-scale family of densities whose negative logarithm is a loss.

    ``-log p(x) = factor * loss((x - location) / scale) + log(scale) + constant`` of each entry.
    """

    factor: float
    constant: float


@dataclass(frozen=True)
class Loss:
    """A reconstruction loss and everything that it implies.

    Parameters
    ----------
    per_entry : callable
        ``(output, x) -> loss`` of each entry, un-reduced; a user's function may return the loss of
        each sample instead. `output` is the decoder's output.
    link : callable
        ``output -> reconstruction``, in JAX.
    inverse_link : callable
        ``mean -> output``, in NumPy: the output of which `mean` is the reconstruction. PCA
        initialization sets the decoder's bias to it, so it must be finite for every mean in the
        domain.
    inverse_link_slope : callable
        ``output -> derivative of the inverse link`` there, in NumPy. PCA initialization multiplies
        the components with it.
    domain : Domain, optional
        Interval of the entries of X in training. With a domain, the network is trained on X itself;
        without one, on standardized samples.
    location_scale : LocationScale, optional
        For losses without a domain: the likelihood's family, with a scale that is learned or
        fixed. Without it the loss itself is the negative log-likelihood.
    """

    per_entry: Callable
    link: Callable = _identity
    inverse_link: Callable = _identity
    inverse_link_slope: Callable = _unit_slope
    domain: Domain | None = None
    location_scale: LocationScale | None = None

    @property
    def standardized(self) -> bool:
        """Whether the network is trained on ``(X - mean) / scale``.

        Shifting and scaling X then changes nothing.
        """
        return self.domain is None


# The integral of exp(-huber(e)) over e.
_HUBER_INTEGRAL = math.sqrt(2 * math.pi) * math.erf(math.sqrt(0.5)) + 2 * math.exp(-0.5)


class _Losses(dict[Any, Loss]):
    """Losses by name. A user's function is a loss of standardized samples."""

    def __missing__(self, loss: Any) -> Loss:
        if not callable(loss):
            raise KeyError(loss)
        return Loss(loss)


LOSSES = _Losses(
    {
        "squared_error": Loss(
            squared_error,
            location_scale=LocationScale(factor=0.5, constant=0.5 * math.log(2 * math.pi)),
        ),
        "absolute_error": Loss(
            absolute_error,
            location_scale=LocationScale(factor=1.0, constant=math.log(2.0)),
        ),
        "huber": Loss(
            huber,
            location_scale=LocationScale(factor=1.0, constant=math.log(_HUBER_INTEGRAL)),
        ),
        "binary_cross_entropy": Loss(
            binary_cross_entropy,
            link=jax.nn.sigmoid,
            inverse_link=_logit,
            inverse_link_slope=_logit_slope,
            domain=Domain(
                0.0,
                1.0,
                "scale X with MinMaxScaler(clip=True), divide pixels by 255, or use "
                "loss='squared_error'",
            ),
        ),
    }
)


def check_loss(loss: Any, n_features: int) -> None:
    """Raise ValueError unless a user's function returns losses of entries or of samples."""
    if isinstance(loss, str):
        return
    name = f"loss={getattr(loss, '__qualname__', loss)!s}"
    if isinstance(loss, functools.partial | jax.stages.Wrapped):
        raise ValueError(
            f"{name} is a functools.partial or a result of jax.jit, whose copies are other losses: "
            "use a plain function. Training is compiled as a whole."
        )
    # Another number of samples than of features, so that their axes cannot be confused.
    shape = (3 if n_features == 2 else 2, n_features)
    x = jax.ShapeDtypeStruct(shape, np.float32)
    try:
        result = jax.eval_shape(loss, x, x)
    except Exception as error:
        raise ValueError(
            f"{name} cannot be used. It must be a function (x_hat, x) of two arrays of shape "
            "(n_samples, n_features), written with jax.numpy. It raised "
            f"{type(error).__name__}: {error}"
        ) from error
    found = getattr(result, "shape", type(result).__name__)
    is_float = jnp.issubdtype(getattr(result, "dtype", object), jnp.floating)
    if found not in (shape, shape[:1]) or not is_float:
        raise ValueError(
            f"{name} must return floating-point losses of entries, of shape (n_samples, "
            f"n_features), or of samples, of shape (n_samples,). For arrays of shape {shape} it "
            f"returned {found}"
        )
