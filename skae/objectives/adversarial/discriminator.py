"""A discriminator: a small network that tells codes from draws. Knows nothing of either."""

from itertools import pairwise

import jax.numpy as jnp
import numpy as np

from skae.core.activations import ACTIVATIONS

__all__ = ["discriminator_weights", "judge"]

_ACTIVATION = "leaky_relu"


def discriminator_weights(n_components: int, widths: tuple[int, ...], rng) -> dict:
    """Initial weights of layers as wide as `widths`, then one; the last starts undecided, at 0."""
    weights, sizes = {}, (n_components, *widths, 1)
    for i, (fan, width) in enumerate(pairwise(sizes)):
        limit = np.sqrt(3.0 * ACTIVATIONS[_ACTIVATION].gain / fan)
        kernel = rng.uniform(-limit, limit, (fan, width)) * (i < len(widths))
        weights[f"layer_{i}"] = {
            "kernel": kernel.astype(np.float32),
            "bias": np.zeros(width, np.float32),
        }
    return weights


def judge(weights, z):
    """Logits of shape (samples,): above 0 for what looks like a draw of the prior."""
    activation = ACTIVATIONS[_ACTIVATION]
    for i in range(len(weights)):
        layer = weights[f"layer_{i}"]
        z = (activation(z) if i else z) @ layer["kernel"] + layer["bias"]
    return jnp.squeeze(z, axis=-1)
