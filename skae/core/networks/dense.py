"""Dense layers, with matrices of their own or the encoder's transposed."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.activations import ACTIVATIONS
from skae.core.networks.dropout import HiddenLayers
from skae.core.networks.network import Network

__all__ = ["DenseStack", "TiedDenseStack", "dense_network", "dense_parts"]


class DenseStack(HiddenLayers):
    """Dense layers; the activation stands between them, after the last another."""

    widths: tuple[int, ...]
    activation: str
    output_activation: str = "identity"

    @nn.compact
    def __call__(self, x):
        """The last layer's output for samples `x`."""
        activation = ACTIVATIONS[self.activation]
        for i, width in enumerate(self.widths):
            if i > 0:
                x = activation(x)
                x = self.hidden(x)
            x = nn.Dense(width, name=f"layer_{i}")(x)
        return ACTIVATIONS[self.output_activation](x)


class TiedDenseStack(HiddenLayers):
    """Dense layers with kernels from elsewhere (the encoder's, transposed) and own biases."""

    widths: tuple[int, ...]
    activation: str
    output_activation: str = "identity"

    @nn.compact
    def __call__(self, x, kernels: Sequence[jax.Array]):
        """The last layer's output for samples `x`, with one kernel a layer."""
        activation = ACTIVATIONS[self.activation]
        for i, (width, kernel) in enumerate(zip(self.widths, kernels, strict=True)):
            if i > 0:
                x = activation(x)
                x = self.hidden(x)
            x = x @ kernel + self.param(f"layer_{i}", _zero_bias, width)["bias"]
        return ACTIVATIONS[self.output_activation](x)


def _zero_bias(key, width):
    del key
    return {"bias": jnp.zeros(width)}


def dense_parts(
    width: int,
    *,
    n_features: int,
    encoder_widths: tuple[int, ...],
    decoder_widths: tuple[int, ...],
    activation: str,
    tied: bool,
    output_activation: str = "identity",
):
    """An encoder that ends in a layer of `width`, and a decoder."""
    decoder = TiedDenseStack if tied else DenseStack
    return (
        DenseStack((*encoder_widths, width), activation),
        decoder((*decoder_widths, n_features), activation, output_activation),
    )


def dense_network(
    n_features: int,
    encoder_widths: tuple[int, ...],
    n_components: int,
    decoder_widths: tuple[int, ...],
    activation: str,
    output_activation: str = "identity",
    **options,
) -> Network:
    """A network of dense layers; `options` are `Network`'s own fields."""
    encoder, decoder = dense_parts(
        n_components * options.get("heads", 1),
        n_features=n_features,
        encoder_widths=encoder_widths,
        decoder_widths=decoder_widths,
        activation=activation,
        tied=options.get("tied", False),
        output_activation=output_activation,
    )
    return Network(encoder, decoder, n_features, n_components, **options)
