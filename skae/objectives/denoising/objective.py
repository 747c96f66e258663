"""The denoising objective: reconstruct samples from corrupted ones (Vincent et al. 2008)."""

import jax
import numpy as np

from skae.core.data.samples import Samples
from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.core.training.layerwise import plain_layer_objective
from skae.objectives.denoising.corruption import NoiseFunction, corrupt, noise_constants

__all__ = ["denoising_layer_objective", "denoising_loss"]


def denoising_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Loss ``mean_i loss(decode(encode(corrupted x_i)), x_i)``, with new noise in each step.

    Recorded noisy versions of the samples, if there are any, take the place of the noise.
    """
    if batch.y is not None and batch.y.shape[-1]:
        corrupted = batch.y
    else:
        level, constants = step.hyperparameters["noise_level"], model.params["fixed"]["noise"]
        corrupted = corrupt(objective.setting("noise"), step.key, batch, level, constants)
    output = model.decode(model.encode(corrupted))
    samples = objective.sample_losses(output, batch.x)
    return mean_over_samples(samples, batch.weight), {}


def denoising_layer_objective(
    depth: int, loss: str, samples: Samples, weight: np.ndarray, *, noise: str | NoiseFunction
) -> tuple[Objective, dict]:
    """Objective of one pair of layers in greedy pretraining, and the constants of its noise.

    As in stacked denoising autoencoders (Vincent et al. 2010), the inputs of each pair are
    corrupted. A noise function of the user corrupts the samples only: it is not written for
    hidden activations.
    """
    if depth > 0 and not isinstance(noise, str):
        return plain_layer_objective(depth, loss, samples, weight)
    constants = noise_constants(noise, samples, weight, standardized=False)
    return Objective(denoising_loss, loss, (("noise", noise),)), {"noise": constants}
