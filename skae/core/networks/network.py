"""A network as a hashable value, and a network with its weights, on which losses are defined.

Nothing here depends on the kind of encoder and decoder.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.networks.modules import Decoder, Encoder, Path, layers_in_order

__all__ = ["LayerPair", "Model", "Network", "largest", "row_norms", "straight_through"]


@dataclass(frozen=True)
class Network:
    """An encoder, a decoder and, with `linear_path`, a linear skip connection parallel to each.

    With samples ``x`` (in standardized units), code scale ``c`` (a constant) and ``f`` the code
    activation::

        encode(x) = f(x V + c * encoder(x))
        decode(z) = z D + gate * decoder(z / c) + offset

    Parameters
    ----------
    encoder : Encoder
        The last layer has ``heads * n_components`` units.
    decoder : Decoder
        A tied decoder uses the encoder's kernels transposed, and ``D`` is ``V`` transposed.
    n_features, n_components : int
    code_activation : str
    linear_path : bool
        ``gate`` and ``offset`` exist where PCA initialization needs them: decoders without a bias
        for the offset have an ``offset``, user-defined decoders also a ``gate`` that starts at 0
        (Bachlechner et al. 2021, ReZero).
    gain : bool
        Whether each code has a gain of its own in a tied linear skip connection.
    heads : int
        Outputs of the encoder for each code: two for mean and log-variance.
    binary : bool
        Whether codes are 0 or 1: whether ``f`` exceeds 1/2.
    n_active : int, optional
        Only so many of the largest entries of each code are kept, the others become 0.
    unit_decoder : bool
        Whether the decoder's weights that leave a unit of the code are divided by their norm. For
        decoders with weights of their own, without `linear_path`.

    Notes
    -----
    `decode` returns the decoder output that a loss takes; the loss's link maps it to the
    reconstruction.
    """

    encoder: Encoder
    decoder: Decoder
    n_features: int
    n_components: int
    code_activation: str = "identity"
    linear_path: bool = False
    gain: bool = False
    heads: int = 1
    binary: bool = False
    n_active: int | None = None
    unit_decoder: bool = False

    @property
    def tied(self) -> bool:
        """Whether the decoder uses the encoder's kernels transposed."""
        return self.decoder.is_tied

    @property
    def clip_norm(self) -> float | None:
        """Global norm that gradients are clipped to in training; None for no clipping."""
        return self.decoder.clip_norm

    @property
    def decoder_input(self) -> tuple[int, ...]:
        """Shape of the decoder's input for one sample."""
        return (self.n_components,)

    def encoder_heads(self, params: Any, x: jax.Array) -> tuple[jax.Array, ...]:
        """`heads` arrays of shape (n_samples, n_components); the first is the preactivation.

        The linear skip connection is added to the first alone.
        """
        # Codes that are feature maps have their heads on the axis of the channels.
        outputs = jnp.split(self.apply_encoder(params, jnp.atleast_2d(x)), self.heads, axis=-1)
        code, *others = (_in_shape_of(x, output) for output in outputs)
        if self.linear_path:
            code = x @ params["linear"]["encoder"] + params["fixed"]["code_scale"] * code
        return (code, *others)

    def apply_encoder(self, params: Any, x: jax.Array, **options: Any) -> Any:
        """The encoder without skip connection; `options` are those of flax's ``apply``."""
        return self.encoder.apply({"params": params["encoder"]}, x, **options)

    def apply_decoder(self, params: Any, z: jax.Array, **options: Any) -> Any:
        """The decoder without skip connection; `options` are those of flax's ``apply``."""
        inner = z / params["fixed"]["code_scale"] if self.linear_path else z
        if self.unit_decoder:
            inner = inner / row_norms(self.code_kernel(params))
        if not self.tied:
            return self.decoder.apply({"params": params["decoder"]}, inner, **options)
        kernels = [layer["kernel"].T for layer in reversed(layers_in_order(params["encoder"]))]
        kernels[0] = kernels[0][: self.n_components]
        return self.decoder.apply({"params": params["decoder"]}, inner, kernels, **options)

    def preactivation(self, params: Any, x: jax.Array) -> jax.Array:
        """The code before its activation, of shape (n_samples, n_components)."""
        return self.encoder_heads(params, x)[0]

    def activate(self, code: jax.Array) -> jax.Array:
        """The code activation, and the selection of the largest entries."""
        code = ACTIVATIONS[self.code_activation](code)
        return code if self.n_active is None else largest(code, self.n_active)

    def encode(self, params: Any, x: jax.Array) -> jax.Array:
        """Codes of shape (n_samples, n_components)."""
        code = self.activate(self.preactivation(params, x))
        return straight_through(code > 0.5, code) if self.binary else code

    def decode(self, params: Any, z: jax.Array) -> jax.Array:
        """The decoder output of shape (n_samples, n_features), before the loss's link."""
        output = _in_shape_of(z, self.apply_decoder(params, jnp.atleast_2d(z)))
        return self._add_linear_path(params["linear"], z, output) if self.linear_path else output

    def _add_linear_path(self, linear, z, output):
        if self.tied:
            return output + (z * (linear["gain"] if self.gain else 1.0)) @ linear["encoder"].T
        if "gate" in linear:
            output = output * linear["gate"]
        output = output + z @ linear["decoder"]
        return output + linear["offset"] if "offset" in linear else output

    def reconstruct(self, params: Any, x: jax.Array) -> jax.Array:
        """The decoder output for the codes of samples, of shape (n_samples, n_features)."""
        return self.decode(params, self.encode(params, x))

    def code_layer(self, params: Any) -> dict[str, Any]:
        """Kernel and bias of the encoder's last layer, without skip connection."""
        return params["encoder"][self.encoder.output_layer]

    @property
    def code_options(self) -> dict[str, Any]:
        """Fields about the code, which the pair of layers next to the code shares."""
        names = ("code_activation", "n_active", "unit_decoder")
        return {name: getattr(self, name) for name in names}

    def layer_pairs(self) -> list["LayerPair"]:
        """Pairs of layers for greedy pretraining, from the samples on; empty if it has none."""
        return self.encoder.pairs(self)

    def code_kernel(self, params: Any) -> Any:
        """Kernel of the decoder's first layer, of shape (n_components, any).

        None where the decoder has no such weights of its own or they are unknown.
        """
        return self.decoder.code_kernel(params["decoder"])

    def output_offset(self, params: Any) -> Any:
        """Decoder output of shape (n_features,) for codes of 0, after `initialize_linear`."""
        offset = self.decoder.output_offset(params["decoder"], params["encoder"])
        return offset + params["linear"].get("offset", 0.0)

    def initialize_linear(self, params: Any, code_bias: np.ndarray, offset: np.ndarray) -> None:
        """Change initial weights in place: only the linear skip connection depends on the input.

        Parameters
        ----------
        params : dict
            With ``params["linear"]``, to which the weights are added that the decoder needs.
        code_bias : ndarray of shape (heads * n_components,)
            The encoder's output for every sample.
        offset : ndarray of shape (n_features,)
            The constant in the decoder output.
        """
        code_layer = self.code_layer(params)
        code_layer["kernel"][...] = 0.0
        code_layer["bias"][...] = code_bias
        params["linear"].update(
            self.decoder.initialize_constant(params["decoder"], params["encoder"], offset)
        )


