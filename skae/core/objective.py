"""What training minimizes: the contract that every autoencoder's loss keeps.

A loss is a pure function ``(model, batch, key, *, objective, hyperparameters) ->
(loss, metrics)``; `metrics` is a dict of scalars for the history. An `Objective` is a value:
the function, the name of the reconstruction loss and the variant's own static settings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from skae.core.losses import LOSSES

__all__ = ["Batch", "Objective", "reconstruction_loss", "weighted_mean"]


class Batch(NamedTuple):
    """Samples of a training step.

    ``x`` of shape (batch_size, n_features) in units of training; ``weight`` of shape
    (batch_size,), mean 1 over the training set and 0 for padding; ``y`` of shape (batch_size,
    n_targets), what is to be told of each sample: an autoencoder has no such targets.
    """

    x: jax.Array
    weight: jax.Array
    y: jax.Array | None = None


@dataclass(frozen=True)
class Objective:
    """A loss function with its static settings; floats travel as hyperparameters."""

    function: Callable
    reconstruction: str = "squared_error"
    settings: tuple[tuple[str, Any], ...] = ()

    def __call__(self, model, batch, key, hyperparameters):
        """The loss of a batch, without the penalty on weights."""
        return self.function(model, batch, key, objective=self, hyperparameters=hyperparameters)

    def sample_losses(self, output, x, hyperparameters):
        """The reconstruction loss of each sample, its mean over cells."""
        cells = LOSSES[self.reconstruction].cell(output, x, hyperparameters["huber_delta"])
        # a product: before a sum, XLA writes parts of what a CPU could compute in one pass
        share = jnp.full(cells.shape[-1], 1.0 / cells.shape[-1], cells.dtype)
        return jnp.dot(cells, share, precision=jax.lax.Precision.HIGHEST)

    def setting(self, name):
        """One of the variant's static settings."""
        return dict(self.settings)[name]


def weighted_mean(values, weight):
    """Weighted sum of samples over the number of samples that are no padding."""
    return jnp.sum(values * weight) / jnp.maximum(1.0, jnp.sum(weight > 0))


def reconstruction_loss(model, batch, key, *, objective, hyperparameters):
    """The plain autoencoder's: ``mean_i loss(decode(encode(x_i)), x_i)``."""
    del key
    output = model.decode(model.encode(batch.x))
    samples = objective.sample_losses(output, batch.x, hyperparameters)
    return weighted_mean(samples, batch.weight), {}
