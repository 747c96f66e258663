"""The discriminator: a dense network that classifies its input as a code or a draw of the prior."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.activations import ACTIVATIONS

__all__ = ["discriminator_logits", "discriminator_weights", "hidden_sizes"]

_ACTIVATION = "leaky_relu"


def discriminator_weights(
    n_components: int, widths: tuple[int, ...], rng: np.random.Generator
) -> dict:
    """Initial weights of hidden layers of the given `widths`, and of an output layer.

    The output layer is initialized to zero: all logits are then 0, and no gradient reaches the
    encoder before the discriminator has learned something.
    """
    weights, sizes = {}, (n_components, *widths, 1)
    for i, (fan, width) in enumerate(pairwise(sizes)):
        limit = np.sqrt(3.0 * ACTIVATIONS[_ACTIVATION].gain / fan)
        kernel = rng.uniform(-limit, limit, (fan, width)) * (i < len(widths))
        weights[f"layer_{i}"] = {
            "kernel": kernel.astype(np.float32),
            "bias": np.zeros(width, np.float32),
        }
    return weights


def hidden_sizes(weights: dict) -> tuple[int, ...]:
    """Widths of the hidden layers of a discriminator with these weights."""
    return tuple(len(weights[f"layer_{i}"]["bias"]) for i in range(len(weights) - 1))


def discriminator_logits(weights: dict, z: jax.Array) -> jax.Array:
    """Logits of shape (n_samples,), positive for inputs classified as draws of the prior."""
    activation = ACTIVATIONS[_ACTIVATION]
    for i in range(len(weights)):
        layer = weights[f"layer_{i}"]
        z = (activation(z) if i else z) @ layer["kernel"] + layer["bias"]
    return jnp.squeeze(z, axis=-1)
