"""The pullback metric: how far reconstructions move for small changes of the code."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.compile.programs import compiled
from skae.core.compile.settings import concrete_settings
from skae.core.inference import BLOCK_SAMPLES, decode
from skae.core.networks import Network

__all__ = ["pullback_metric"]

# Activations are linear or constant beyond; derivatives of cubes, as in gelu, overflow at 1e13.
_FARTHEST = 1e6


@concrete_settings()
def pullback_metric(
    static: tuple[Network, str], params: Any, codes: np.ndarray, device: jax.Device
) -> np.ndarray:
    """Mean over codes of J'J, where J is the decoder's Jacobian, in standardized units.

    Parameters
    ----------
    static : tuple (network, name of the loss)
    params : pytree of arrays
    codes : ndarray of shape (n_samples, n_components)
    device : jax.Device

    Returns
    -------
    metric : ndarray of shape (n_components, n_components)
        float64, symmetric.
    """
    n_samples, n_components = codes.shape
    total = np.zeros((n_components, n_components))
    params = jax.device_put(params, device)
    for start in range(0, n_samples, BLOCK_SAMPLES):
        block = np.zeros((BLOCK_SAMPLES, n_components), np.float32)
        part = np.clip(codes[start : start + BLOCK_SAMPLES], -_FARTHEST, _FARTHEST)
        block[: len(part)] = part
        arguments = jax.device_put((block, np.arange(BLOCK_SAMPLES) < len(part)), device)
        program, _ = compiled(_sum_of_squares, static, (params, *arguments))
        total += np.asarray(program(params, *arguments), np.float64)
    return (total + total.T) / (2 * n_samples)


def _sum_of_squares(static, params, codes, is_sample):
    """Sum of J'J over a block, without its padding."""

    # One code at a time: a Jacobian has n_features * n_components entries.
    def add(total, code_and_mask):
        code, is_counted = code_and_mask
        jacobian = jax.jacfwd(lambda z: decode(static, params, z[None])[0])(code)
        return total + jnp.where(is_counted, jacobian.T @ jacobian, 0), None

    start = jnp.zeros((codes.shape[1], codes.shape[1]), codes.dtype)
    return jax.lax.scan(add, start, (codes, is_sample))[0]
