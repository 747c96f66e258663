"""Initial weights of networks, drawn in NumPy, which compiles nothing.

User-defined modules draw theirs by their own initializers, in one compiled program.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.compile.settings import standard_settings
from skae.core.networks.modules import layers_in_order
from skae.core.networks.network import Network
from skae.core.networks.own_modules import user_defined_weights

__all__ = ["SCHEMES", "drawn_kernel", "initial_weights", "weight_shapes"]

# Gain and fan of the variance of initial weights by scheme: see `Activation`. Weights of a scheme
# without a fan are normally distributed, with the gain as variance.
SCHEMES: dict[str, tuple[float, str | None]] = {
    "he": (2.0, "in"),
    "glorot": (1.0, "average"),
    "lecun": (1.0, "in"),
    "normal": (1e-4, None),
}


@lru_cache(maxsize=256)
def _structure(network: Network):
    """Shapes of the weights of encoder and decoder, without computing them."""
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


@standard_settings()
def weight_shapes(network: Network) -> dict[str, Any]:
    """Shapes of the weights that every network of this kind has, in nested dicts.

    Those of a linear skip connection do not contain "offset" and "gate", which depend on the
    decoder.
    """
    shapes = dict(_structure(network))
    if network.linear_path:
        n_features, n_components = network.n_features, network.n_components

        def shape(*lengths):
            return jax.ShapeDtypeStruct(lengths, np.float32)

        shapes["fixed"] = {"code_scale": shape(n_components)}
        shapes["linear"] = {"encoder": shape(n_features, n_components)}
        if not network.tied:
            shapes["linear"]["decoder"] = shape(n_components, n_features)
        elif network.gain:
            shapes["linear"]["gain"] = shape(n_components)
    return shapes


@standard_settings()
def initial_weights(
    network: Network, rng: np.random.Generator, scheme: str | Callable = "random"
) -> dict[str, Any]:
    """Initial weights: random kernels, orthogonal recurrent kernels, zero biases.

    Parameters
    ----------
    network : Network
    rng : numpy.random.Generator
    scheme : str or callable
        "random": the variance of a kernel follows the activation of its output (see `ACTIVATIONS`).
        That of the encoder's last layer is the code activation, that of the decoder's last layer
        the identity. Otherwise a name in `SCHEMES`, or an initializer ``(key, shape, dtype)``.
    """
    structure = _structure(network)
    user_defined = user_defined_weights(network, rng)
    params: dict = {}
    for part, last in (("encoder", network.code_activation), ("decoder", "identity")):
        module, drawn = getattr(network, part), user_defined[part]
        params[part] = drawn | {
            name: _layer(
                rng,
                layer,
                last if name == module.output_layer else module.hidden_activation,
                module.output_share,
                scheme,
            )
            for name, layer in structure[part].items()
            if name not in drawn
        }
    return params


def _layer(rng, layer, *options):
    """Weights of a layer, which may contain layers."""
    return {
        name: _draw(rng, name, leaf.shape, *options)
        if hasattr(leaf, "shape")
        else _layer(rng, leaf, *options)
        for name, leaf in layer.items()
    }


def _draw(rng, leaf, shape, activation, output_share, scheme):
    if leaf == "bias":
        return np.zeros(shape, np.float32)
    if leaf == "recurrent":
        return _orthogonal(rng, shape)
    if callable(scheme):
        return _from_initializer(rng, shape, scheme)
    return drawn_kernel(rng, shape, activation, output_share, scheme)


def drawn_kernel(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    activation: str,
    output_share: float = 1.0,
    scheme: str = "random",
) -> np.ndarray:
    """A random kernel, whose variance follows the activation of its output or a scheme."""
    kind = ACTIVATIONS[activation]
    gain, fan = (kind.gain, kind.fan) if scheme == "random" else SCHEMES[scheme]
    if fan is None:
        return rng.normal(0.0, np.sqrt(gain), shape).astype(np.float32)
    inputs, outputs = _fans(shape, output_share)
    n = inputs if fan == "in" else 0.5 * (inputs + outputs)
    limit = np.sqrt(3.0 * gain / max(n, 1))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def _from_initializer(rng, shape, initializer):
    """A kernel from an initializer of JAX or flax, or of the user."""
    name = f"init={getattr(initializer, '__qualname__', initializer)}"
    key = jax.random.key(int(rng.integers(2**32)))
    try:
        kernel = np.asarray(initializer(key, shape, np.float32), np.float32)
    except Exception as error:
        raise ValueError(
            f"{name} cannot be used. It must be an initializer (key, shape, dtype) such as "
            f"jax.nn.initializers.he_normal(). It raised {type(error).__name__}: {error}"
        ) from error
    if kernel.shape != shape or not np.isfinite(kernel).all():
        raise ValueError(
            f"{name} must return a finite array of shape {shape}, got the shape {kernel.shape}"
        )
    return kernel


def _fans(shape, output_share):
    """Number of inputs of an output, and of outputs of an input, of a kernel.

    Dense kernels are (inputs, outputs), those of recurrent cells (inputs, gates, width), those of
    convolutions (height, width, inputs, outputs).
    """
    if len(shape) < 4:
        return shape[0], shape[-1]
    window = shape[0] * shape[1] * output_share
    return window * shape[2], window * shape[3]


def _orthogonal(rng, shape):
    """A uniformly distributed orthogonal matrix for each gate."""
    width, gates, _ = shape
    matrix = np.empty(shape, np.float32)
    for gate in range(gates):
        q, r = np.linalg.qr(rng.standard_normal((width, width)))
        # Without the signs, QR does not give the uniform distribution.
        matrix[:, gate] = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return matrix
