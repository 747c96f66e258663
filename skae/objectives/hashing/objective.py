"""The objective of semantic hashing: reconstruction from binary codes, and neighborhoods kept.

Noise on the logits, or bits drawn from them, makes the codes binary during training; a divergence
between neighborhoods of samples and of codes puts similar samples close in Hamming distance.
"""

import jax
import numpy as np

from skae.core.data.moments import mean_and_scale
from skae.core.initialization.pca import MAX_LINEAR_PATH, pca_start
from skae.core.initialization.principal_components import principal_components
from skae.core.losses import LOSSES
from skae.core.networks import straight_through
from skae.core.objective import mean_over_samples
from skae.objectives.hashing.iterative_quantization import rotated_components
from skae.objectives.hashing.neighborhoods import (
    N_PRINCIPAL,
    anchor_graph,
    neighbor_features,
    neighborhood_divergence,
)

__all__ = ["BINARIZATIONS", "hashing_initialization", "hashing_loss"]

# how sharply a batch's neighbors are told from the others; bits, which cannot be graded as
# finely as samples, do best where they have to exaggerate
_CODE_TEMPERATURE, _SAMPLE_TEMPERATURE = 0.3, 0.2


def hashing_loss(objective, model, batch, step):
    """The reconstruction's loss from noisy bits, and how far the bits' neighbors are off."""
    logits = model.preactivation(batch.x)
    bits = BINARIZATIONS[objective.setting("binarization")](logits, step.key, step.hyperparameters)
    samples = objective.sample_losses(model.decode(bits), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    if not objective.setting("similarity"):
        return reconstruction, {}
    # means of bits that are drawn: what they say of likeness without the noise of the draw
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


def _drawn_bits(logits, key, hyperparameters):
    """Coins that fall on 1 with the probability of the logits; the slope is the probability's."""
    del hyperparameters
    probability = jax.nn.sigmoid(logits)
    return straight_through(
        jax.random.uniform(key, logits.shape, logits.dtype) < probability, probability
    )


def _noisy_bits(logits, key, hyperparameters):
    """Numbers between 0 and 1: under strong noise only those near the ends say anything."""
    noise = jax.random.normal(key, logits.shape, logits.dtype)
    return jax.nn.sigmoid(logits + hyperparameters["noise_level"] * noise)


BINARIZATIONS = {"straight_through": _drawn_bits, "noise": _noisy_bits}


def hashing_initialization(params, network, samples, weight, rng, *, loss, spread, has_similarity):
    """Iterative quantization on the linear path, and the anchors of the neighborhood graph."""
    mean, centered = np.zeros(samples.n_features), samples
    if not LOSSES[loss].standardized:
        mean, _ = mean_and_scale(samples, weight)
        centered = samples.centered(mean, 1.0)
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
