"""Convolutional encoders and decoders: flat samples in, flat samples out, images between."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from skae.core.activations import ACTIVATIONS
from skae.core.networks.convolution import (
    convolve,
    convolve_back,
    convolved_size,
    enlarge,
    largest_of_windows,
)
from skae.core.networks.dropout import HiddenLayers
from skae.core.networks.heads import WithHead

__all__ = [
    "ConvolutionalDecoder",
    "ConvolutionalEncoder",
    "Weights",
    "convolutional_parts",
    "map_shapes",
]


def map_shapes(image_shape, channels, kernel_sizes, stride: int, padding: str):
    """Shapes (height, width, channels) of the image and of what each layer makes of it.

    They are the same whether a layer strides or is followed by pooling.

    Raises
    ------
    ValueError
        Where a kernel does not fit into what it is given.
    """
    shapes = [tuple(image_shape)]
    for count, size in zip(channels, kernel_sizes, strict=True):
        height, width, _ = shapes[-1]
        if padding == "valid" and size > min(height, width):
            raise ValueError(
                f"kernel_size={size} does not fit into the {height} x {width} cells that layer "
                f"{len(shapes)} of image_shape={tuple(image_shape)} is given: use "
                "padding='same', fewer channels or a smaller kernel_size"
            )
        cells = (convolved_size(length, size, stride, padding) for length in (height, width))
        shapes.append((*cells, count))
    return tuple(shapes)


class ConvolutionalEncoder(HiddenLayers):
    """From flat images to the maps of the last layer; the activation follows each layer.

    Unless `activate_last` is False: then it follows all but the last.
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

    @nn.compact
    def __call__(self, x):
        """Maps of shape (samples, height, width, channels) of samples `x`."""
        x = x.reshape(-1, *self.image_shape)
        pooled = self.downsampling == "max_pool"
        for i, (count, size) in enumerate(zip(self.channels, self.kernel_sizes, strict=True)):
            layer = Weights((size, size, x.shape[-1], count), name=f"layer_{i}")()
            stride = 1 if pooled else self.stride
            x = convolve(x, layer["kernel"], stride, self.padding, self.method)
            x = x + layer["bias"]
            if self.activate_last or i + 1 < len(self.channels):
                x = ACTIVATIONS[self.activation](x)
            if pooled:
                x = largest_of_windows(x, self.stride)
            if self.activate_last or i + 1 < len(self.channels):
                x = self.hidden(x)
        return x


class ConvolutionalDecoder(HiddenLayers):
    """From codes through a dense layer to maps, and through the encoder's shapes to the image."""

    shapes: tuple[tuple[int, int, int], ...]
    kernel_sizes: tuple[int, ...]
    stride: int
    padding: str
    upsampling: str
    activation: str
    method: str

    @property
    def share_met(self) -> float:
        """The share of a kernel's cells that meet any one cell of the output."""
        return 1.0 if self.upsampling == "resize" else self.stride**-2.0

    @nn.compact
    def __call__(self, z):
        """Flat images of shape (samples, height * width * channels) of codes `z`."""
        *_, smallest = self.shapes
        width = smallest[0] * smallest[1] * smallest[2]
        layer = Weights((z.shape[-1], width), name="input")()
        x = (z @ layer["kernel"] + layer["bias"]).reshape(-1, *smallest)
        for i in reversed(range(len(self.kernel_sizes))):
            x = ACTIVATIONS[self.activation](x)
            x = self.hidden(x)
            x = self._up(x, i)
        return x.reshape(x.shape[0], -1)

    def _up(self, x, i):
        """The mirror of the encoder's layer `i`."""
        (*shape, count), size = self.shapes[i], self.kernel_sizes[i]
        name = "output" if i == 0 else f"layer_{i}"
        layer = Weights((size, size, x.shape[-1], count), name=name)()
        stride = self.stride
        if self.upsampling == "resize":
            inner = [convolved_size(length, size, 1, self.padding) for length in shape]
            x, stride = enlarge(x, self.stride, inner), 1
        kernel = layer["kernel"].swapaxes(2, 3)
        return convolve_back(x, kernel, shape, stride, self.padding, self.method) + layer["bias"]


class Weights(nn.Module):
    """A kernel by its shape, and a bias; initial values are drawn elsewhere."""

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
    method: str,
    *,
    image_shape: tuple[int, int, int],
    channels: tuple[int, ...],
    kernel_sizes: tuple[int, ...],
    stride: int,
    padding: str,
    downsampling: str,
    upsampling: str,
    activation: str,
):
    """An encoder that ends in a dense layer of `width`, and the decoder that mirrors it."""
    shared: dict[str, Any] = {
        "kernel_sizes": kernel_sizes,
        "stride": stride,
        "padding": padding,
        "activation": activation,
        "method": method,
    }
    body = ConvolutionalEncoder(image_shape, channels, downsampling=downsampling, **shared)
    shapes = map_shapes(image_shape, channels, kernel_sizes, stride, padding)
    return WithHead(body, width), ConvolutionalDecoder(shapes, upsampling=upsampling, **shared)
