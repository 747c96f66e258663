"""Checks of user-defined modules: outputs, variables, and whether samples are independent."""

from functools import partial
from math import prod
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.errors import InvalidRngError

from skae.core.compile.settings import standard_settings

__all__ = ["check_modules", "mixes_samples", "refuse_mixed_samples"]


@standard_settings()
def check_modules(
    encoder: nn.Module, decoder: nn.Module, n_features: int, n_components: int
) -> None:
    """Check the outputs and the variables of modules, by tracing alone.

    Raises
    ------
    ValueError
        If a module fails, has variables other than real weights, draws random numbers, or does not
        return one real array of the right shape.
    """
    shape = _output_shape("encoder", encoder, n_features)
    if shape[:1] != (2,):
        raise ValueError(
            f"your encoder returns shape {shape} for 2 samples: the first axis of its output must "
            "be the samples"
        )
    if prod(shape) == 0:
        raise ValueError(
            f"your encoder returns shape {shape} for 2 samples, which holds no values: the dense "
            "layer that computes the codes needs at least one for each sample"
        )
    shape = _output_shape("decoder", decoder, n_components)
    if shape != (2, n_features):
        raise ValueError(
            f"your decoder returns shape {shape} for 2 codes of n_components={n_components}: it "
            f"must be (2, {n_features}), with the {n_features} features of X"
        )


def _initialized(module, n_inputs):
    """Initial variables, and the output for two samples."""
    x = jnp.zeros((2, n_inputs), jnp.float32)
    variables = module.init(jax.random.key(0), x)
    return variables, module.apply(variables, x)


def _output_shape(role, module, n_inputs):
    try:
        variables, output = jax.eval_shape(partial(_initialized, module, n_inputs))
    except InvalidRngError as error:
        raise ValueError(
            f"your {role} draws random numbers, but its output must be deterministic: use "
            f"deterministic=True ({str(error).splitlines()[0]})"
        ) from error
    except Exception as error:  # Code of the user can raise anything.
        message = (str(error).splitlines() or [""])[0]
        if isinstance(error, ZeroDivisionError):  # in flax's initializers
            message += " (a layer of width 0 has no weights)"
        raise ValueError(
            f"your {role} fails for an input of shape (2, {n_inputs}): {type(error).__name__}: "
            f"{message}"
        ) from error
    _check_variables(role, variables)
    if not hasattr(output, "shape"):
        raise ValueError(f"your {role} returns a {type(output).__name__}: it must return one array")
    _check_real(role, "output", output.dtype)
    return output.shape


def _check_variables(role, variables):
    if more := set(variables) - {"params"}:
        raise ValueError(
            f"your {role} has variable collections other than params: {sorted(more)}. State that "
            "is not trained, such as batch statistics, is not supported: use LayerNorm or "
            "GroupNorm."
        )
    for leaf in jax.tree.leaves(variables):
        _check_real(role, "weights", leaf.dtype)


def _check_real(role, what, dtype):
    if not jnp.issubdtype(dtype, jnp.floating):
        raise ValueError(f"your {role} has {what} of the dtype {dtype}: it must be float32")


def mixes_samples(module: nn.Module, variables: Any, key: jax.Array, n_inputs: int) -> jax.Array:
    """Whether the output for a sample changes with the other samples and its position.

    The weights are moved at random, because layers that are initialized with zeros would hide it.
    """
    leaves, structure = jax.tree.flatten(variables)
    sample_key, *keys = jax.random.split(key, 1 + len(leaves))
    moved = [
        leaf + 0.1 * jax.random.normal(key, leaf.shape, leaf.dtype)
        for leaf, key in zip(leaves, keys, strict=True)
    ]
    variables = jax.tree.unflatten(structure, moved)
    x = jax.random.normal(sample_key, (4, n_inputs), jnp.float32)
    alone: Any = module.apply(variables, x[:2])
    others: Any = module.apply(variables, x[jnp.array([2, 0, 3])])
    difference = jnp.max(jnp.abs(alone[0] - others[1]))
    # Not finite in one of them alone is a difference too; in both, the comparison is impossible.
    finite = jnp.isfinite(alone[0]).all(), jnp.isfinite(others[1]).all()
    is_large = difference > 1e-3 * jnp.max(jnp.abs(alone[0]))
    return jnp.where(finite[0] & finite[1], is_large, finite[0] != finite[1])


def refuse_mixed_samples(is_mixed: dict[str, Any]) -> None:
    """Raise ValueError for a module whose samples depend on each other, by its role."""
    for role in is_mixed:
        if is_mixed[role]:
            raise ValueError(
                f"your {role} mixes samples: its output for a sample changes with the other "
                "samples of a batch or with their number. Compute statistics over features "
                "(axis=-1), as nn.LayerNorm does, not over samples (axis=0)."
            )
