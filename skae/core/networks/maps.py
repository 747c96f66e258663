"""A network whose encoder computes feature maps; a code holds the maximum of each map."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.networks.convolution import convolve_transposed, method_for
from skae.core.networks.images import ConvolutionalEncoder, KernelAndBias
from skae.core.networks.modules import Decoder, Encoder
from skae.core.networks.network import Network

__all__ = ["MapDecoder", "MapNetwork", "map_parts", "spatial_sparsity_mask"]


class MapDecoder(Decoder):
    """Feature maps to flat images by one transposed convolution: each entry adds a patch."""

    image_shape: tuple[int, int, int]
    kernel_size: int
    method: str

    @nn.compact
    def __call__(self, maps: jax.Array) -> jax.Array:
        """Flat images of feature maps of shape (n_samples, n_pixels, n_maps)."""
        *shape, channels = self.image_shape
        size, count = self.kernel_size, maps.shape[-1]
        layer = KernelAndBias((size, size, count, channels), name="output")()
        kernel = layer["kernel"].swapaxes(2, 3)
        maps = maps.reshape(-1, *shape, count)
        x = convolve_transposed(maps, kernel, shape, 1, "same", self.method) + layer["bias"]
        return x.reshape(x.shape[0], -1)

    @nn.nowrap
    def code_kernel(self, weights: dict[str, Any]) -> Any:
        """None: the decoder reads feature maps, not codes."""
        del weights
        return None


@dataclass(frozen=True)
class MapNetwork(Network):
    """Feature maps of the size of the image, one for each component; codes are their maxima.

    With all entries of a map but the largest set to 0::

        encode(x)_k = max over pixels of maps(x)_k
        reconstruct(x) = decoder(largest entry of each of maps(x))

    A code contains no positions, so `decode` places each entry in the center of its map.
    """

    @property
    def decoder_input(self) -> tuple[int, ...]:
        """Shape of the decoder's input for one sample."""
        height, width, _ = self.decoder.image_shape
        return (height * width, self.n_components)

    def maps(self, params: Any, x: jax.Array) -> jax.Array:
        """Feature maps of shape (n_samples, n_pixels, n_components), after the code activation."""
        return self.activate(self._preactivation_maps(params, x))

    def _preactivation_maps(self, params, x):
        maps: Any = self.encoder.apply({"params": params["encoder"]}, jnp.atleast_2d(x))
        return maps.reshape(*x.shape[:-1], -1, self.n_components)

    def encoder_heads(self, params: Any, x: jax.Array) -> tuple[jax.Array, ...]:
        """The maximum of each map before its activation, as the only head."""
        return (self._preactivation_maps(params, x).max(axis=-2),)

    def decode_maps(self, params: Any, maps: jax.Array) -> jax.Array:
        """Decoder output of feature maps of shape (n_samples, n_pixels, n_components).

        Or of one sample's maps.
        """
        output: Any = self.decoder.apply({"params": params["decoder"]}, maps)
        return output.reshape(*maps.shape[:-2], -1)

    def decode(self, params: Any, z: jax.Array) -> jax.Array:
        """Decoder output of codes, with each entry in the center of its map."""
        height, width, _ = self.decoder.image_shape
        middle = (height // 2) * width + width // 2
        maps = jnp.zeros((*z.shape[:-1], *self.decoder_input), z.dtype)
        return self.decode_maps(params, maps.at[..., middle, :].set(z))

    def reconstruct(self, params: Any, x: jax.Array) -> jax.Array:
        """Decoder output for samples, with the largest entry of each map at its position."""
        maps = self.maps(params, x)
        return self.decode_maps(params, jnp.where(spatial_sparsity_mask(maps), maps, 0.0))


def map_parts(
    width: int,
    *,
    n_features: int,
    platform: str,
    image_shape: tuple[int, int, int],
    channels: tuple[int, ...],
    kernel_sizes: tuple[int, ...],
    decoder_kernel_size: int,
    activation: str,
) -> tuple[Encoder, Decoder]:
    """Convolutions that keep height and width, the last with `width` maps, and a `MapDecoder`."""
    del n_features
    method = method_for(platform)
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


def spatial_sparsity_mask(maps: jax.Array) -> jax.Array:
    """Whether each entry is the largest of its map; of equal ones the first.

    Parameters
    ----------
    maps : array of shape (n_samples, n_pixels, n_maps)

    Returns
    -------
    wins : bool array of shape (n_samples, n_pixels, n_maps)
    """
    places = jnp.argmax(maps, axis=1)
    return jnp.arange(maps.shape[1])[:, None] == places[:, None, :]
