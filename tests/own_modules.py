"""Linen modules as a user may write them, importable by name."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp


class Encoder(nn.Module):
    """Dense layers, of widths in a list; the output is not flat."""

    widths: Sequence[int] = (5, 4)
    activation: Callable = nn.relu
    options: Any = None

    @nn.compact
    def __call__(self, x):
        for width in self.widths:
            x = self.activation(nn.Dense(width)(x))
        return x.reshape(len(x), 2, -1)


class Decoder(nn.Module):
    """Dense layers made in setup, the last of them a field."""

    last: nn.Module
    width: int = 5

    def setup(self):
        self.layers = [nn.Dense(self.width), nn.LayerNorm()]

    def __call__(self, z):
        for layer in self.layers:
            z = jnp.tanh(layer(z))
        return self.last(z)


class WithBatchNorm(nn.Module):
    """Statistics that change beside training."""

    @nn.compact
    def __call__(self, x):
        return nn.BatchNorm(use_running_average=False)(x)


class WithDropout(nn.Module):
    """Random numbers in each call."""

    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(3)(x))


class Nothing(nn.Module):
    """No weights at all."""

    @nn.compact
    def __call__(self, x):
        return jnp.square(x)


class Centered(nn.Module):
    """The mean over samples subtracted, so that samples depend on each other."""

    width: int = 6

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.width)(x)
        return x - x.mean(axis=0)


class HiddenSum(nn.Module):
    """A sum over samples that the initial weights, zeros, hide; it depends on their number."""

    @nn.compact
    def __call__(self, x):
        return nn.Dense(6, kernel_init=nn.initializers.zeros)(x + jnp.cumsum(x, axis=0))


class ByNumber(nn.Module):
    """Outputs divided by the number of samples."""

    @nn.compact
    def __call__(self, x):
        return nn.Dense(6)(x) / len(x)


class Listing(nn.Module):
    """A list of arrays."""

    @nn.compact
    def __call__(self, x):
        return [nn.Dense(6)(x), x]


class Empty(nn.Module):
    """No values for a sample."""

    @nn.compact
    def __call__(self, x):
        return x[:, :0]


class Complex(nn.Module):
    """Complex outputs."""

    @nn.compact
    def __call__(self, x):
        return jnp.fft.fft(nn.Dense(6)(x))


class ComplexWeights(nn.Module):
    """Complex weights and real outputs."""

    @nn.compact
    def __call__(self, x):
        return jnp.abs(nn.Dense(6, param_dtype=jnp.complex64)(x))


class Summing(nn.Module):
    """Samples mixed with each other."""

    @nn.compact
    def __call__(self, x):
        return x.sum(axis=0)


class Sorting(nn.Module):
    """What export to ONNX has no rule for."""

    @nn.compact
    def __call__(self, x):
        return jnp.sort(nn.Dense(4)(x), axis=-1)


def pair(n_features=6):
    """An encoder and a decoder with lists, dicts, partials and modules among their fields."""
    encoder = Encoder(widths=[5, 4], activation=functools.partial(nn.elu, alpha=0.5))
    return encoder, Decoder(last=nn.Dense(n_features, use_bias=False))


def sequential(n_features=6):
    """Flax's own container, which does not hash."""
    return nn.Sequential([nn.Dense(4), nn.gelu]), nn.Sequential([nn.Dense(n_features)])
