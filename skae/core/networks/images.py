"""Convolutional encoders and decoders of flat samples that are images."""

from dataclasses import replace
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
from skae.core.networks.modules import Decoder, Encoder, EncoderWithHead

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

    The activation follows each layer, the last one only if `activate_last`.
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


class ConvolutionalDecoder(Decoder):
    """Codes to flat images: a dense layer, then the shapes of the encoder in reverse."""

    shapes: tuple[tuple[int, int, int], ...]
    kernel_sizes: tuple[int, ...]
    stride: int
    padding: str
    upsampling: str
    activation: str
    method: str

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
        width = smallest[0] * smallest[1] * smallest[2]
        layer = KernelAndBias((z.shape[-1], width), name="input")()
        x = (z @ layer["kernel"] + layer["bias"]).reshape(-1, *smallest)
        for i in reversed(range(len(self.kernel_sizes))):
            x = ACTIVATIONS[self.activation](x)
            x = self.hidden_output(x)
            x = self._mirrored_layer(x, i)
        return x.reshape(x.shape[0], -1)

    def _mirrored_layer(self, x, i):
        """The transposed counterpart of the encoder's layer `i`."""
        (*shape, count), size = self.shapes[i], self.kernel_sizes[i]
        name = "output" if i == 0 else f"layer_{i}"
        layer = KernelAndBias((size, size, x.shape[-1], count), name=name)()
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
) -> tuple[Encoder, Decoder]:
    """An encoder that ends in a dense layer of `width`, and its mirrored decoder."""
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
    return EncoderWithHead(body, width), decoder
