"""Convolutional encoders and decoders of flat samples that are images."""

from dataclasses import replace
from math import prod
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.activations import ACTIVATIONS
from skae.core.networks.convolution import (
    convolve,
    convolve_transposed,
    convolved_size,
    max_pool,
    method_for,
    upsample,
)
from skae.core.networks.dense import dense_network
from skae.core.networks.modules import Decoder, Encoder, EncoderWithHead
from skae.core.networks.network import LayerPair, Network

__all__ = [
    "ConvolutionalDecoder",
    "ConvolutionalEncoder",
    "KernelAndBias",
    "convolutional_parts",
    "map_shapes",
]


def map_shapes(
    image_shape: tuple[int, int, int],
    channels: tuple[int, ...],
    kernel_sizes: tuple[int, ...],
    stride: int,
    padding: str,
) -> tuple[tuple[int, int, int], ...]:
    """Shapes (height, width, channels) of the image and of the feature maps of each layer.

    They are the same with strides and with pooling.

    Raises
    ------
    ValueError
        If a kernel is larger than its input.
    """
    height, width, n_channels = image_shape
    shapes = [(height, width, n_channels)]
    for count, size in zip(channels, kernel_sizes, strict=True):
        height, width, _ = shapes[-1]
        if padding == "valid" and size > min(height, width):
            raise ValueError(
                f"kernel_size={size} is larger than the {height} x {width} input of layer "
                f"{len(shapes)} with image_shape={tuple(image_shape)}. Use padding='same', fewer "
                "channels or a smaller kernel_size."
            )
        height, width = (convolved_size(n, size, stride, padding) for n in (height, width))
        shapes.append((height, width, count))
    return tuple(shapes)


class ConvolutionalEncoder(Encoder):
    """Flat images to the feature maps of the last layer.

    The activation follows each layer, the last one only if `activate_last`. Without it, the maps
    are the code.
    """

    image_shape: tuple[int, int, int]
    channels: tuple[int, ...]
    kernel_sizes: tuple[int, ...]
    stride: int
    padding: str
    downsampling: str
    activation: str
    method: str
    activate_last: bool = True

    @property
    def hidden_activation(self) -> str:
        """Name of the activation."""
        return self.activation

    @property
    def n_layers(self) -> int:
        """Number of convolutions."""
        return len(self.channels)

    @property
    def has_dense_code(self) -> bool:
        """False: the last layer is a convolution."""
        return False

    @nn.nowrap
    def pairs(self, network: Network) -> list[LayerPair]:
        """The pairs of convolutions of a network with these convolutions."""
        return [self._pair(network, depth) for depth in range(self.n_layers)]

    @nn.nowrap
    def _pair(self, network, depth):
        is_code = not self.activate_last and depth + 1 == self.n_layers
        decoder, sizes = network.decoder, self.kernel_sizes[depth : depth + 1]
        shapes = decoder.shapes[depth : depth + 2]
        (*_, width) = shapes[1]
        # With max pooling, the activation precedes the pooling, so it is the encoder's here.
        encoder = replace(
            self,
            image_shape=shapes[0],
            channels=(width,),
            kernel_sizes=sizes,
            activate_last=not is_code,
        )
        decoder = replace(
            decoder,
            shapes=shapes,
            kernel_sizes=sizes,
            from_maps=True,
            output_activation="identity" if depth == 0 else self.activation,
        )
        options = network.code_options if is_code else {}
        pair = Network(encoder, decoder, prod(shapes[0]), prod(shapes[1]), **options)
        return LayerPair(pair, (f"layer_{depth}",), (network.decoder.layer_name(depth),), width)

    @nn.nowrap
    def lowest(self, n_layers: int) -> nn.Module:
        """The first `n_layers` convolutions, with the activation after the last of them."""
        sizes = self.kernel_sizes[:n_layers]
        channels = self.channels[:n_layers]
        return replace(self, channels=channels, kernel_sizes=sizes, activate_last=True)

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Feature maps of shape (n_samples, height, width, channels) of samples `x`."""
        x = x.reshape(-1, *self.image_shape)
        pooled = self.downsampling == "max_pool"
        for i, (count, size) in enumerate(zip(self.channels, self.kernel_sizes, strict=True)):
            layer = KernelAndBias((size, size, x.shape[-1], count), name=f"layer_{i}")()
            stride = 1 if pooled else self.stride
            x = convolve(x, layer["kernel"], stride, self.padding, self.method)
            x = x + layer["bias"]
            if self.activate_last or i + 1 < len(self.channels):
                x = ACTIVATIONS[self.activation](x)
            if pooled:
                x = max_pool(x, self.stride)
            if self.activate_last or i + 1 < len(self.channels):
                x = self.hidden_output(x)
        return x


class ConvolutionalEncoderWithHead(EncoderWithHead):
    """Convolutions, and a dense layer for the code."""

    @nn.nowrap
    def pairs(self, network: Network) -> list[LayerPair]:
        """The pairs of convolutions, and the pair of dense layers next to the code."""
        lower = [
            pair._replace(encoder=("body", *pair.encoder)) for pair in self.body.pairs(network)
        ]
        activation = self.body.activation
        top = dense_network(
            lower[-1].network.n_components,
            (),
            network.n_components,
            (),
            activation,
            output_activation=activation,
            **network.code_options,
        )
        return [*lower, LayerPair(top, ("head",), ("input",), network.n_components)]


class ConvolutionalDecoder(Decoder):
    """Codes to flat images: a dense layer, then the shapes of the encoder in reverse.

    Without the dense layer if the codes are flattened feature maps (`from_maps`).
    """

    shapes: tuple[tuple[int, int, int], ...]
    kernel_sizes: tuple[int, ...]
    stride: int
    padding: str
    upsampling: str
    activation: str
    method: str
    from_maps: bool = False
    output_activation: str = "identity"

    @property
    def hidden_activation(self) -> str:
        """Name of the activation."""
        return self.activation

    @property
    def output_share(self) -> float:
        """Share of the entries of a kernel that contribute to one entry of output."""
        return 1.0 if self.upsampling == "resize" else self.stride**-2.0

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Flat images of shape (n_samples, height * width * channels) of codes `z`."""
        *_, smallest = self.shapes
        first = len(self.kernel_sizes) - 1
        if not self.from_maps:
            layer = KernelAndBias((z.shape[-1], prod(smallest)), name="input")()
            z = z @ layer["kernel"] + layer["bias"]
        x = z.reshape(-1, *smallest)
        for i in reversed(range(len(self.kernel_sizes))):
            if i < first or not self.from_maps:
                x = ACTIVATIONS[self.activation](x)
                x = self.hidden_output(x)
            x = self._mirrored_layer(x, i)
        return ACTIVATIONS[self.output_activation](x.reshape(x.shape[0], -1))

    @nn.nowrap
    def layer_name(self, i: int) -> str:
        """Name of the counterpart of the encoder's layer `i` among the weights."""
        return "output" if i == 0 else f"layer_{i}"

    @nn.nowrap
    def code_kernel(self, weights: dict[str, Any]) -> Any:
        """Kernel of the first layer; that of feature maps is repeated for each position."""
        if not self.from_maps:
            return super().code_kernel(weights)
        kernel = weights[self.layer_name(len(self.kernel_sizes) - 1)]["kernel"]
        height, width, count = self.shapes[-1]
        by_channel = jnp.moveaxis(kernel, 2, 0).reshape(count, -1)
        return jnp.tile(by_channel, (height * width, 1))

    def _mirrored_layer(self, x, i):
        """The transposed counterpart of the encoder's layer `i`."""
        (*shape, count), size = self.shapes[i], self.kernel_sizes[i]
        layer = KernelAndBias((size, size, x.shape[-1], count), name=self.layer_name(i))()
        stride = self.stride
        if self.upsampling == "resize":
            inner = [convolved_size(length, size, 1, self.padding) for length in shape]
            x, stride = upsample(x, self.stride, inner), 1
        kernel = layer["kernel"].swapaxes(2, 3)
        x = convolve_transposed(x, kernel, shape, stride, self.padding, self.method)
        return x + layer["bias"]


