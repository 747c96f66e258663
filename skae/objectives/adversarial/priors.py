"""Distributions that codes are to have, by name, and how far codes are from draws of one."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["PRIORS", "Prior", "maximum_mean_discrepancy", "mixture_centers"]

# of each Gaussian of a mixture, in units of the mixture's own standard deviation
_MIXTURE_WIDTH = 0.3


@dataclass(frozen=True)
class Prior:
    """``draw(key, shape, centers)`` in a compiled program, ``draw_on_host(rng, shape, centers)``
    outside; ``deviation`` of each dimension. Only a mixture has centers.
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
    which_key, noise_key = jax.random.split(key)
    which = jax.random.randint(which_key, shape[:1], 0, centers.shape[0])
    return centers[which] + _MIXTURE_WIDTH * jax.random.normal(noise_key, shape, jnp.float32)


def _mixture_on_host(rng, shape, centers):
    which = rng.integers(0, len(centers), shape[0])
    return centers[which] + _MIXTURE_WIDTH * rng.standard_normal(shape)


PRIORS = {
    "gaussian": Prior(_gaussian, _gaussian_on_host, 1.0),
    "uniform": Prior(_uniform, _uniform_on_host, 3.0**-0.5),
    "gaussian_mixture": Prior(_mixture, _mixture_on_host, 1.0),
}


def mixture_centers(n_centers: int, n_components: int) -> np.ndarray:
    """Centers of equally likely Gaussians, always the same, of shape (n_centers, n_components).

    In each dimension the mixture has mean 0 and variance 1.
    """
    centers = np.random.default_rng(0).standard_normal((n_centers, n_components))
    if n_components <= 2:
        # few dimensions are crowded: a line, a circle
        angle = 2 * np.pi * np.arange(n_centers) / n_centers
        line = np.linspace(-1.0, 1.0, n_centers) if n_centers > 1 else np.zeros(1)
        both = np.column_stack([np.cos(angle), np.sin(angle)])
        centers = both if n_components == 2 else line[:, None]
    centers = centers - centers.mean(axis=0)
    spread = np.sqrt(np.mean(np.square(centers), axis=0))
    unit = np.sqrt(1.0 - _MIXTURE_WIDTH**2) / np.where(spread > 1e-12, spread, 1.0)
    return (centers * unit).astype(np.float32)


def maximum_mean_discrepancy(z, weight, draws):
    """Squared, unbiased, between weighted codes and as many draws; squared bandwidth n_components.

    The kernel is ``exp(-|a - b|^2 / (2 * n_components))``.
    """

    def kernel(a, b):
        squares = jnp.sum(jnp.square(a), -1)[:, None] + jnp.sum(jnp.square(b), -1)
        return jnp.exp(-(squares - 2.0 * a @ b.T) / (2.0 * a.shape[-1]))

    def within(a, w):
        pairs = jnp.sum(w) ** 2 - jnp.sum(jnp.square(w))
        total = w @ kernel(a, a) @ w - jnp.sum(jnp.square(w))
        # a sample alone has no pair: as if it were its own
        return jnp.where(pairs > 0, total / jnp.maximum(pairs, 1e-12), 1.0)

    ones = jnp.ones(draws.shape[0], draws.dtype)
    across = weight @ kernel(z, draws) @ ones / jnp.maximum(jnp.sum(weight) * len(ones), 1e-12)
    return within(z, weight) + within(draws, ones) - 2.0 * across
