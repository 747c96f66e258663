"""Output shapes of functions, traced once for each combination of input shapes.

Tracing takes about a tenth of a second.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

import jax

from skae.core.compile.settings import standard_settings

__all__ = ["clear_shapes", "output_shapes"]


@standard_settings()
def output_shapes(function: Callable, static: Hashable, args: tuple) -> Any:
    """Shapes and dtypes that ``function(static, *args)`` would return, without computing it.

    Parameters
    ----------
    function : callable
        A module-level pure function.
    static : hashable
        Static argument; compared by value.
    args : tuple of pytrees
        Example arguments, which determine shapes and dtypes.

    Returns
    -------
    shapes : pytree of jax.ShapeDtypeStruct
    """
    leaves, structure = jax.tree.flatten(args)
    return _traced(function, static, structure, tuple((x.shape, x.dtype) for x in leaves))


@lru_cache(maxsize=256)
def _traced(function: Callable, static: Hashable, structure: Any, kinds: tuple) -> Any:
    shapes = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in kinds]
    args = jax.tree.unflatten(structure, shapes)
    return jax.eval_shape(lambda *given: function(static, *given), *args)


def clear_shapes() -> None:
    """Remove all cached shapes."""
    _traced.cache_clear()