class KernelAndBias(nn.Module):
    """A kernel of a shape, and a bias; `core.networks.weights` draws the initial values."""

    shape: tuple[int, ...]

    @nn.compact
    def __call__(self) -> dict[str, Any]:
        """The kernel and the bias."""
        zeros = nn.initializers.zeros
        return {
            "kernel": self.param("kernel", zeros, self.shape, jnp.float32),
            "bias": self.param("bias", zeros, self.shape[-1:], jnp.float32),
        }


def convolutional_parts(
    width: int,
    *,
    n_features: int,
    platform: str,
    image_shape: tuple[int, int, int],
    channels: tuple[int, ...],
    kernel_sizes: tuple[int, ...],
    stride: int,
    padding: str,
    downsampling: str,
    upsampling: str,
    activation: str,
    code: str = "dense",
) -> tuple[Encoder, Decoder]:
    """An encoder that ends in a dense layer of `width`, and its mirrored decoder.

    With ``code="maps"`` both lack the dense layer, and `width` is a multiple of the number of
    entries of the last feature maps: the number of heads.
    """
    del n_features
    shared: dict[str, Any] = {
        "kernel_sizes": kernel_sizes,
        "stride": stride,
        "padding": padding,
        "activation": activation,
        "method": method_for(platform),
    }
    body = ConvolutionalEncoder(image_shape, channels, downsampling=downsampling, **shared)
    shapes = map_shapes(image_shape, channels, kernel_sizes, stride, padding)
    decoder = ConvolutionalDecoder(shapes, upsampling=upsampling, **shared)
    if code == "dense":
        return ConvolutionalEncoderWithHead(body, width), decoder
    last = channels[-1] * (width // prod(shapes[-1]))
    maps = replace(body, channels=(*channels[:-1], last), activate_last=False)
    return maps, replace(decoder, from_maps=True)
