"""What training minimizes: the contract that every autoencoder's loss keeps.

A loss is a pure function ``(objective, model, batch, step) -> (loss, metrics)``; `metrics` is a
dict of scalars for the history. An `Objective` is a value: the function, the name of the
reconstruction loss and the static settings of the autoencoder. A `Step` holds what differs from one
optimizer step to the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from skae.core.losses import LOSSES

__all__ = ["Batch", "Objective", "Step", "mean_over_samples", "reconstruction_loss"]


class Batch(NamedTuple):
    """Samples of a training step.

    ``x`` of shape (batch_size, n_features) in units of training; ``weight`` of shape
    (batch_size,), mean 1 over the training set and 0 for padding; ``y`` of shape (batch_size,
    n_targets), what is to be told of each sample: an autoencoder has no such targets.
    """

    x: jax.Array
    weight: jax.Array
    y: jax.Array | None = None


class Step(NamedTuple):
    """What an objective is evaluated with, beside the model and the batch.

    ``key`` is the random key of the step; ``hyperparameters`` are traced floats by name;
    ``progress`` is the completed fraction of the learning rate's schedule, 1 at its end;
    ``is_training`` is a Python bool: False where the loss of the validation set is computed.
    """

    key: Any
    hyperparameters: dict[str, Any]
    progress: Any = 1.0
    is_training: bool = True


@dataclass(frozen=True)
class Objective:
    """A loss function with its static settings; floats travel as hyperparameters."""

    function: Callable
    reconstruction: str = "squared_error"
    settings: tuple[tuple[str, Any], ...] = ()

    def __call__(self, model, batch, step: Step):
        """The loss of a batch, without the penalty on weights, and metrics."""
        return self.function(self, model, batch, step)

    def sample_losses(self, output, x):
        """The reconstruction loss of each sample, its mean over features."""
        losses = LOSSES[self.reconstruction].per_entry(output, x)
        # A product in place of a mean: before a reduction, XLA on a CPU writes intermediate arrays
        # to memory; before a product it computes the same in one pass.
        share = jnp.full(losses.shape[-1], 1.0 / losses.shape[-1], losses.dtype)
        return jnp.dot(losses, share, precision=jax.lax.Precision.HIGHEST)

    def setting(self, name):
        """One of the variant's static settings."""
        return dict(self.settings)[name]


def mean_over_samples(values, weight):
    """Weighted sum of samples over the number of samples that are no padding."""
    return jnp.sum(values * weight) / jnp.maximum(1.0, jnp.sum(weight > 0))


def reconstruction_loss(objective, model, batch, step):
    """The plain autoencoder's: ``mean_i loss(decode(encode(x_i)), x_i)``."""
    del step
    output = model.decode(model.encode(batch.x))
    samples = objective.sample_losses(output, batch.x)
    return mean_over_samples(samples, batch.weight), {}
