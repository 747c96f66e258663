"""Optimizers by name or as an optax factory, and learning rate schedules as arrays.

An optimizer is a value that compares and hashes by its factory and arguments, so that clones of an
estimator share one compiled program.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import optax

from skae.core.compile.settings import standard_settings
from skae.core.training.muon import muon

__all__ = ["OPTIMIZERS", "SCHEDULES", "Optimizer", "learning_rates", "resolve_optimizer"]

OPTIMIZERS: dict[str, Callable] = {
    "adam": optax.adam,
    "adamw": optax.adamw,
    "nadam": optax.nadam,
    "rmsprop": optax.rmsprop,
    "sgd": optax.sgd,
    "nesterov": functools.partial(optax.sgd, momentum=0.9, nesterov=True),
    "lion": optax.lion,
    "muon": muon,
}

_ADAPTIVE = ("adam", "adamw", "nadam", "muon")

# Fan-in up to which the learning rate is used as it is.
_ORDINARY_FAN_IN = 1024


@dataclass(frozen=True)
class Optimizer:
    """An optax factory with bound arguments; called with a traced learning rate.

    ``n_features`` is that of the samples where it exceeds 1,024: see `scaled`.
    """

    factory: Callable
    args: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()
    n_features: int | None = None

    def __call__(self, learning_rate) -> optax.GradientTransformation:
        """The optax transformation with this learning rate."""
        return self.factory(*self.args, learning_rate=learning_rate, **dict(self.keywords))

    def scaled(self, updates):
        """Updates of the weights, smaller for matrices that sum over more than 1,024 inputs.

        Adam and its variants change each weight by about the learning rate, so that a sum over
        n inputs changes by n times as much. The updates of kernels of the encoder are multiplied by
        ``1024 / fan_in``, as maximal update parametrization does (Yang et al. 2022, Tensor
        Programs V), and those of the linear skip connection, whose weights are of order
        ``n_features ** -0.5``, by ``(1024 / n_features) ** 0.5``. So a step changes codes and
        hidden units by the same fraction of their spread, whatever the number of features.
        """
        n_features = self.n_features
        if n_features is None:
            return updates
        return jax.tree_util.tree_map_with_path(
            lambda path, update: update * _rate_factor(path[0].key, update.shape, n_features),
            updates,
        )

    def initial_state(self, params):
        """The state before the first step, as NumPy arrays."""
        leaves, structure = jax.tree.flatten(params)
        kinds = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        # Most optimizers start at constants. Tracing finds them in a few milliseconds; compiling
        # `init` would take 0.15 s of processor time for each new network.
        shapes, constants = _initial_constants(self, structure, kinds)
        if any(constant is None for constant in constants):
            return jax.device_get(jax.jit(self(1e-3).init)(params))
        leaves, structure = jax.tree.flatten(shapes)
        pairs = zip(leaves, constants, strict=True)
        return jax.tree.unflatten(structure, [np.full(x.shape, c, x.dtype) for x, c in pairs])


def _rate_factor(part: str, shape: tuple[int, ...], n_features: int) -> float:
    """Factor of the learning rate of an array of `shape` in a part of the weights."""
    if len(shape) < 2:
        return 1.0
    if part == "linear":
        return math.sqrt(_ORDINARY_FAN_IN / n_features)
    fan_in = math.prod(shape[:-1])
    return min(1.0, _ORDINARY_FAN_IN / fan_in) if part == "encoder" else 1.0


@functools.lru_cache(maxsize=256)
def _initial_constants(optimizer, structure, kinds):
    """Shapes of the arrays in an optimizer's initial state, and the constant in each, or None."""
    params = jax.tree.unflatten(structure, [jax.ShapeDtypeStruct(*kind) for kind in kinds])
    traced, shapes = jax.make_jaxpr(optimizer(1e-3).init, return_shape=True)(params)
    filled = {
        equation.outvars[0]: getattr(equation.invars[0], "val", None)
        for equation in traced.eqns
        if equation.primitive.name == "broadcast_in_dim"
    }
    # an output that is a literal has its value itself, and is not hashable
    outs = traced.jaxpr.outvars
    return shapes, [out.val if hasattr(out, "val") else filled.get(out) for out in outs]


@standard_settings()
def resolve_optimizer(optimizer, n_features: int | None = None) -> Optimizer:
    """An `Optimizer` for a name, a factory such as ``optax.adamw`` or a partial of one.

    Adam and its variants, if chosen by name, have ``eps = 1e-4 / n_features``, since gradients of a
    mean over features decrease with their number. At the PCA initialization the encoder's gradient
    is exactly 0; with optax's eps of 1e-8, rounding errors alone would lead to full steps.
    """
    named = optimizer
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise ValueError(
                f"optimizer={optimizer!r} is not one of {sorted(OPTIMIZERS)} or an optax factory."
            )
        optimizer = OPTIMIZERS[optimizer]
        if named in _ADAPTIVE and n_features is not None:
            optimizer = functools.partial(optimizer, eps=1e-4 / n_features)
        if named == "muon":
            optimizer = functools.partial(optimizer, n_features=n_features)
    args: tuple = ()
    keywords: dict = {}
    while isinstance(optimizer, functools.partial):
        args, keywords = optimizer.args + args, {**optimizer.keywords, **keywords}
        optimizer = optimizer.func
    wide = n_features if n_features is not None and n_features > _ORDINARY_FAN_IN else None
    resolved = Optimizer(optimizer, args, tuple(sorted(keywords.items())), wide)
    try:
        hash(resolved)
    except TypeError:
        raise ValueError(
            f"optimizer={optimizer!r} has arguments that are not hashable ({args}, {keywords}). "
            "Use numbers, strings, tuples and functions."
        ) from None
    _check_optimizer(resolved)
    return resolved


@functools.lru_cache(maxsize=64)
def _check_optimizer(optimizer: Optimizer) -> None:
    name = getattr(optimizer.factory, "__name__", repr(optimizer.factory))
    weights = {"weight": jax.ShapeDtypeStruct((2,), np.float32)}

    def one_update(weights):
        transform = optimizer(1e-3)
        updates, _ = transform.update(weights, transform.init(weights), weights)
        return updates

    try:
        jax.eval_shape(one_update, weights)
    except Exception as error:
        raise ValueError(
            f"optimizer={name} cannot be used. It must be an optax factory that accepts "
            "learning_rate=... and whose update needs only gradients, state and weights "
            f"(no value_fn). It raised {type(error).__name__}: {error}"
        ) from error


def _constant(progress):
    return np.ones_like(progress)


def _cosine(progress):
    return 0.5 * (1.0 + np.cos(np.pi * progress))


def _exponential(progress):
    return 0.01**progress


SCHEDULES = {"constant": _constant, "cosine": _cosine, "exponential": _exponential}


def learning_rates(schedule: str, rate: float, warm_up: float, total: int, steps) -> np.ndarray:
    """Learning rate of each of `steps` (0-based) out of `total`, float32.

    During the first ``warm_up * total`` steps the learning rate increases linearly to `rate`. Then
    it is constant ("constant"), decreases to 0 as half a cosine ("cosine") or exponentially by a
    factor of 100 ("exponential"). After `total` steps the last learning rate is used.
    """
    steps = np.asarray(steps, dtype=np.float64)
    rise = max(1.0, np.ceil(warm_up * total))
    progress = np.clip((steps - rise) / max(1.0, total - rise), 0.0, 1.0)
    factor = np.minimum(1.0, (steps + 1.0) / rise) if warm_up > 0 else 1.0
    return (rate * factor * SCHEDULES[schedule](progress)).astype(np.float32)
