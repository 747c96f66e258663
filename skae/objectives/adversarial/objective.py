"""The objective of an adversarial autoencoder: reconstruction, generator and discriminator."""

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.data.samples import Samples
from skae.core.networks import Model, Network
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.objectives.adversarial.discriminator import discriminator_logits, discriminator_weights
from skae.objectives.adversarial.priors import PRIORS, maximum_mean_discrepancy, mixture_centers
from skae.objectives.variational.probabilistic_pca import code_moments, rescale_codes

__all__ = ["adversarial_initialization", "adversarial_loss"]

# Weight of the squared discrepancy in the validation loss, relative to `adversarial_weight`. The
# discrepancy is about 0.001 where a test just distinguishes codes from draws, and a reconstruction
# loss is about 0.1.
_DISCREPANCY_WEIGHT = 200.0


def adversarial_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Sum of the losses of autoencoder, generator and discriminator.

    Stopped gradients separate them: the discriminator's loss has no gradient for the encoder, and
    the other losses have none for the discriminator. The adversarial losses do not measure how
    close codes and prior are, so the validation loss uses the maximum mean discrepancy between
    codes and draws of the prior in their place.
    """
    z = model.encode(batch.x)
    samples = objective.sample_losses(model.decode(z), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    weight = step.hyperparameters["adversarial_weight"]
    prior = PRIORS[objective.setting("prior")]
    draws = prior.draw(step.key, z.shape, model.params["fixed"].get("centers"))
    if not step.is_training:
        discrepancy = maximum_mean_discrepancy(z, batch.weight, draws)
        return reconstruction + _DISCREPANCY_WEIGHT * weight * discrepancy, {}
    weights = model.params["extra"]["discriminator"]
    # softplus(-a) is -log logistic(a), and softplus(a) is -log(1 - logistic(a)).
    generator_losses = jax.nn.softplus(-discriminator_logits(jax.lax.stop_gradient(weights), z))
    generator = mean_over_samples(generator_losses, batch.weight)
    draw_loss = jnp.mean(jax.nn.softplus(-discriminator_logits(weights, draws)))
    code_logits = discriminator_logits(weights, jax.lax.stop_gradient(z))
    code_loss = mean_over_samples(jax.nn.softplus(code_logits), batch.weight)
    discriminator = 0.5 * (draw_loss + code_loss)
    metrics = {
        "reconstruction": reconstruction,
        "generator": generator,
        "discriminator": discriminator,
    }
    return reconstruction + weight * generator + discriminator, metrics


def adversarial_initialization(
    params: dict,
    network: Network,
    samples: Samples,
    weight: np.ndarray,
    rng: np.random.Generator,
    *,
    prior: str,
    n_prior_components: int,
    discriminator_sizes: tuple[int, ...],
) -> dict:
    """Scale the codes to the prior's standard deviation and add a random discriminator."""
    params = {"fixed": {}, **params}
    if network.linear_path:
        _, squares, _ = code_moments(params, network, samples, weight)
        spread = np.sqrt(squares) / PRIORS[prior].deviation
        # A floor keeps directions with hardly any variance from being amplified.
        floor = max(1e-3 * spread.max(), 1e-12)
        gain = np.where(spread > 0, 1 / np.maximum(spread, floor), 0)
        rescale_codes(params, network, gain, spread)
    if prior == "gaussian_mixture":
        centers = mixture_centers(n_prior_components, network.n_components)
        params["fixed"]["centers"] = centers
    discriminator = discriminator_weights(network.n_components, discriminator_sizes, rng)
    return {**params, "extra": {"discriminator": discriminator}}
