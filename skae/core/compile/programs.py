"""The one cache of compiled programs: shared by all estimators, bounded, safe under threads.

A compiled program holds about 9 MB and 170 memory maps, and a Linux process may have 65,530 of
them, so the least recently used program is let go. Nothing here knows what a program computes.
"""

import ctypes
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

import jax

from skae.core.compile.traces import forget_traces

__all__ = ["MAX_PROGRAMS", "clear_programs", "compiled", "key_of"]

MAX_PROGRAMS = 128
# traces are let go once for so many programs: what is compiled next may need them
_PROGRAMS_A_CLEARING = 16
# a program that took so long leaves a hundred megabytes free in pieces: 15 ms to give them back
_LONG_SECONDS = 0.25

_programs: OrderedDict[Hashable, Callable] = OrderedDict()
_lock = threading.Lock()
_compiling: dict[Hashable, threading.Lock] = {}
_n_forgotten = 0


def compiled(function: Callable, static: Hashable, args: tuple, *, donated: tuple[int, ...] = ()):
    """The program of ``function(static, *args)`` for the shapes and the device of `args`.

    Parameters
    ----------
    function : callable
        A module-level pure function.
    static : hashable
        What the program is specialized to; compared by value.
    args : tuple of pytrees
        Arrays that stand for all others of the same shapes and types.
    donated : tuple of int
        Places in `args` whose memory the program takes for its results: they are gone afterwards.

    Returns
    -------
    program : callable
        To be called with arguments like `args`.
    seconds : float
        What compiling took; 0 where the program was there.
    """
    key = key_of(function, static, args, donated)
    program = _find(key)
    if program is not None:
        return program, 0.0
    with _lock:
        lock = _compiling.setdefault(key, threading.Lock())
    with lock:
        program = _find(key)
        if program is not None:
            return program, 0.0
        start = time.perf_counter()
        # a function object of its own, so that jax lets go of all it holds when we do
        jitted = jax.jit(lambda *a: function(static, *a), donate_argnums=donated)
        try:
            program = jitted.lower(*args).compile()
        except BaseException:
            with _lock:
                _compiling.pop(key, None)
            raise
        _keep(key, program)
        if time.perf_counter() - start > _LONG_SECONDS:
            _trim()
        return program, time.perf_counter() - start


def key_of(function: Callable, static: Hashable, args: tuple, donated=()) -> Hashable:
    """What a program depends on, as a value."""
    leaves, structure = jax.tree_util.tree_flatten(args)
    kinds = tuple((leaf.shape, leaf.dtype, getattr(leaf, "sharding", None)) for leaf in leaves)
    return function, static, structure, kinds, donated


def _find(key):
    with _lock:
        program = _programs.get(key)
        if program is not None:
            _programs.move_to_end(key)
        return program


def _keep(key, program):
    global _n_forgotten
    with _lock:
        _programs[key] = program
        _compiling.pop(key, None)
        before = _n_forgotten // _PROGRAMS_A_CLEARING
        oldest = list(_programs)[: max(0, len(_programs) - MAX_PROGRAMS)]
        forgotten = [_programs.pop(old) for old in oldest]
        _n_forgotten += len(forgotten)
        is_time = _n_forgotten // _PROGRAMS_A_CLEARING > before
    # to free a program takes a while: not under the lock
    forgotten.clear()
    if is_time:
        _give_back()


def clear_programs() -> None:
    """Forget all compiled programs and free their memory."""
    with _lock:
        _programs.clear()
    _give_back()


def _give_back():
    """Let go of jax's traces, which it holds without bound, and return memory to the system."""
    forget_traces()
    _trim()


def _trim():
    """Return what compiling leaves free: glibc holds small pieces between what lives on."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
