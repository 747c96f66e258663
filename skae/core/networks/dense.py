"""Dense layers, with kernels of their own or the encoder's transposed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.networks.modules import Decoder, Encoder, layers_in_order
from skae.core.networks.network import LayerPair, Network

__all__ = ["DenseStack", "TiedDenseStack", "dense_network", "dense_parts"]


class _Dense(Decoder):
    """Dense layers with an activation between them and another one after the last.

    The last bias is the offset of the linear skip connection.
    """

    widths: tuple[int, ...]
    activation: str
    output_activation: str = "identity"

    @property
    def hidden_activation(self) -> str:
        """Name of the activation between the layers."""
        return self.activation

    @property
    def output_layer(self) -> str:
        """Name of the last layer among the weights."""
        return f"layer_{len(self.widths) - 1}"

    @property
    def is_single_dense_layer(self) -> bool:
        """Whether there is no hidden layer."""
        return len(self.widths) == 1


class DenseStack(_Dense, Encoder):
    """Dense layers with kernels and biases."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """The output of the last layer for samples `x`."""
        activation = ACTIVATIONS[self.activation]
        for i, width in enumerate(self.widths):
            if i > 0:
                x = activation(x)
                x = self.hidden_output(x)
            x = nn.Dense(width, name=f"layer_{i}")(x)
        return ACTIVATIONS[self.output_activation](x)

    @property
    def n_layers(self) -> int:
        """Number of layers, including the last."""
        return len(self.widths)

    @nn.nowrap
    def lowest(self, n_layers: int) -> nn.Module:
        """The first `n_layers` layers, with the activation after the last of them."""
        widths = self.widths[:n_layers]
        return replace(self, widths=widths, output_activation=self.activation)

    @nn.nowrap
    def pairs(self, network: Network) -> list[LayerPair]:
        """The pairs of a symmetric network with this encoder."""
        return [self._pair(network, depth) for depth in range(self.n_layers)]

    @nn.nowrap
    def _pair(self, network, depth):
        is_top = depth + 1 == self.n_layers
        width = network.n_components if is_top else self.widths[depth]
        pair = dense_network(
            network.n_features if depth == 0 else self.widths[depth - 1],
            (),
            width,
            (),
            self.activation,
            output_activation="identity" if depth == 0 else self.activation,
            tied=network.tied,
            **(network.code_options if is_top else {"code_activation": self.activation}),
        )
        return LayerPair(pair, (f"layer_{depth}",), (f"layer_{self.n_layers - 1 - depth}",), width)

    @nn.nowrap
    def code_kernel(self, weights: dict[str, Any]) -> Any:
        """Kernel of the first layer."""
        return weights["layer_0"]["kernel"]

    @nn.nowrap
    def output_offset(self, weights: dict[str, Any], encoder: dict[str, Any]) -> Any:
        """Bias of the last layer."""
        del encoder
        return weights[self.output_layer]["bias"]

    @nn.nowrap
    def initialize_constant(
        self, weights: dict[str, Any], encoder: dict[str, Any], offset: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Set the last kernel to zero and the last bias to `offset`."""
        del encoder
        last = weights[self.output_layer]
        last["kernel"][...] = 0.0
        last["bias"][...] = offset
        return {}


class TiedDenseStack(_Dense):
    """Dense layers whose kernels are arguments (the encoder's, transposed), with own biases."""

    is_tied: ClassVar[bool] = True

    @nn.compact
    def __call__(self, x: jax.Array, kernels: Sequence[jax.Array]) -> jax.Array:
        """The output of the last layer for samples `x`, with one kernel for each layer."""
        activation = ACTIVATIONS[self.activation]
        for i, (width, kernel) in enumerate(zip(self.widths, kernels, strict=True)):
            if i > 0:
                x = activation(x)
                x = self.hidden_output(x)
            x = x @ kernel + self.param(f"layer_{i}", _zero_bias, width)["bias"]
        return ACTIVATIONS[self.output_activation](x)

    @nn.nowrap
    def code_kernel(self, weights: dict[str, Any]) -> Any:
        """None: the kernel is the encoder's."""
        del weights
        return None

    @nn.nowrap
    def output_offset(self, weights: dict[str, Any], encoder: dict[str, Any]) -> Any:
        """Bias of the last layer and the constant output of the layers before it."""
        bias = weights[self.output_layer]["bias"]
        return bias if self.is_single_dense_layer else bias - self._constants(encoder)[-1]

    @nn.nowrap
    def initialize_constant(
        self, weights: dict[str, Any], encoder: dict[str, Any], offset: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Set the biases so that the output is `offset`; the first kernel is zero already."""
        layers = layers_in_order(weights)
        for layer, constant in zip(layers[1:], self._constants(encoder), strict=True):
            layer["bias"][...] = constant
        layers[-1]["bias"][...] += offset
        return {}

    @nn.nowrap
    def _constants(self, encoder):
        """Biases, from the second layer on, for which the preactivations of all layers are 0.

        Activations that are not 0 at 0 (logistic, softplus) make the input of the following layer
        a constant, which its bias subtracts.
        """
        at_zero = ACTIVATIONS[self.activation].at_zero
        layers = reversed(layers_in_order(encoder)[:-1])
        return [-at_zero * layer["kernel"].sum(axis=1) for layer in layers]


def _zero_bias(key, width):
    del key
    return {"bias": jnp.zeros(width)}


def dense_parts(
    width: int,
    *,
    n_features: int,
    platform: str,
    encoder_widths: tuple[int, ...],
    decoder_widths: tuple[int, ...],
    activation: str,
    tied: bool,
    output_activation: str = "identity",
) -> tuple[Encoder, Decoder]:
    """An encoder whose last layer has `width` units, and a decoder."""
    del platform
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
    *,
    tied: bool = False,
    **options: Any,
) -> Network:
    """A network of dense layers; `options` are fields of `Network`."""
    encoder, decoder = dense_parts(
        n_components * options.get("heads", 1),
        n_features=n_features,
        platform="cpu",
        encoder_widths=encoder_widths,
        decoder_widths=decoder_widths,
        activation=activation,
        tied=tied,
        output_activation=output_activation,
    )
    return Network(encoder, decoder, n_features, n_components, **options)
