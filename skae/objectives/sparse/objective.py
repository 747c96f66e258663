"""Sparsity penalties on the codes of a batch, and the loss of a sparse autoencoder."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.objectives.decoder_norm import decoder_norms, freeze_gain

__all__ = ["PENALTIES", "Penalty", "bernoulli_kl", "sparse_loss"]


def bernoulli_kl(target: jax.Array | float, mean: jax.Array | float) -> jax.Array:
    """Kullback-Leibler divergence of a Bernoulli variable from one with mean `target`.

    The value and its derivative are finite for means from 0 to 1, both included.
    """
    # Keeps the logarithms and their derivatives finite.
    mean = 1e-6 + (1 - 2e-6) * mean
    return target * jnp.log(target / mean) + (1 - target) * jnp.log((1 - target) / (1 - mean))


# Two families of penalties. The first constrains each unit's mean activation over a batch, and
# leaves open in which samples it is active. The second penalizes the codes of each sample.


def _mean_activation(z, weight):
    return weight @ z / jnp.maximum(jnp.sum(weight), 1e-12)


def _kl(z, weight, target):
    return jnp.sum(bernoulli_kl(target, _mean_activation(z, weight)))


def _squared_error(z, weight, target):
    return jnp.sum(jnp.square(_mean_activation(z, weight) - target))


def _l1(z, weight, target):
    del target
    return mean_over_samples(jnp.sum(jnp.abs(z), axis=1), weight)


def _l2(z, weight, target):
    del target
    return mean_over_samples(jnp.sum(jnp.square(z), axis=1), weight)


@dataclass(frozen=True)
class Penalty:
    """A sparsity penalty and the values that "auto" parameters have under it.

    ``formula(codes, weight, target)`` returns a scalar; None adds nothing to the loss.
    `decoder_alpha` is the weight decay of the decoder's weights that leave the codes.
    `scales_with_codes` holds for penalties that shrinking codes would reduce: these need
    decoder-norm weighting.
    """

    formula: Callable | None
    code_activation: str
    weight: float
    decoder_alpha: float = 0.0
    scales_with_codes: bool = False


PENALTIES = {
    "kl": Penalty(_kl, "logistic", 0.01, decoder_alpha=3e-4),
    "squared_error": Penalty(_squared_error, "logistic", 1.0, decoder_alpha=3e-4),
    "l1": Penalty(_l1, "relu", 1e-3, scales_with_codes=True),
    "l2": Penalty(_l2, "relu", 1e-3, scales_with_codes=True),
    # Sparse by construction: the network itself keeps the largest codes only.
    "top_k": Penalty(None, "identity", 0.0),
}


def sparse_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Reconstruction loss plus ``sparsity_weight`` times the penalty on the codes of the batch."""
    penalty = PENALTIES[objective.setting("penalty")]
    is_weighted = penalty.scales_with_codes and objective.setting("decoder_norm") == "weighted"
    if is_weighted:
        model = freeze_gain(model)
    z = model.encode(batch.x)
    samples = objective.sample_losses(model.decode(z), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    if penalty.formula is None:
        return reconstruction, {}
    scaled = z * decoder_norms(model) if is_weighted else z
    value = penalty.formula(scaled, batch.weight, step.hyperparameters["sparsity_target"])
    loss = reconstruction + step.hyperparameters["sparsity_weight"] * value
    if not penalty.scales_with_codes and _has_separate_decoder_weights(model):
        squares = jnp.sum(jnp.square(decoder_norms(model)))
        loss = loss + 0.5 * step.hyperparameters["decoder_alpha"] * squares
    return loss, {"reconstruction": reconstruction, "penalty": value}


def _has_separate_decoder_weights(model):
    """Whether the weights from the codes into the decoder are not tied, and known.

    The layers of a user's own decoder module are not known.
    """
    return model.network.code_kernel(model.params) is not None
