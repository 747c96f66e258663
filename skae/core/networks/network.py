"""A network as a value, and a network with its weights: what losses are written against.

Knows nothing of what encoder and decoder are made of.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.activations import ACTIVATIONS

__all__ = ["Model", "Network", "largest", "layers_in_order", "straight_through"]


@dataclass(frozen=True)
class Network:
    """An encoder, a decoder and, where `linear_path`, a linear map beside each.

    With samples ``x`` (units of training), code scale ``c`` (a constant) and ``f`` the code's
    activation::

        encode(x) = f(x V + c * encoder(x))
        decode(z) = z D + gate * decoder(z / c) + offset

    The encoder's last layer is `heads` codes wide (a variational one has two: mean and
    log-variance). ``binary``: codes are 0 or 1, whether ``f`` exceeds 1/2. ``n_active``: of each
    code only that many of the largest are kept, the others become 0. ``tied``: ``D`` is
    ``V`` transposed (each code times a gain of its own where `gain`), and the decoder uses the
    encoder's kernels transposed. Gate and offset are there where the start needs them: see
    `core.networks.ends`. What `decode` returns is the raw output that a loss takes; the loss's
    link makes a reconstruction of it.
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

    @property
    def decoder_input(self) -> tuple[int, ...]:
        """Shape of what the decoder takes of a sample."""
        return (self.n_components,)

    def encoder_heads(self, params, x):
        """`heads` arrays of shape (samples, n_components); the first is the code before activation.

        The linear path leads into the first alone.
        """
        outputs = _like(x, self.apply_encoder(params, jnp.atleast_2d(x)))
        code, *others = jnp.split(outputs, self.heads, axis=-1)
        if self.linear_path:
            code = x @ params["linear"]["encoder"] + params["fixed"]["code_scale"] * code
        return (code, *others)

    def apply_encoder(self, params, x, **options):
        """The encoder without the linear path; `options` are those of flax's ``apply``."""
        return self.encoder.apply({"params": params["encoder"]}, x, **options)

    def apply_decoder(self, params, z, **options):
        """The decoder without the linear path; `options` are those of flax's ``apply``."""
        inner = z / params["fixed"]["code_scale"] if self.linear_path else z
        if not self.tied:
            return self.decoder.apply({"params": params["decoder"]}, inner, **options)
        kernels = [layer["kernel"].T for layer in reversed(layers_in_order(params["encoder"]))]
        kernels[0] = kernels[0][: self.n_components]
        return self.decoder.apply({"params": params["decoder"]}, inner, kernels, **options)

    def preactivation(self, params, x):
        """The code before its activation, of shape (samples, n_components)."""
        return self.encoder_heads(params, x)[0]

    def activate(self, code):
        """The code's activation."""
        code = ACTIVATIONS[self.code_activation](code)
        return code if self.n_active is None else largest(code, self.n_active)

    def encode(self, params, x):
        """Codes of shape (samples, n_components)."""
        code = self.activate(self.preactivation(params, x))
        return straight_through(code > 0.5, code) if self.binary else code

    def decode(self, params, z):
        """The raw output of shape (samples, n_features)."""
        output = _like(z, self.apply_decoder(params, jnp.atleast_2d(z)))
        return self._beside_linear_path(params["linear"], z, output) if self.linear_path else output

    def _beside_linear_path(self, linear, z, output):
        if self.tied:
            return output + (z * (linear["gain"] if self.gain else 1.0)) @ linear["encoder"].T
        if "gate" in linear:
            output = output * linear["gate"]
        output = output + z @ linear["decoder"]
        return output + linear["offset"] if "offset" in linear else output

    def reconstruct(self, params, x):
        """The raw output for samples, of shape (samples, n_features)."""
        return self.decode(params, self.encode(params, x))


def _like(x, output):
    """What a module gives for samples, or of one sample alone: under vmap there is only one."""
    return output.reshape(*x.shape[:-1], -1)


def layers_in_order(layers):
    """Numbered layers by their number: as strings, layer_10 stands before layer_2."""
    return [layers[name] for name in sorted(layers, key=lambda name: int(name.split("_")[-1]))]


def largest(code, n_active):
    """The `n_active` largest cells of each sample, the others 0; of equal ones the first."""
    values, places = jax.lax.top_k(code, n_active)
    # put_along_axis does not take a number of samples that is left open, as exporting does
    others = range(places.ndim - 1)
    samples = (jax.lax.broadcasted_iota(places.dtype, places.shape, axis) for axis in others)
    return jnp.zeros_like(code).at[(*samples, places)].set(values)


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
        """Codes of samples."""
        return self.network.encode(self.params, x)

    def decode(self, z):
        """Raw output of codes."""
        return self.network.decode(self.params, z)
