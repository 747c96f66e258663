"""Frees the memory of compiled programs and of JAX's traces, when the user requests it."""

import ctypes
import sys
from typing import Any

from skae.core.compile.programs import clear_programs
from skae.core.compile.shapes import clear_shapes

__all__ = ["clear_caches", "trace_caches"]

# For each shape that one of JAX's own functions (`jax.numpy.where`, an activation) was traced with,
# JAX keeps the trace as long as the function exists: about 130 traces, half a megabyte, for a fit
# with new shapes. These caches hold traces only, no compiled functions. Their names are private to
# JAX, so a release may lack them.
_TRACE_CACHES = {
    "jax._src.interpreters.partial_eval": "trace_to_jaxpr",
    "jax._src.pjit": "_create_pjit_jaxpr",  # before jax 0.8
}


def clear_caches() -> None:
    """Free the memory of compiled programs and of JAX's traces.

    skae keeps the 128 most recently used compiled programs of a process, about 9 MB each, so that
    fits with the same shapes need no compilation. JAX also keeps a trace of each of its functions
    for each shape, about half a megabyte for a fit with new shapes, without limit. Call this
    function in a long-running process that fits data of ever new shapes, for example after every
    hundredth fit.

    Fitted estimators remain usable. The next fit or transform compiles its programs again, which
    takes about a second. Functions that you compiled with `jax.jit` are not removed. On Linux,
    freed memory is returned to the operating system.

    See Also
    --------
    jax.clear_caches : Clear all caches of JAX, including your own compiled functions.

    Examples
    --------
    >>> import skae
    >>> skae.clear_caches()
    """
    clear_programs()
    clear_shapes()
    for cache in trace_caches():
        cache.cache_clear()
    _trim_memory()


def trace_caches() -> list[Any]:
    """JAX's caches of traces in the installed release."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _TRACE_CACHES.items())
    return [cache for cache in found if hasattr(cache, "cache_clear")]


def _trim_memory() -> None:
    """Return free memory to the system: glibc keeps fragments between blocks still in use."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
