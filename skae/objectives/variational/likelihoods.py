"""Likelihoods of samples, divergences of codes, and lower bounds of the log-likelihood.

All are in nats, per sample, for standardized samples. `posterior_moments`, `elbo` and
`importance_weighted_bound` are compiled for blocks of samples, as the functions of
`skae.core.inference` are.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp

from skae.core.losses import LOSSES
from skae.core.networks import Model

__all__ = [
    "MIN_SCALE",
    "elbo",
    "fitted_scale",
    "gaussian_kl",
    "importance_weighted_bound",
    "log_scale",
    "negative_log_likelihood",
    "posterior",
    "posterior_moments",
]

# Lower bound of the likelihood's scale, in standardized units. Without it, samples that lie
# exactly on a plane would let the scale go to 0 and the likelihood to infinity.
MIN_SCALE = 0.01

# Keeps the variance of the codes of extreme outliers finite.
_MAX_LOG_VAR = 20.0


def log_scale(params: dict) -> jax.Array:
    """Logarithm of the likelihood's scale, learned or fixed; the scale is at least `MIN_SCALE`."""
    free = {**params["fixed"], **params.get("extra", {})}["log_scale"]
    return 0.5 * jnp.logaddexp(2.0 * free, 2.0 * math.log(MIN_SCALE))


def fitted_scale(params: dict, likelihood_scale: Any) -> Any:
    """The parameter `likelihood_scale` that weights were initialized with.

    The given one if it is equal up to rounding and the lower bound of the initialization, or if the
    likelihood has no scale.
    """
    if "log_scale" in params.get("extra", {}):
        return "learned"
    if "log_scale" not in params["fixed"]:
        return likelihood_scale
    scale = float(jnp.exp(log_scale(params)))
    if likelihood_scale == "learned":
        return scale
    bounded = max(likelihood_scale, math.sqrt(2.0) * MIN_SCALE)
    return likelihood_scale if math.isclose(bounded, scale, rel_tol=1e-4) else scale


def negative_log_likelihood(loss: Any, params: dict, output: jax.Array, x: jax.Array) -> jax.Array:
    """``-log p(x | z)`` of each sample in nats, given the decoder's raw output."""
    per_entry, family = LOSSES[loss].per_entry, LOSSES[loss].location_scale
    if family is None:
        return jnp.sum(per_entry(output, x), axis=-1)
    log_unit = log_scale(params)
    unit = jnp.exp(-log_unit)
    losses = per_entry(output * unit, x * unit)
    return family.factor * jnp.sum(losses, axis=-1) + x.shape[-1] * (log_unit + family.constant)


def gaussian_kl(mean: Any, log_var: Any) -> jax.Array:
    """``KL(N(mean, exp(log_var)) || N(0, 1))``, elementwise."""
    return 0.5 * (jnp.square(mean) + jnp.exp(log_var) - log_var - 1.0)


def _clipped(loss: str, x: jax.Array) -> jax.Array:
    """Samples clipped to the domain of the loss.

    Beyond it a likelihood such as Bernoulli's has no meaning: its formula exceeds 1, so that
    outliers would have the highest scores.
    """
    domain = LOSSES[loss].domain
    return x if domain is None else jnp.clip(x, domain.low, domain.high)


def posterior(model: Model, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Mean and log-variance of the approximate posterior q(z | x) of each sample."""
    mean, log_var = model.heads(x)
    return mean, jnp.clip(log_var, -_MAX_LOG_VAR, _MAX_LOG_VAR)


def posterior_moments(static: tuple, params: dict, x: jax.Array) -> jax.Array:
    """Means and standard deviations of q(z | x), of shape (n_samples, 2 n_components)."""
    mean, log_var = posterior(Model(static[0], params), x)
    return jnp.concatenate([mean, jnp.exp(0.5 * log_var)], axis=-1)


def elbo(static: tuple, params: dict, x: jax.Array) -> jax.Array:
    """Evidence lower bound ``E_q log p(x | z) - KL(q(z | x) || p(z))`` of each sample.

    The expectation is the mean over ``params["draws"]``, noise of shape (n_draws, n_components)
    that all samples share.
    """
    network, loss = static
    model = Model(network, params["network"])
    mean, log_var = posterior(model, x)
    deviation, x = jnp.exp(0.5 * log_var), _clipped(loss, x)

    def add(total, draw):
        output = model.decode(mean + deviation * draw)
        return total + negative_log_likelihood(loss, model.params, output, x), None

    total, _ = jax.lax.scan(add, jnp.zeros(x.shape[0], x.dtype), params["draws"])
    return -total / params["draws"].shape[0] - jnp.sum(gaussian_kl(mean, log_var), axis=-1)


def importance_weighted_bound(static: tuple, params: dict, x: jax.Array) -> jax.Array:
    """Importance-weighted bound ``log mean_k p(x, z_k) / q(z_k | x)`` of each sample.

    The number of draws is ``params["n_samples"]``. All samples share the noise, so that the bound
    of a sample depends on no other sample.
    """
    network, loss = static
    model = Model(network, params["network"])
    mean, log_var = posterior(model, x)
    deviation, x = jnp.exp(0.5 * log_var), _clipped(loss, x)
    key = jax.random.key(0)

    def add(i, total):
        draw = jax.random.normal(jax.random.fold_in(key, i), mean.shape[-1:], mean.dtype)
        z = mean + deviation * draw
        log_ratio = 0.5 * (jnp.square(draw) - jnp.square(z) + log_var)
        nats = negative_log_likelihood(loss, model.params, model.decode(z), x)
        return jnp.logaddexp(total, jnp.sum(log_ratio, axis=-1) - nats)

    log_zero = jnp.full(x.shape[0], -jnp.inf, x.dtype)
    total = jax.lax.fori_loop(0, params["n_samples"], add, log_zero)
    return total - jnp.log(params["n_samples"].astype(jnp.float32))
