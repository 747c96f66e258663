"""Prior distributions of codes, by name, and the discrepancy between codes and their draws."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["PRIORS", "Prior", "maximum_mean_discrepancy", "mixture_centers"]

# Standard deviation of each component of the mixture, whose own standard deviation is 1.
_COMPONENT_DEVIATION = 0.3


@dataclass(frozen=True)
class Prior:
    """A prior distribution of codes.

    ``draw(key, shape, centers)`` draws codes with JAX, ``draw_on_host(rng, shape, centers)`` with
    NumPy. ``deviation`` is the standard deviation of each dimension. Only a mixture uses centers.
    """

    draw: Callable
    draw_on_host: Callable
    deviation: float


def _gaussian(key, shape, centers):
    del centers
    return jax.random.normal(key, shape, jnp.float32)


def _gaussian_on_host(rng, shape, centers):
    del centers
    return rng.standard_normal(shape)


def _uniform(key, shape, centers):
    del centers
    return jax.random.uniform(key, shape, jnp.float32, minval=-1.0, maxval=1.0)


def _uniform_on_host(rng, shape, centers):
    del centers
    return rng.uniform(-1.0, 1.0, shape)


def _mixture(key, shape, centers):
    component_key, noise_key = jax.random.split(key)
    component = jax.random.randint(component_key, shape[:1], 0, centers.shape[0])
    return centers[component] + _COMPONENT_DEVIATION * jax.random.normal(
        noise_key, shape, jnp.float32
    )


def _mixture_on_host(rng, shape, centers):
    component = rng.integers(0, len(centers), shape[0])
    return centers[component] + _COMPONENT_DEVIATION * rng.standard_normal(shape)


PRIORS = {
    "gaussian": Prior(_gaussian, _gaussian_on_host, 1.0),
    "uniform": Prior(_uniform, _uniform_on_host, 3.0**-0.5),
    "gaussian_mixture": Prior(_mixture, _mixture_on_host, 1.0),
}


def mixture_centers(n_centers: int, n_components: int) -> np.ndarray:
    """Centers of the components of a Gaussian mixture, of shape (n_centers, n_components).

    They are deterministic. The mixture has mean 0 and variance 1 in each dimension.
    """
    centers = np.random.default_rng(0).standard_normal((n_centers, n_components))
    if n_components <= 2:
        # Random centers would overlap in so few dimensions: a line or a circle separates them.
        angle = 2 * np.pi * np.arange(n_centers) / n_centers
        line = np.linspace(-1.0, 1.0, n_centers) if n_centers > 1 else np.zeros(1)
        circle = np.column_stack([np.cos(angle), np.sin(angle)])
        centers = circle if n_components == 2 else line[:, None]
    centers = centers - centers.mean(axis=0)
    spread = np.sqrt(np.mean(np.square(centers), axis=0))
    unit = np.sqrt(1.0 - _COMPONENT_DEVIATION**2) / np.where(spread > 1e-12, spread, 1.0)
    return (centers * unit).astype(np.float32)


def maximum_mean_discrepancy(z: jax.Array, weight: jax.Array, draws: jax.Array) -> jax.Array:
    """Unbiased squared maximum mean discrepancy between weighted codes and draws.

    The kernel is ``exp(-|a - b|^2 / (2 * n_components))`` (Gretton et al. 2012).
    """

    def kernel(a, b):
        squares = jnp.sum(jnp.square(a), -1)[:, None] + jnp.sum(jnp.square(b), -1)
        return jnp.exp(-(squares - 2.0 * a @ b.T) / (2.0 * a.shape[-1]))

    def within(a, w):
        pairs = jnp.sum(w) ** 2 - jnp.sum(jnp.square(w))
        total = w @ kernel(a, a) @ w - jnp.sum(jnp.square(w))
        # A single sample has no pairs: the kernel of a sample with itself is used.
        return jnp.where(pairs > 0, total / jnp.maximum(pairs, 1e-12), 1.0)

    ones = jnp.ones(draws.shape[0], draws.dtype)
    across = weight @ kernel(z, draws) @ ones / jnp.maximum(jnp.sum(weight) * len(ones), 1e-12)
    return within(z, weight) + within(draws, ones) - 2.0 * across
