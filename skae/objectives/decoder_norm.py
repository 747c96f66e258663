"""Decoder-norm weighting: makes a penalty on codes invariant to rescaling of the codes.

Dividing the codes by a factor and multiplying the decoder's weights by it changes no
reconstruction, but reduces a penalty on the size of the codes. Tied weights rule this out, since
encoder and decoder share them. Without tied weights, each code is multiplied by the norm of its
weights in the decoder.
"""

import jax
import jax.numpy as jnp

from skae.core.networks import Model

__all__ = ["decoder_norms", "freeze_gain"]


def freeze_gain(model: Model) -> Model:
    """The model without gradients for the gain of its tied linear skip connection, if it has one.

    The gain scales the decoder alone, so it could grow while the codes shrink.
    """
    if not (model.network.tied and model.network.gain):
        return model
    linear = model.params["linear"]
    linear = {**linear, "gain": jax.lax.stop_gradient(linear["gain"])}
    return model._replace(params={**model.params, "linear": linear})


def decoder_norms(model: Model) -> jax.Array:
    """Norm of the weights from each code into the decoder, of shape (n_components,).

    Codes multiplied by these norms are the codes of an equivalent decoder whose first layer has
    columns of unit norm. Under tied weights all are 1.
    """
    network, params = model.network, model.params
    if network.tied:
        return jnp.ones(network.n_components)
    columns = network.code_kernel(params)
    if columns is None:
        raise ValueError(
            "this penalty weights codes by the first kernel of the decoder, which is unknown in a "
            "user-defined decoder. Use network=None or a specification of skae.networks, or an "
            "autoencoder without this penalty."
        )
    squares = jnp.sum(jnp.square(columns), axis=1)
    if network.linear_path:
        # The network parallel to the skip connection receives codes divided by their scale.
        columns = columns / params["fixed"]["code_scale"][:, None]
        linear = params["linear"]["decoder"]
        # One layer and the skip connection add up to a single linear map; otherwise the two map
        # into different spaces.
        squares = (
            jnp.sum(jnp.square(columns + linear), axis=1)
            if network.decoder.is_single_dense_layer
            else jnp.sum(jnp.square(columns), axis=1) + jnp.sum(jnp.square(linear), axis=1)
        )
    # The derivative of the square root is infinite at 0, the norm of a unit without weights.
    return jnp.sqrt(squares + 1e-12)
