"""The objective of training: the signature of every autoencoder's loss function.

A loss function is a pure function ``(objective, model, batch, step) -> (loss, metrics)``. `metrics`
is a dict of scalars for the history. An `Objective` is a value: the function, the name of the
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
    """Samples of an optimizer step.

    ``x`` has the shape (batch_size, n_features), in standardized units. ``weight`` has the shape
    (batch_size,), with mean 1 over the training set and 0 for padding. ``y`` has the shape
    (batch_size, n_targets): the targets of fine-tuning, or the noisy versions of ``x`` in
    standardized units where denoising is trained on recorded pairs; otherwise n_targets is 0.
    """

    x: jax.Array
    weight: jax.Array
    y: jax.Array | None = None


class Step(NamedTuple):
    """Arguments of an objective beside the model and the batch.

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
    """A loss function with its static settings; floats are traced hyperparameters instead."""

    function: Callable
    reconstruction: str | Callable = "squared_error"
    settings: tuple[tuple[str, Any], ...] = ()

    def __call__(self, model: Any, batch: Batch, step: Step) -> tuple[jax.Array, dict]:
        """The loss of a batch, without weight decay, and metrics."""
        return self.function(self, model, batch, step)

    def sample_losses(self, output: jax.Array, x: jax.Array) -> jax.Array:
        """The reconstruction loss of each sample: the mean over its features."""
        losses = LOSSES[self.reconstruction].per_entry(output, x)
        if losses.ndim < x.ndim:  # of a user's function that returns losses of samples
            return losses
        # A product in place of a mean: before a reduction, XLA on a CPU writes intermediate arrays
        # to memory; before a product it computes the same in one pass.
        share = jnp.full(losses.shape[-1], 1.0 / losses.shape[-1], losses.dtype)
        return jnp.dot(losses, share, precision=jax.lax.Precision.HIGHEST)

    def setting(self, name: str) -> Any:
        """One of the static settings."""
        return dict(self.settings)[name]


def mean_over_samples(values: jax.Array, weight: jax.Array) -> jax.Array:
    """Weighted sum over samples, divided by the number of samples that are not padding."""
    return jnp.sum(values * weight) / jnp.maximum(1.0, jnp.sum(weight > 0))


def reconstruction_loss(
    objective: Objective, model: Any, batch: Batch, step: Step
) -> tuple[jax.Array, dict]:
    """The loss of the plain autoencoder: ``mean_i loss(decode(encode(x_i)), x_i)``."""
    del step
    output = model.decode(model.encode(batch.x))
    samples = objective.sample_losses(output, batch.x)
    return mean_over_samples(samples, batch.weight), {}
