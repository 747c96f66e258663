"""Recurrent encoders and decoders of flat samples that are sequences.

One matrix product projects the inputs of all steps to all gates before the loop over steps, which
then has one matrix product per step.
"""

from dataclasses import replace
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.networks.modules import Decoder, Encoder, EncoderWithHead

__all__ = ["GATES", "RecurrentDecoder", "RecurrentEncoder", "recurrent_parts"]


#: Global norm of gradients: gradients through many steps may explode (Pascanu et al. 2013).
_CLIP_NORM = 1.0


def _logistic(x):
    # tanh is negligible beside the matrix products; exp took a tenth of the time.
    return 0.5 * jnp.tanh(0.5 * x) + 0.5


def lstm_step(state, projected, recurrent):
    """Long short-term memory with a forget gate (Gers et al. 2000): the next state.

    Parameters
    ----------
    state : tuple (h, c) of arrays of shape (n_samples, width)
    projected : array of shape (n_samples, 4 * width)
        Inputs projected to the input, forget, cell and output gates, with biases.
    recurrent : dict with "kernel" of shape (width, 4 * width)
    """
    h, c = state
    gates = projected + h @ recurrent["kernel"]
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    # The forget gate has a bias of 1, so that cells start with memory (Jozefowicz et al. 2015).
    c = _logistic(f + 1.0) * c + _logistic(i) * jnp.tanh(g)
    return _logistic(o) * jnp.tanh(c), c


def gru_step(state, projected, recurrent):
    """Gated recurrent unit (Cho et al. 2014): the next state.

    The reset gate multiplies after the matrix product, as in cuDNN and PyTorch.

    Parameters
    ----------
    state : tuple (h,) of an array of shape (n_samples, width)
    projected : array of shape (n_samples, 3 * width)
        Inputs projected to the reset gate, the update gate and the new state, with biases.
    recurrent : dict with "kernel" of shape (width, 3 * width) and "bias" of shape (width,)
    """
    (h,) = state
    hidden = h @ recurrent["kernel"]
    width = h.shape[-1]
    r, u = jnp.split(_logistic(projected[:, : 2 * width] + hidden[:, : 2 * width]), 2, axis=-1)
    new = jnp.tanh(projected[:, 2 * width :] + r * (hidden[:, 2 * width :] + recurrent["bias"]))
    return (u * h + (1.0 - u) * new,)


GATES = {"lstm": 4, "gru": 3}
_STEPS = {"lstm": lstm_step, "gru": gru_step}
_N_STATES = {"lstm": 2, "gru": 1}


class _Projection(nn.Module):
    """A dense layer to the gates of a cell; its kernel has the shape (inputs, gates, width)."""

    gates: int
    width: int

    @nn.compact
    def __call__(self, x):
        zeros = nn.initializers.zeros
        shape = (x.shape[-1], self.gates, self.width)
        kernel = self.param("kernel", zeros, shape, jnp.float32)
        bias = self.param("bias", zeros, shape[1:], jnp.float32)
        return x @ kernel.reshape(shape[0], -1) + bias.reshape(-1)


class _Recurrence(nn.Module):
    """The loop over steps of one cell in one direction; returns the states of all steps."""

    cell: str
    width: int
    backwards: bool = False

    @nn.compact
    def __call__(self, projected, steps=None):
        """States of shape (steps, n_samples, width), in the order of the steps.

        `projected` has the shape (steps, n_samples, gates * width); with `steps` it is
        (n_samples, gates * width), the same at each step.
        """
        zeros, gates = nn.initializers.zeros, GATES[self.cell]
        kernel = self.param("recurrent", zeros, (self.width, gates, self.width), jnp.float32)
        recurrent = {"kernel": kernel.reshape(self.width, -1)}
        if self.cell == "gru":
            recurrent["bias"] = self.param("bias", zeros, (self.width,), jnp.float32)
        zero = jnp.zeros((projected.shape[-2], self.width), projected.dtype)
        state = (zero,) * _N_STATES[self.cell]

        def step(state, each):
            state = _STEPS[self.cell](state, projected if each is None else each, recurrent)
            return state, state[0]

        inputs = projected if steps is None else None
        _, states = jax.lax.scan(step, state, inputs, length=steps, reverse=self.backwards)
        return states


def _by_sample(states):
    """States of shape (n_samples, steps, width), with both directions concatenated."""
    return jnp.concatenate(states, axis=-1).swapaxes(0, 1)


