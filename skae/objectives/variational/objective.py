"""The variational objective: the negative evidence lower bound (ELBO) of a batch."""

import jax
import jax.numpy as jnp

from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.objectives.variational.likelihoods import (
    gaussian_kl,
    negative_log_likelihood,
    posterior,
)

__all__ = ["negative_elbo"]


def negative_elbo(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Loss ``mean_i [-log p(x_i | z_i) + beta KL(q(z | x_i) || p(z))] / n_features``.

    The expectation over q(z | x) is estimated by one draw per sample, by the reparameterization
    trick. KL annealing multiplies ``beta`` by a factor that rises from 0 to 1. Free bits replace
    the KL divergence of each dimension by at least ``free_bits``. The division by the number of
    features makes the loss comparable to the other losses, which are means over features, so that
    one learning rate suits all.
    """
    mean, log_var = posterior(model, batch.x)
    draws = jax.random.normal(step.key, mean.shape, mean.dtype)
    output = model.decode(mean + jnp.exp(0.5 * log_var) * draws)
    nats = negative_log_likelihood(objective.reconstruction, model.params, output, batch.x)
    reconstruction = mean_over_samples(nats, batch.weight)
    kl = jax.vmap(mean_over_samples, (1, None))(gaussian_kl(mean, log_var), batch.weight)
    annealing = step.progress / jnp.maximum(step.hyperparameters["warm_up"], 1e-9)
    penalty = jnp.sum(jnp.maximum(kl, step.hyperparameters["free_bits"]))
    loss = reconstruction + step.hyperparameters["beta"] * jnp.minimum(annealing, 1.0) * penalty
    metrics = {"reconstruction": reconstruction, "kl": jnp.sum(kl)}
    return loss / batch.x.shape[-1], metrics
