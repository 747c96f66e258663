"""Shapes of what a function would return, each found once: tracing takes a tenth of a second."""

from collections.abc import Callable, Hashable
from functools import lru_cache

import jax

__all__ = ["output_shapes"]


def output_shapes(function: Callable, static: Hashable, args: tuple):
    """The shapes that ``function(static, *args)`` would return; nothing is computed.

    Parameters
    ----------
    function : callable
        A module-level pure function.
    static : hashable
        What it is specialized to; compared by value.
    args : tuple of pytrees
        Arrays that stand for all others of the same shapes and types.

    Returns
    -------
    shapes : pytree of jax.ShapeDtypeStruct
    """
    leaves, structure = jax.tree.flatten(args)
    return _traced(function, static, structure, tuple((x.shape, x.dtype) for x in leaves))


@lru_cache(maxsize=256)
def _traced(function, static, structure, kinds):
    shapes = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in kinds]
    args = jax.tree.unflatten(structure, shapes)
    return jax.eval_shape(lambda *given: function(static, *given), *args)
