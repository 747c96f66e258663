"""The objective of semantic hashing: reconstruction from binary codes, neighborhood preservation.

Random bits, or noise on the logits, make the codes binary during training. A divergence between
the neighborhoods of samples and those of codes gives similar samples codes of small Hamming
distance.
"""

import jax
import numpy as np

from skae.core.data.moments import weighted_units
from skae.core.data.samples import Samples
from skae.core.data.units import Units
from skae.core.initialization.pca import MAX_LINEAR_PATH, pca_start
from skae.core.initialization.principal_components import principal_components
from skae.core.losses import LOSSES
from skae.core.networks import Model, Network, straight_through
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.objectives.hashing.iterative_quantization import rotated_components
from skae.objectives.hashing.neighborhoods import (
    N_PRINCIPAL,
    anchor_graph,
    neighbor_features,
    neighborhood_divergence,
)

__all__ = ["BINARIZATIONS", "hashing_initialization", "hashing_loss"]

# Temperatures of the softmax over pairwise similarities. That of samples is lower, so codes have
# to exaggerate differences in similarity: bits cannot represent them as finely as samples can.
_CODE_TEMPERATURE, _SAMPLE_TEMPERATURE = 0.3, 0.2


def hashing_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Reconstruction loss from binarized codes, plus the weighted neighborhood divergence."""
    logits = model.preactivation(batch.x)
    bits = BINARIZATIONS[objective.setting("binarization")](logits, step.key, step.hyperparameters)
    samples = objective.sample_losses(model.decode(bits), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    if not objective.setting("similarity"):
        return reconstruction, {}
    # Expected values of the random bits, as -1 and 1: no sampling noise enters the divergence.
    signs = 2.0 * jax.nn.sigmoid(logits) - 1.0
    features = neighbor_features(
        model.params["fixed"]["neighbors"], batch.x, step.hyperparameters["far_weight"]
    )
    samples = neighborhood_divergence(
        signs @ signs.T / (signs.shape[1] * _CODE_TEMPERATURE),
        features @ features.T / _SAMPLE_TEMPERATURE,
        batch.weight,
    )
    divergence = mean_over_samples(samples, batch.weight)
    loss = reconstruction + step.hyperparameters["similarity_weight"] * divergence
    return loss, {"reconstruction": reconstruction, "neighbors": divergence}


def _random_bits(logits, key, hyperparameters):
    """Bernoulli variables; their gradient is that of the probability (straight-through)."""
    del hyperparameters
    probability = jax.nn.sigmoid(logits)
    return straight_through(
        jax.random.uniform(key, logits.shape, logits.dtype) < probability, probability
    )


def _noisy_bits(logits, key, hyperparameters):
    """Logistic function of noisy logits, between 0 and 1.

    Under strong noise only codes close to 0 or 1 transmit information.
    """
    noise = jax.random.normal(key, logits.shape, logits.dtype)
    return jax.nn.sigmoid(logits + hyperparameters["noise_level"] * noise)


BINARIZATIONS = {"straight_through": _random_bits, "noise": _noisy_bits}


def hashing_initialization(
    params: dict,
    network: Network,
    samples: Samples,
    weight: np.ndarray,
    rng: np.random.Generator,
    *,
    loss: str,
    spread: float,
    has_similarity: bool,
) -> dict:
    """Initialize the linear skip connection by ITQ, and compute the neighborhoods' anchor graph.

    The logits get the standard deviation `spread`. Without a linear skip connection the
    weights are not changed.
    """
    mean, centered = np.zeros(samples.n_features), samples
    if not LOSSES[loss].standardized:
        mean = weighted_units(samples, weight).mean
        centered = samples.with_units(Units(mean, 1.0))
    width = min(N_PRINCIPAL, samples.n_features, MAX_LINEAR_PATH // samples.n_features)
    needed = max(width, network.n_components) if network.linear_path else width
    vectors, _ = principal_components(
        centered.blocks, samples.n_samples, samples.n_features, weight, max(1, needed), rng
    )
    if network.linear_path:
        chosen = vectors[:, : network.n_components]
        components = rotated_components(chosen, mean, samples, weight, rng)
        components = components._replace(deviations=components.deviations / (2.0 * spread))
        params = pca_start(network, loss, components, samples.blocks, weight, rng)
    if has_similarity:
        graph = anchor_graph(vectors[:, : max(1, width)], mean, samples, weight, rng)
        params["fixed"] = {**params.get("fixed", {}), "neighbors": graph}
    return params
