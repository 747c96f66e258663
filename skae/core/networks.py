"""What encodes and decodes; the only place that touches flax's layer API.

A `Network` is a value: it compares and hashes by what it is, so that all estimators of one shape
share one compiled program. Weights are nested dicts beside it, never in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from skae.core.activations import ACTIVATIONS

__all__ = [
    "DenseStack",
    "Model",
    "Network",
    "TiedDenseStack",
    "dense_network",
    "initial_weights",
    "largest",
    "straight_through",
]


class DenseStack(nn.Module):
    """Dense layers; the activation stands between them, not after the last."""

    widths: tuple[int, ...]
    activation: str

    @nn.compact
    def __call__(self, x):
        """The last layer's output for rows `x`."""
        activation = ACTIVATIONS[self.activation]
        for i, width in enumerate(self.widths):
            x = nn.Dense(width, name=f"layer_{i}")(x if i == 0 else activation(x))
        return x


class TiedDenseStack(nn.Module):
    """Dense layers with kernels from elsewhere (the encoder's, transposed) and own biases."""

    widths: tuple[int, ...]
    activation: str

    @nn.compact
    def __call__(self, x, kernels: Sequence[jax.Array]):
        """The last layer's output for rows `x`, with one kernel a layer."""
        activation = ACTIVATIONS[self.activation]
        for i, (width, kernel) in enumerate(zip(self.widths, kernels, strict=True)):
            bias = self.param(f"layer_{i}", _zero_bias, width)["bias"]
            x = (x if i == 0 else activation(x)) @ kernel + bias
        return x


def _zero_bias(key, width):
    del key
    return {"bias": jnp.zeros(width)}


@dataclass(frozen=True)
class Network:
    """An encoder, a decoder and, where `linear_path`, a linear map beside each.

    With rows ``x`` (units of training), code scale ``c`` (a constant) and ``f`` the code's
    activation::

        encode(x) = f(x V + c * encoder(x))
        decode(z) = z D + decoder(z / c)

    The encoder's last layer is `heads` codes wide (a variational one has two: mean and
    log-variance). ``binary``: codes are 0 or 1, whether ``f`` exceeds 1/2. ``n_active``: of each
    code only that many of the largest are kept, the others become 0. ``tied``: ``D`` is
    ``V`` transposed (each code times a gain of its own where `gain`), and the decoder uses the
    encoder's kernels transposed. What `decode` returns is the raw output that a loss takes; the
    loss's link makes a reconstruction of it.
    """

    encoder: nn.Module
    decoder: nn.Module
    n_features: int
    n_components: int
    code_activation: str = "identity"
    tied: bool = False
    linear_path: bool = False
    gain: bool = False
    heads: int = 1
    binary: bool = False
    n_active: int | None = None

    def encoder_heads(self, params, x):
        """`heads` arrays of shape (rows, n_components); the first is the code before activation.

        The linear path leads into the first alone.
        """
        outputs: Any = self.encoder.apply({"params": params["encoder"]}, x)
        code, *others = jnp.split(outputs, self.heads, axis=-1)
        if self.linear_path:
            code = x @ params["linear"]["encoder"] + params["fixed"]["code_scale"] * code
        return (code, *others)

    def preactivation(self, params, x):
        """The code before its activation, of shape (rows, n_components)."""
        return self.encoder_heads(params, x)[0]

    def activate(self, code):
        """The code's activation."""
        code = ACTIVATIONS[self.code_activation](code)
        return code if self.n_active is None else largest(code, self.n_active)

    def encode(self, params, x):
        """Codes of shape (rows, n_components)."""
        code = self.activate(self.preactivation(params, x))
        return straight_through(code > 0.5, code) if self.binary else code

    def decode(self, params, z):
        """The raw output of shape (rows, n_features)."""
        inner = z / params["fixed"]["code_scale"] if self.linear_path else z
        if self.tied:
            code_kernel, *kernels = [k.T for k in reversed(_kernels(params["encoder"]))]
            kernels = [code_kernel[: self.n_components], *kernels]
            output = self.decoder.apply({"params": params["decoder"]}, inner, kernels)
        else:
            output = self.decoder.apply({"params": params["decoder"]}, inner)
        if not self.linear_path:
            return output
        if not self.tied:
            return output + z @ params["linear"]["decoder"]
        gain = params["linear"]["gain"] if self.gain else 1.0
        return output + (z * gain) @ params["linear"]["encoder"].T


