"""Initial weights of networks, drawn in NumPy: nothing needs compiling.

A user's own modules draw theirs by themselves, in one compiled program.
"""

from functools import lru_cache

import jax
import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.networks.network import Network, layers_in_order
from skae.core.networks.own_modules import OwnDecoder, own_weights

__all__ = ["initial_weights"]


@lru_cache(maxsize=256)
def _structure(network: Network):
    """Shapes of the encoder's and the decoder's weights; nothing is computed."""
    key = jax.ShapeDtypeStruct((2,), np.uint32)
    x = jax.ShapeDtypeStruct((1, network.n_features), np.float32)
    z = jax.ShapeDtypeStruct((1, *network.decoder_input), np.float32)
    encoder = jax.eval_shape(network.encoder.init, key, x)["params"]
    inputs: tuple = (z,)
    if network.tied:
        kernels = (layer["kernel"] for layer in reversed(layers_in_order(encoder)))
        last, *others = (kernel.shape[::-1] for kernel in kernels)
        shapes = [(network.n_components, last[1]), *others]
        inputs = (z, [jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes])
    decoder = jax.eval_shape(network.decoder.init, key, *inputs).get("params", {})
    return {"encoder": encoder, "decoder": decoder}


def initial_weights(network: Network, rng: np.random.Generator) -> dict:
    """Textbook initial weights: kernels by their activation, recurrent ones orthogonal, biases 0.

    The variance of a kernel follows the activation that its output enters (see `ACTIVATIONS`);
    the last layer of encoder and decoder counts as feeding the code's activation and identity.
    """
    structure = _structure(network)
    own = own_weights(network, rng) if isinstance(network.decoder, OwnDecoder) else None
    params: dict = {}
    for part, last in (("encoder", network.code_activation), ("decoder", "identity")):
        module = getattr(network, part)
        hidden = getattr(getattr(module, "body", module), "activation", "tanh")
        end = _last(structure[part])
        params[part] = {
            name: _layer(rng, layer, last if name == end else hidden, module)
            for name, layer in structure[part].items()
            if own is None or name != "body"
        }
        if own is not None:
            params[part]["body"] = own[part]
    return params


def _last(layers):
    for name in ("head", "output"):
        if name in layers:
            return name
    return max(layers, key=lambda name: int(name.split("_")[-1])) if "body" not in layers else None


def _layer(rng, layer, activation, module):
    """Weights of a layer, which may be one of layers."""
    share = getattr(module, "share_met", 1.0)
    return {
        name: _draw(rng, name, leaf.shape, activation, share)
        if hasattr(leaf, "shape")
        else _layer(rng, leaf, activation, module)
        for name, leaf in layer.items()
    }


def _draw(rng, leaf, shape, activation, share_met):
    if leaf == "bias":
        return np.zeros(shape, np.float32)
    if leaf == "recurrent":
        return _orthogonal(rng, shape)
    kind = ACTIVATIONS[activation]
    inputs, outputs = _fans(shape, share_met)
    fan = inputs if kind.fan == "in" else 0.5 * (inputs + outputs)
    limit = np.sqrt(3.0 * kind.gain / max(fan, 1))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def _fans(shape, share_met):
    """Inputs of an output and outputs of an input, of a kernel.

    Dense kernels are (inputs, outputs), those of cells (inputs, gates, width), those of
    convolutions (height, width, inputs, outputs).
    """
    if len(shape) < 4:
        return shape[0], shape[-1]
    window = shape[0] * shape[1] * share_met
    return window * shape[2], window * shape[3]


def _orthogonal(rng, shape):
    """Of each gate an orthogonal matrix, uniformly distributed."""
    width, gates, _ = shape
    matrix = np.empty(shape, np.float32)
    for gate in range(gates):
        q, r = np.linalg.qr(rng.standard_normal((width, width)))
        matrix[:, gate] = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return matrix