def _directions(name, bidirectional):
    """Name of the weights and ``backwards`` of each direction."""
    return [(name, False), (f"{name}_backward", True)][: 2 if bidirectional else 1]


class _Layer(nn.Module):
    """A recurrent cell in one direction or in both; returns the states of each direction."""

    cell: str
    width: int
    bidirectional: bool

    @nn.compact
    def __call__(self, x):
        states = []
        for name, backwards in _directions("states", self.bidirectional):
            projection = _Projection(GATES[self.cell], self.width, name=f"inputs{name[6:]}")
            loop = _Recurrence(self.cell, self.width, backwards, name=name)
            states.append(loop(projection(x)))
        return states


class RecurrentEncoder(Encoder):
    """Flat sequences to the last state of the last cell, with both directions concatenated.

    The states of the last cell at other steps are those of a hidden layer unless the last state is
    the code (`is_code`).
    """

    clip_norm: ClassVar[float | None] = _CLIP_NORM

    sequence_shape: tuple[int, int]
    hidden_sizes: tuple[int, ...]
    cell: str
    bidirectional: bool
    is_code: bool = False

    @property
    def has_dense_code(self) -> bool:
        """False: the last layer is a recurrent cell."""
        return False

    @property
    def n_layers(self) -> int:
        """Number of recurrent layers."""
        return len(self.hidden_sizes)

    @nn.nowrap
    def lowest(self, n_layers: int) -> nn.Module:
        """The first `n_layers` recurrent layers."""
        return replace(self, hidden_sizes=self.hidden_sizes[:n_layers], is_code=False)

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """States of shape (n_samples, width) of samples `x`."""
        x = x.reshape(-1, *self.sequence_shape).swapaxes(0, 1)
        states: list = []
        for i, width in enumerate(self.hidden_sizes):
            x = jnp.concatenate(states, axis=-1) if states else x
            states = _Layer(self.cell, width, self.bidirectional, name=f"layer_{i}")(x)
            if i + 1 < self.n_layers or not self.is_code:
                self.hidden_output(_by_sample(states))
        forward, *backward = states
        return jnp.concatenate([forward[-1], *(s[0] for s in backward)], axis=-1)


class RecurrentDecoder(Decoder):
    """Codes, the input of the first cell at each step, to flat sequences by a dense layer."""

    clip_norm: ClassVar[float | None] = _CLIP_NORM

    sequence_shape: tuple[int, int]
    hidden_sizes: tuple[int, ...]
    cell: str
    bidirectional: bool

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Flat sequences of shape (n_samples, steps * features) of codes `z`."""
        (steps, features), (first, *others) = self.sequence_shape, self.hidden_sizes
        directions = _directions("states", self.bidirectional)
        gates = GATES[self.cell]
        projected = _Projection(gates * len(directions), first, name="input")(z)
        states = [
            _Recurrence(self.cell, first, backwards, name=name)(part, steps)
            for (name, backwards), part in zip(
                directions, jnp.split(projected, len(directions), axis=-1), strict=True
            )
        ]
        self.hidden_output(_by_sample(states))
        for i, width in enumerate(others):
            layer = _Layer(self.cell, width, self.bidirectional, name=f"layer_{i + 1}")
            states = layer(jnp.concatenate(states, axis=-1))
            self.hidden_output(_by_sample(states))
        x: Any = nn.Dense(features, name="output")(jnp.concatenate(states, axis=-1))
        return x.swapaxes(0, 1).reshape(-1, steps * features)


def recurrent_parts(
    width: int,
    *,
    n_features: int,
    platform: str,
    sequence_shape: tuple[int, int],
    hidden_sizes: tuple[int, ...],
    cell: str,
    bidirectional: bool,
    decoder_hidden_sizes: tuple[int, ...] | None = None,
    code: str = "dense",
) -> tuple[Encoder, Decoder]:
    """An encoder that ends in a dense layer of `width`, and a decoder, by default mirrored.

    With ``code="state"`` the encoder ends in one more cell, whose last state has length `width`.
    """
    del n_features, platform
    shared = (cell, bidirectional)
    mirrored = hidden_sizes[::-1] if decoder_hidden_sizes is None else decoder_hidden_sizes
    decoder = RecurrentDecoder(sequence_shape, mirrored, *shared)
    if code == "dense":
        body = RecurrentEncoder(sequence_shape, hidden_sizes, *shared)
        return EncoderWithHead(body, width), decoder
    sizes = (*hidden_sizes, width // 2 if bidirectional else width)
    return RecurrentEncoder(sequence_shape, sizes, *shared, is_code=True), decoder
