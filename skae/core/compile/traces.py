"""Letting go of what jax remembers of the functions it has traced.

For each shape that one of jax's own functions (`jax.numpy.where`, an activation) was ever traced
with, jax keeps the trace, without bound: some 130 a fit of a new shape, half a megabyte. Its public
``jax.clear_caches`` frees them together with every compiled function of the user's. The caches
named here hold traces alone: what is compiled runs on, the rest is traced anew when it is next
compiled. Their names are private to jax; one that a release does not have is passed over.
"""

import sys

__all__ = ["caches", "forget_traces"]

_CACHES = {
    "jax._src.interpreters.partial_eval": "trace_to_jaxpr",
    "jax._src.pjit": "_create_pjit_jaxpr",  # before jax 0.8
}


def caches() -> list:
    """Those of `_CACHES` that this release of jax has."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _CACHES.items())
    return [cache for cache in found if hasattr(cache, "cache_clear")]


def forget_traces() -> None:
    """Empty the caches of traces."""
    for cache in caches():
        cache.cache_clear()
