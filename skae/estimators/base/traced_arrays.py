"""Arguments that are traced by the user's own `jax.jit`, `jax.grad` or `jax.vmap`."""

from typing import Any

import jax

__all__ = ["refuse_traced"]


def refuse_traced(X: Any, name: str) -> None:
    """Raise TypeError for a traced array, whose values do not exist yet."""
    if isinstance(X, jax.core.Tracer):
        raise TypeError(
            f"{name} is traced by jax.jit, jax.grad or jax.vmap, but this method computes from "
            "values. Use encoder_function() or decoder_function(), which return pure JAX functions."
        )
