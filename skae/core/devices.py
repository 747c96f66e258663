"""Devices by name, and the default device."""

from typing import Any

import jax

__all__ = ["default_device", "find_device"]


def default_device() -> Any:
    """The device that JAX uses by default: of ``jax_default_device``, else the first one.

    Raises
    ------
    RuntimeError
        If JAX finds none, as with ``JAX_PLATFORMS=cuda`` on a machine without a GPU.
    """
    chosen = jax.config.jax_default_device  # type: ignore[attr-defined]
    if chosen is not None and not isinstance(chosen, str):
        return chosen
    try:
        return jax.local_devices(backend=chosen)[0]
    # JAX raises a bare AssertionError where the platforms that it may use have no device.
    except (AssertionError, RuntimeError) as error:
        platforms = jax.config.jax_platforms  # type: ignore[attr-defined]
        raise RuntimeError(
            f"JAX finds no device (JAX_PLATFORMS or jax_platforms: {platforms!r}"
            f"{f', jax_default_device: {chosen!r}' if chosen else ''}). Unset it or add 'cpu', as "
            "in JAX_PLATFORMS=cuda,cpu; for a GPU, install JAX with CUDA support: "
            f'pip install "jax[cuda12]". {error}'.rstrip()
        ) from error


def find_device(name: str | None, *, or_default: bool = False) -> Any:
    """JAX's device of that name; None for None (JAX's default device).

    With `or_default`, the result is None for an unavailable device as well: a model fitted on a GPU
    can then be used on a machine without one.
    """
    if name is None:
        return None
    platform, _, number = name.lower().partition(":")
    platform = "gpu" if platform == "cuda" else platform  # the name in PyTorch
    try:
        return jax.local_devices(backend=platform)[int(number or 0)]
    except (AssertionError, RuntimeError, IndexError, ValueError):
        if or_default:
            return None
        first = default_device()
        available = sorted({device.platform for device in jax.local_devices()} | {first.platform})
        raise ValueError(
            f"device={name!r} is not available: use None or one of {available}, optionally with an "
            "index as in 'cpu:0'"
        ) from None