def row_norms(kernel: jax.Array) -> jax.Array:
    """Euclidean norm of each row, with a finite derivative at rows of zeros."""
    return jnp.sqrt(jnp.sum(jnp.square(kernel), axis=1) + 1e-12)


class LayerPair(NamedTuple):
    """A layer of the encoder and its counterpart in the decoder, as an autoencoder of their own.

    Its output passes through the activation as in the whole network, except for the samples
    themselves. So the trained pairs put together are the network.

    ``encoder`` and ``decoder`` are the paths of the two layers among the weights of the whole
    network. The layer of the encoder has the first ``width`` of its units in the pair, which are
    all but those of further heads.
    """

    network: Network
    encoder: Path
    decoder: Path
    width: int


def _in_shape_of(x, output):
    """Module output with the leading axes of `x`, which has none for one sample under vmap."""
    return output.reshape(*x.shape[:-1], -1)


def largest(code: jax.Array, n_active: int) -> jax.Array:
    """The `n_active` largest entries of each sample, the others 0; of equal ones the first."""
    values, places = jax.lax.top_k(code, n_active)
    # jnp.put_along_axis needs a known number of samples, which is symbolic in an export.
    others = range(places.ndim - 1)
    samples = (jax.lax.broadcasted_iota(places.dtype, places.shape, axis) for axis in others)
    return jnp.zeros_like(code).at[(*samples, places)].set(values)


def straight_through(bits: jax.Array, soft: jax.Array) -> jax.Array:
    """The value of `bits`, exactly 0 or 1, with the gradient of `soft`."""
    return jax.lax.stop_gradient(bits.astype(soft.dtype)) + (soft - jax.lax.stop_gradient(soft))


class Model(NamedTuple):
    """A network with its weights: the argument of every loss function."""

    network: Network
    params: Any

    def heads(self, x: jax.Array) -> tuple[jax.Array, ...]:
        """All outputs of the encoder: the preactivation of the code, and further heads."""
        return self.network.encoder_heads(self.params, x)

    def preactivation(self, x: jax.Array) -> jax.Array:
        """The code before its activation."""
        return self.network.preactivation(self.params, x)

    def encode(self, x: jax.Array) -> jax.Array:
        """Codes of samples."""
        return self.network.encode(self.params, x)

    def decode(self, z: jax.Array) -> jax.Array:
        """Decoder output of codes, before the loss's link."""
        return self.network.decode(self.params, z)
