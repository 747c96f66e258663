"""JAX settings that skae computes under, whatever the user's program has set.

Some of JAX's process-wide settings change the meaning of valid code: ``jax_debug_nans`` refuses the
NaN that marks a missing validation loss, ``jax_numpy_rank_promotion="raise"`` refuses to subtract a
mean from samples, another ``jax_default_prng_impl`` has keys of another shape, and
``jax_disable_jit`` refuses to compile ahead of time. Therefore every function that traces,
compiles or runs a program does so under the settings below. They apply to the current thread,
until the function returns.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext

import jax

try:
    from jax.extend.core import get_opaque_trace_state
except ImportError:  # earlier versions of JAX
    from jax.core import get_opaque_trace_state

__all__ = ["concrete_settings", "standard_settings"]

# Precision is not among them: ``jax_default_matmul_precision`` is the user's choice.
_STANDARD = {
    "debug_infs": False,
    "debug_key_reuse": False,
    "debug_nans": False,
    "default_prng_impl": "threefry2x32",
    "disable_jit": False,
    "enable_checks": False,
    "legacy_prng_key": "allow",
    "no_tracing": False,
    "numpy_dtype_promotion": "standard",
    "numpy_rank_promotion": "allow",
    "threefry_partitionable": True,
}
# State of JAX outside of jit, grad and vmap.
_OUTSIDE = get_opaque_trace_state(convention="nnx")
_TRANSFERS = ("host_to_device", "device_to_host", "device_to_device")


@contextmanager
def standard_settings() -> Iterator[None]:
    """Context and decorator: JAX's default settings, in this thread.

    Entering JAX's contexts takes a third of a millisecond, reading their values a few microseconds.
    So only the contexts of settings that differ are entered.
    """
    with ExitStack() as stack:
        for name, value in _STANDARD.items():
            if getattr(jax.config, f"jax_{name}") != value:
                stack.enter_context(getattr(jax, name)(value))
        guards = [getattr(jax.config, f"jax_transfer_guard_{kind}") for kind in _TRANSFERS]
        if any(guard not in (None, "allow") for guard in guards):
            stack.enter_context(jax.transfer_guard("allow"))
        yield


@contextmanager
def concrete_settings() -> Iterator[None]:
    """Context and decorator: `standard_settings` for functions of concrete arrays.

    Inside a user's ``jax.jit``, JAX would trace what they transfer to a device, and compiled
    programs do not accept traced arrays. Elsewhere the context would evaluate what skae traces.
    """
    with standard_settings():
        is_inside = get_opaque_trace_state(convention="nnx") != _OUTSIDE
        with jax.ensure_compile_time_eval() if is_inside else nullcontext():
            yield
