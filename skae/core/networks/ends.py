"""The two ends of a network beside the code: what a start sets and a penalty looks at.

Encoders end in a dense layer, "head" where others lead to it. Decoders differ in their last layer:

- dense ones: its kernel starts at zero, and its bias holds the offset of the linear path;
- skae's others: "output" starts at zero, and the linear path has an offset of its own;
- a user's own, of which nothing is known: their output is multiplied by a gate that starts at
  zero (Bachlechner et al. 2021, ReZero), beside such an offset.
"""

import jax
import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.networks.network import Network, layers_in_order

__all__ = ["code_layer", "entering_kernel", "has_entering_kernel", "output_offset", "silence"]


def code_layer(params: dict) -> dict:
    """Kernel and bias of the encoder's last layer, which gives the codes."""
    encoder = params["encoder"]
    return encoder["head"] if "head" in encoder else layers_in_order(encoder)[-1]


def has_entering_kernel(params: dict) -> bool:
    """Whether it is known which weights lead from the code into the decoder."""
    return "body" not in params["decoder"]


def entering_kernel(params: dict):
    """The weights that lead from the code into the decoder, of shape (n_components, any).

    Raises
    ------
    ValueError
        For a user's own decoder, whose layers are not known.
    """
    decoder = params["decoder"]
    if not has_entering_kernel(params):
        raise ValueError(
            "the penalty weighs codes by the weights that lead from them into the decoder, and a "
            "decoder of your own does not tell which those are: use network=None or a "
            "specification of skae.networks, or an autoencoder without this penalty"
        )
    kernel = decoder["input" if "input" in decoder else "layer_0"]["kernel"]
    return kernel.reshape(kernel.shape[0], -1)


def output_offset(params: dict):
    """What the start adds to each sample of output, of shape (n_features,)."""
    linear = params["linear"]
    return (
        linear["offset"] if "offset" in linear else layers_in_order(params["decoder"])[-1]["bias"]
    )


def silence(params: dict, network: Network, code_bias, offset) -> None:
    """Leave the linear path alone: the networks beside it give `code_bias` and `offset`.

    Parameters
    ----------
    params : dict
        Changed: kernels at zero, biases, and what the linear path needs beside its matrices.
    network : Network
    code_bias : ndarray of shape (heads * n_components,)
    offset : ndarray of shape (n_features,)
    """
    last = code_layer(params)
    last["kernel"][...] = 0.0
    last["bias"][...] = code_bias
    decoder = params["decoder"]
    if "body" in decoder:
        params["linear"].update(offset=offset, gate=np.zeros(()))
    elif "output" in decoder:
        for leaf in jax.tree.leaves(decoder["output"]):
            leaf[...] = 0.0
        params["linear"]["offset"] = offset
    else:
        _silence_dense(params, network, offset)


def _silence_dense(params, network, offset):
    encoder, decoder = (layers_in_order(params[part]) for part in ("encoder", "decoder"))
    if not network.tied:
        decoder[-1]["kernel"][...] = 0.0
        decoder[-1]["bias"][...] = offset
        return
    # the first kernel is the encoder's last: zero. Activations that are not 0 at 0 (logistic,
    # softplus) would make a constant of the layers that follow: biases take it back
    at_zero = ACTIVATIONS[network.decoder.activation].at_zero
    for layer, mirrored in zip(decoder[1:], reversed(encoder[:-1]), strict=True):
        layer["bias"][...] = -at_zero * mirrored["kernel"].sum(axis=1)
    decoder[-1]["bias"][...] += offset
