"""Cache of compiled programs: shared by all estimators, bounded and thread-safe.

A compiled program takes about 9 MB and 170 memory maps, and a Linux process may have 65,530 maps.
So the cache keeps the `MAX_PROGRAMS` most recently used programs.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import jax

__all__ = ["MAX_PROGRAMS", "clear_programs", "compiled", "key_of"]

MAX_PROGRAMS = 128

_programs: OrderedDict[Hashable, Callable] = OrderedDict()
_lock = threading.Lock()
_compiling: dict[Hashable, threading.Lock] = {}


def compiled(
    function: Callable,
    static: Hashable,
    args: tuple,
    *,
    donated: tuple[int, ...] = (),
    on_compile: Callable[[], None] | None = None,
) -> tuple[Callable, float]:
    """The program of ``function(static, *args)`` for the shapes and the device of `args`.

    Parameters
    ----------
    function : callable
        A module-level pure function.
    static : hashable
        Static argument that the program is specialized to; compared by value.
    args : tuple of pytrees
        Example arguments, which determine shapes and dtypes.
    donated : tuple of int
        Indices of the arguments whose buffers are donated to the results. They must not be used
        after the call.
    on_compile : callable, optional
        Called before a program is compiled.

    Returns
    -------
    program : callable
        Accepts arguments with the shapes and dtypes of `args`.
    seconds : float
        Compilation time; 0 for a cached program.
    """
    key = key_of(function, static, args, donated)
    program = _find(key)
    if program is not None:
        return program, 0.0
    # of several threads that need the same program, one compiles it and the others wait
    with _lock:
        lock = _compiling.setdefault(key, threading.Lock())
    with lock:
        program = _find(key)
        if program is not None:
            return program, 0.0
        if on_compile is not None:
            on_compile()
        start = time.perf_counter()
        # A new function object for each program: JAX's own caches refer to it weakly, so what they
        # hold for it is freed together with the program.
        jitted = jax.jit(lambda *a: function(static, *a), donate_argnums=donated)
        try:
            program = jitted.lower(*args).compile()
        except BaseException:
            with _lock:
                _compiling.pop(key, None)
            raise
        _store(key, program)
        return program, time.perf_counter() - start


def key_of(
    function: Callable, static: Hashable, args: tuple, donated: tuple[int, ...] = ()
) -> Hashable:
    """Everything that a program depends on, as a hashable value."""
    leaves, structure = jax.tree_util.tree_flatten(args)
    kinds = tuple((leaf.shape, leaf.dtype, getattr(leaf, "sharding", None)) for leaf in leaves)
    return function, static, structure, kinds, donated, *_ambient()


def _ambient() -> tuple:
    """JAX's settings that programs follow (`standard_settings` fixes the others)."""
    config: Any = jax.config
    return config.jax_default_matmul_precision, config.jax_enable_x64


def _find(key: Hashable) -> Callable | None:
    with _lock:
        program = _programs.get(key)
        if program is not None:
            _programs.move_to_end(key)
        return program


def _store(key: Hashable, program: Callable) -> None:
    with _lock:
        _programs[key] = program
        _compiling.pop(key, None)
        oldest = list(_programs)[: max(0, len(_programs) - MAX_PROGRAMS)]
        removed: list[Any] = [_programs.pop(old) for old in oldest]
    # freeing a program takes a while, so not while holding the lock
    removed.clear()


def clear_programs() -> None:
    """Remove all compiled programs."""
    with _lock:
        removed = list(_programs.values())
        _programs.clear()
    removed.clear()
