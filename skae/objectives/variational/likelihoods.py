"""What variational autoencoders add up: likelihoods of samples, divergences of codes, their bounds.

All in nats, sample by sample, in units of training. `elbo`, `importance_weighted_bound` and
`distribution` are compiled in blocks of samples, as those of `inference` are.
"""

import math

import jax
import jax.numpy as jnp

from skae.core.losses import LOSSES
from skae.core.networks import Model

__all__ = [
    "MIN_SCALE",
    "distribution",
    "elbo",
    "gaussian_kl",
    "importance_weighted_bound",
    "log_scale",
    "posterior",
    "sample_nats",
]

# of the likelihood, in units of training: samples on a plane would drive it to 0
MIN_SCALE = 0.01

# a far outlier's log-variance stays finite when exponentiated
_MAX_LOG_VAR = 20.0


def log_scale(params):
    """Logarithm of the likelihood's scale: learned or fixed, and never below `MIN_SCALE`."""
    free = {**params["fixed"], **params.get("extra", {})}["log_scale"]
    return 0.5 * jnp.logaddexp(2.0 * free, 2.0 * math.log(MIN_SCALE))


def sample_nats(loss, params, output, x):
    """``-log p(x | z)`` of each sample, given the decoder's raw output."""
    per_entry, family = LOSSES[loss].per_entry, LOSSES[loss].location_scale
    if family is None:
        return jnp.sum(per_entry(output, x), axis=-1)
    log_unit = log_scale(params)
    unit = jnp.exp(-log_unit)
    losses = per_entry(output * unit, x * unit)
    return family.factor * jnp.sum(losses, axis=-1) + x.shape[-1] * (log_unit + family.constant)


def gaussian_kl(mean, log_var):
    """``KL(N(mean, exp(log_var)) || N(0, 1))`` of each cell."""
    return 0.5 * (jnp.square(mean) + jnp.exp(log_var) - log_var - 1.0)


def posterior(model, x):
    """Mean and log-variance of the codes of samples."""
    mean, log_var = model.heads(x)
    return mean, jnp.clip(log_var, -_MAX_LOG_VAR, _MAX_LOG_VAR)


def distribution(static, params, x):
    """Mean and standard deviation of each code, side by side."""
    mean, log_var = posterior(Model(static[0], params), x)
    return jnp.concatenate([mean, jnp.exp(0.5 * log_var)], axis=-1)


def elbo(static, params, x):
    """``mean over draws of log p(x | z) - KL(q(z | x) || p(z))`` of each sample.

    ``params["draws"]`` of shape (n_draws, n_components) is the noise, the same for all samples.
    """
    network, loss = static
    model = Model(network, params["network"])
    mean, log_var = posterior(model, x)
    deviation = jnp.exp(0.5 * log_var)

    def add(total, draw):
        output = model.decode(mean + deviation * draw)
        return total + sample_nats(loss, model.params, output, x), None

    total, _ = jax.lax.scan(add, jnp.zeros(x.shape[0], x.dtype), params["draws"])
    return -total / params["draws"].shape[0] - jnp.sum(gaussian_kl(mean, log_var), axis=-1)


def importance_weighted_bound(static, params, x):
    """``log mean over samples of p(x, z) / q(z | x)`` of each sample.

    ``params["n_samples"]`` is their number; the noise is the same for all samples, so that a sample's
    bound depends on no other sample.
    """
    network, loss = static
    model = Model(network, params["network"])
    mean, log_var = posterior(model, x)
    deviation = jnp.exp(0.5 * log_var)
    key = jax.random.key(0)

    def add(i, total):
        draw = jax.random.normal(jax.random.fold_in(key, i), mean.shape[-1:], mean.dtype)
        z = mean + deviation * draw
        log_ratio = 0.5 * (jnp.square(draw) - jnp.square(z) + log_var)
        nats = sample_nats(loss, model.params, model.decode(z), x)
        return jnp.logaddexp(total, jnp.sum(log_ratio, axis=-1) - nats)

    nothing = jnp.full(x.shape[0], -jnp.inf, x.dtype)
    total = jax.lax.fori_loop(0, params["n_samples"], add, nothing)
    return total - jnp.log(params["n_samples"].astype(jnp.float32))