def largest(code, n_active):
    """The `n_active` largest cells of each row, the others 0; of equal ones the first."""
    values, places = jax.lax.top_k(code, n_active)
    return jnp.put_along_axis(jnp.zeros_like(code), places, values, axis=-1, inplace=False)


def straight_through(bits, soft):
    """The value of `bits`, exactly 0 or 1, with the gradient of `soft`."""
    return jax.lax.stop_gradient(bits.astype(soft.dtype)) + (soft - jax.lax.stop_gradient(soft))


class Model(NamedTuple):
    """A network with its weights: what a variant's loss is written against."""

    network: Network
    params: Any

    def heads(self, x):
        """All that the encoder gives: the code before its activation, and further heads."""
        return self.network.encoder_heads(self.params, x)

    def preactivation(self, x):
        """The code before its activation."""
        return self.network.preactivation(self.params, x)

    def encode(self, x):
        """Codes of rows."""
        return self.network.encode(self.params, x)

    def decode(self, z):
        """Raw output of codes."""
        return self.network.decode(self.params, z)


def _kernels(layers):
    return [layers[name]["kernel"] for name in sorted(layers, key=lambda n: int(n.split("_")[-1]))]


def dense_network(
    n_features: int,
    encoder_widths: tuple[int, ...],
    n_components: int,
    decoder_widths: tuple[int, ...],
    activation: str,
    **options,
) -> Network:
    """A network of dense layers; `options` are `Network`'s own fields."""
    decoder = TiedDenseStack if options.get("tied") else DenseStack
    code_width = n_components * options.get("heads", 1)
    return Network(
        encoder=DenseStack((*encoder_widths, code_width), activation),
        decoder=decoder((*decoder_widths, n_features), activation),
        n_features=n_features,
        n_components=n_components,
        **options,
    )


@lru_cache(maxsize=256)
def _structure(network: Network):
    """Shapes of the encoder's and the decoder's weights; nothing is computed."""
    key = jax.ShapeDtypeStruct((2,), np.uint32)
    x = jax.ShapeDtypeStruct((1, network.n_features), np.float32)
    z = jax.ShapeDtypeStruct((1, network.n_components), np.float32)
    encoder = jax.eval_shape(network.encoder.init, key, x)["params"]
    inputs: tuple = (z,)
    if network.tied:
        last, *others = (k.shape[::-1] for k in reversed(_kernels(encoder)))
        shapes = [(network.n_components, last[1]), *others]
        inputs = (z, [jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes])
    decoder = jax.eval_shape(network.decoder.init, key, *inputs).get("params", {})
    return {"encoder": encoder, "decoder": decoder}


def initial_weights(network: Network, rng: np.random.Generator) -> dict:
    """Textbook initial weights, drawn in NumPy: kernels by their activation, biases 0.

    The variance of a kernel follows the activation that its output enters (see `ACTIVATIONS`);
    the last layer of encoder and decoder counts as feeding the code's activation and identity.
    """
    structure = _structure(network)
    params: dict = {}
    for part, last in (("encoder", network.code_activation), ("decoder", "identity")):
        hidden = getattr(getattr(network, part), "activation", "identity")
        layers = structure[part]
        params[part] = {
            name: {
                leaf: _draw(rng, leaf, shape.shape, last if name == list(layers)[-1] else hidden)
                for leaf, shape in layer.items()
            }
            for name, layer in layers.items()
        }
    return params


def _draw(rng, leaf, shape, activation):
    if leaf != "kernel":
        return np.zeros(shape, np.float32)
    kind = ACTIVATIONS[activation]
    fan = shape[0] if kind.fan == "in" else 0.5 * (shape[0] + shape[1])
    limit = np.sqrt(3.0 * kind.gain / max(fan, 1))
    return rng.uniform(-limit, limit, shape).astype(np.float32)
