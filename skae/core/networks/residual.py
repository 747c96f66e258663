"""Residual encoders and decoders: a stream of numbers to which each dense layer adds."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.activations import ACTIVATIONS
from skae.core.networks.dropout import HiddenLayers
from skae.core.networks.heads import WithHead

__all__ = ["ResidualDecoder", "ResidualEncoder", "residual_parts"]


def normalized(x):
    """Each sample with mean 0 and variance 1; without weights, which the next layer has."""
    x = x - jnp.mean(x, axis=-1, keepdims=True)
    return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + 1e-6)


class _Residual(HiddenLayers):
    outer_sizes: tuple[int, ...]
    width: int
    n_blocks: int
    activation: str

    def _blocks(self, x, first: int):
        """What the stream that starts as `x` is after all blocks, ready for the next layer."""
        activation = ACTIVATIONS[self.activation]
        for i in range(self.n_blocks):
            inner = self.hidden(activation(normalized(x)))
            x = x + nn.Dense(self.width, name=f"layer_{first + i}")(inner)
        return self.hidden(activation(normalized(x)))


class ResidualEncoder(_Residual):
    """From samples to the end of the stream; without a stream where `n_blocks` is negative."""

    @nn.compact
    def __call__(self, x):
        """Numbers of shape (samples, width) of samples `x`."""
        for i, size in enumerate(self.outer_sizes):
            x = ACTIVATIONS[self.activation](nn.Dense(size, name=f"layer_{i}")(x))
            x = self.hidden(x)
        if self.n_blocks < 0:
            return x
        n_outer = len(self.outer_sizes)
        x = nn.Dense(self.width, name=f"layer_{n_outer}")(x)
        return self._blocks(x, n_outer + 1)


class ResidualDecoder(_Residual):
    """From codes into a stream, and from its end to samples."""

    n_features: int

    @nn.compact
    def __call__(self, z):
        """Samples of shape (samples, n_features) of codes `z`."""
        x: Any = self._blocks(nn.Dense(self.width, name="input")(z), 0)
        for i, size in enumerate(self.outer_sizes):
            x = ACTIVATIONS[self.activation](nn.Dense(size, name=f"layer_{self.n_blocks + i}")(x))
            x = self.hidden(x)
        return nn.Dense(self.n_features, name="output")(x)


def residual_parts(
    code_width: int,
    *,
    n_features: int,
    outer_sizes: tuple[int, ...],
    width: int,
    n_blocks: int,
    activation: str,
):
    """An encoder that ends in a dense layer of `code_width`, and the decoder that mirrors it."""
    body = ResidualEncoder(outer_sizes, width, n_blocks, activation)
    decoder = ResidualDecoder(outer_sizes[::-1], width, n_blocks, activation, n_features)
    return WithHead(body, code_width), decoder
