"""What keeps a penalty on codes honest: shrinking the codes must not empty it.

A decoder that grows as the codes shrink leaves every reconstruction as it was. Tied weights shut
that door, for they shrink both ways; without them each code counts by the weights that leave it.
"""

import jax
import jax.numpy as jnp

from skae.core.networks import Model
from skae.core.networks.ends import entering_kernel

__all__ = ["code_lengths", "hold_gain"]


def hold_gain(model: Model) -> Model:
    """The model with the gains of its tied linear path, if it has any, held as they started."""
    if not (model.network.tied and model.network.gain):
        return model
    linear = model.params["linear"]
    linear = {**linear, "gain": jax.lax.stop_gradient(linear["gain"])}
    return model._replace(params={**model.params, "linear": linear})


def code_lengths(model: Model):
    """By code, the length of the weights that lead from it into the decoder; 1 under tied weights.

    Codes times these lengths are the codes of the same decoder with columns of unit length.
    """
    network, params = model.network, model.params
    if network.tied:
        return jnp.ones(network.n_components)
    columns = entering_kernel(params)
    squares = jnp.sum(jnp.square(columns), axis=1)
    if network.linear_path:
        columns = columns / params["fixed"]["code_scale"][:, None]
        linear = params["linear"]["decoder"]
        alone = columns.shape == linear.shape and len(params["decoder"]) == 1
        squares = (
            jnp.sum(jnp.square(columns + linear), axis=1)
            if alone
            else jnp.sum(jnp.square(columns), axis=1) + jnp.sum(jnp.square(linear), axis=1)
        )
    # a root has no slope at 0, where units without weights are
    return jnp.sqrt(squares + 1e-12)
