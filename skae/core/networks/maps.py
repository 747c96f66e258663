"""A network whose code is a stack of maps, of which each tells its largest cell."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from skae.core.networks.convolution import convolve_back
from skae.core.networks.images import ConvolutionalEncoder, Weights
from skae.core.networks.network import Network

__all__ = ["MapDecoder", "MapNetwork", "map_parts", "spatial_sparsity_mask"]


class MapDecoder(nn.Module):
    """From maps to flat images by one transposed convolution: each cell adds a patch."""

    image_shape: tuple[int, int, int]
    kernel_size: int
    method: str

    @nn.compact
    def __call__(self, maps):
        """Flat images of maps of shape (samples, cells, maps)."""
        *shape, channels = self.image_shape
        size, count = self.kernel_size, maps.shape[-1]
        layer = Weights((size, size, count, channels), name="output")()
        kernel = layer["kernel"].swapaxes(2, 3)
        maps = maps.reshape(-1, *shape, count)
        x = convolve_back(maps, kernel, shape, 1, "same", self.method) + layer["bias"]
        return x.reshape(x.shape[0], -1)


@dataclass(frozen=True)
class MapNetwork(Network):
    """Maps of the size of the image, one for each component; a code is their largest cells.

    With a map's other cells at 0::

        encode(x)_k = max over cells of maps(x)_k
        reconstruct(x) = decoder(maps(x), of each the largest cell)

    A code knows no places, so `decode` puts each number into the middle of its map.
    """

    @property
    def decoder_input(self):
        """Shape of what the decoder takes of a sample."""
        height, width, _ = self.decoder.image_shape
        return (height * width, self.n_components)

    def maps(self, params, x):
        """Maps of shape (samples, cells, n_components), after the code's activation."""
        return self.activate(self._before(params, x))

    def _before(self, params, x):
        maps: Any = self.encoder.apply({"params": params["encoder"]}, jnp.atleast_2d(x))
        return maps.reshape(*x.shape[:-1], -1, self.n_components)

    def encoder_heads(self, params, x):
        """The largest cell of each map before activation, as the one head."""
        return (self._before(params, x).max(axis=-2),)

    def decode_maps(self, params, maps):
        """The raw output of maps of shape (samples, cells, n_components), or of one sample's."""
        output: Any = self.decoder.apply({"params": params["decoder"]}, maps)
        return output.reshape(*maps.shape[:-2], -1)

    def decode(self, params, z):
        """The raw output of codes, each number in the middle of its map."""
        height, width, _ = self.decoder.image_shape
        middle = (height // 2) * width + width // 2
        maps = jnp.zeros((*z.shape[:-1], *self.decoder_input), z.dtype)
        return self.decode_maps(params, maps.at[..., middle, :].set(z))

    def reconstruct(self, params, x):
        """The raw output for samples, with each map's largest cell in its place."""
        maps = self.maps(params, x)
        return self.decode_maps(params, jnp.where(spatial_sparsity_mask(maps), maps, 0.0))


def map_parts(
    width: int,
    method: str,
    *,
    image_shape: tuple[int, int, int],
    channels: tuple[int, ...],
    kernel_sizes: tuple[int, ...],
    decoder_kernel_size: int,
    activation: str,
):
    """Convolutions that keep height and width, the last with `width` maps, and one way back."""
    encoder = ConvolutionalEncoder(
        image_shape,
        (*channels, width),
        kernel_sizes,
        stride=1,
        padding="same",
        downsampling="stride",
        activation=activation,
        method=method,
        activate_last=False,
    )
    return encoder, MapDecoder(image_shape, decoder_kernel_size, method)


def spatial_sparsity_mask(maps):
    """Whether a cell is the largest of its map, of equal ones the first.

    Parameters
    ----------
    maps : array of shape (n_samples, n_cells, n_maps)

    Returns
    -------
    wins : bool array of shape (n_samples, n_cells, n_maps)
    """
    places = jnp.argmax(maps, axis=1)
    return jnp.arange(maps.shape[1])[:, None] == places[:, None, :]
