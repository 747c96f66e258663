"""Residual encoders and decoders of dense layers."""

from dataclasses import replace
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.activations import ACTIVATIONS
from skae.core.networks.modules import Decoder, Encoder, EncoderWithHead

__all__ = ["ResidualDecoder", "ResidualEncoder", "residual_parts"]


def normalized(x: jax.Array) -> jax.Array:
    """Layer normalization without weights, which the following dense layer makes redundant."""
    x = x - jnp.mean(x, axis=-1, keepdims=True)
    return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + 1e-6)


class _ResidualBlocks(nn.Module):
    """Fields and blocks that encoder and decoder share."""

    outer_sizes: tuple[int, ...]
    width: int
    n_blocks: int
    activation: str

    @property
    def hidden_activation(self) -> str:
        """Name of the activation."""
        return self.activation

    def _blocks(self, x, first: int):
        """Output of all blocks, normalized and activated; weights are counted from `first` on."""
        activation = ACTIVATIONS[self.activation]
        for i in range(self.n_blocks):
            inner = self.hidden_output(activation(normalized(x)))
            x = x + nn.Dense(self.width, name=f"layer_{first + i}")(inner)
        return self.hidden_output(activation(normalized(x)))


class ResidualEncoder(_ResidualBlocks, Encoder):
    """Samples to the output of the last block; only outer layers if `n_blocks` is negative."""

    @property
    def n_layers(self) -> int:
        """Number of dense layers: outer layers, the layer before the blocks, and blocks."""
        return len(self.outer_sizes) + 1 + self.n_blocks

    @nn.nowrap
    def lowest(self, n_layers: int) -> nn.Module:
        """The first `n_layers` dense layers."""
        outer = self.outer_sizes
        return replace(self, outer_sizes=outer[:n_layers], n_blocks=n_layers - len(outer) - 1)

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Output of shape (n_samples, width) for samples `x`."""
        for i, size in enumerate(self.outer_sizes):
            x = ACTIVATIONS[self.activation](nn.Dense(size, name=f"layer_{i}")(x))
            x = self.hidden_output(x)
        if self.n_blocks < 0:
            return x
        n_outer = len(self.outer_sizes)
        x = nn.Dense(self.width, name=f"layer_{n_outer}")(x)
        return self._blocks(x, n_outer + 1)


class ResidualDecoder(_ResidualBlocks, Decoder):
    """Codes to samples: a dense layer, the blocks, outer layers and the output layer."""

    n_features: int

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Output of shape (n_samples, n_features) for codes `z`."""
        x: Any = self._blocks(nn.Dense(self.width, name="input")(z), 0)
        for i, size in enumerate(self.outer_sizes):
            x = ACTIVATIONS[self.activation](nn.Dense(size, name=f"layer_{self.n_blocks + i}")(x))
            x = self.hidden_output(x)
        return nn.Dense(self.n_features, name="output")(x)


def residual_parts(
    code_width: int,
    *,
    n_features: int,
    platform: str,
    outer_sizes: tuple[int, ...],
    width: int,
    n_blocks: int,
    activation: str,
) -> tuple[Encoder, Decoder]:
    """An encoder that ends in a dense layer of `code_width`, and its mirrored decoder."""
    del platform
    body = ResidualEncoder(outer_sizes, width, n_blocks, activation)
    decoder = ResidualDecoder(outer_sizes[::-1], width, n_blocks, activation, n_features)
    return EncoderWithHead(body, code_width), decoder
