"""Recurrent encoders and decoders: flat samples in, flat samples out, sequences between.

The inputs of all steps are projected at once, before the loop over steps, by one matrix for all
gates; the loop holds one product a step.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from skae.core.networks.dropout import HiddenLayers
from skae.core.networks.heads import WithHead

__all__ = ["GATES", "RecurrentDecoder", "RecurrentEncoder", "recurrent_parts"]


def _logistic(x):
    # by tanh, which costs nothing beside the products; exp took a tenth of the time
    return 0.5 * jnp.tanh(0.5 * x) + 0.5


def lstm_step(state, projected, recurrent):
    """Hochreiter and Schmidhuber's cell with a forget gate (Gers et al. 2000).

    Parameters
    ----------
    state : tuple (h, c) of arrays of shape (samples, width)
    projected : array of shape (samples, 4 * width)
        What the inputs say to the input, forget, cell and output gates, biases included.
    recurrent : dict with "kernel" of shape (width, 4 * width)
    """
    h, c = state
    gates = projected + h @ recurrent["kernel"]
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    # 1 more for the forget gate (Jozefowicz et al. 2015): cells remember until they learn not to
    c = _logistic(f + 1.0) * c + _logistic(i) * jnp.tanh(g)
    return _logistic(o) * jnp.tanh(c), c


def gru_step(state, projected, recurrent):
    """Cho et al.'s cell, with the reset gate after the product, as cuDNN and PyTorch have it.

    Parameters
    ----------
    state : tuple (h,) of an array of shape (samples, width)
    projected : array of shape (samples, 3 * width)
        What the inputs say to the reset and update gates and to the new state.
    recurrent : dict with "kernel" of shape (width, 3 * width) and "bias" of shape (width,)
    """
    (h,) = state
    said = h @ recurrent["kernel"]
    width = h.shape[-1]
    r, u = jnp.split(_logistic(projected[:, : 2 * width] + said[:, : 2 * width]), 2, axis=-1)
    new = jnp.tanh(projected[:, 2 * width :] + r * (said[:, 2 * width :] + recurrent["bias"]))
    return (u * h + (1.0 - u) * new,)


GATES = {"lstm": 4, "gru": 3}
_STEPS = {"lstm": lstm_step, "gru": gru_step}
_N_STATES = {"lstm": 2, "gru": 1}


class _Projection(nn.Module):
    """A dense layer to the gates of a cell; its kernel is (inputs, gates, width)."""

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
    """The loop over steps of one cell in one direction: all states, in the order of the steps."""

    cell: str
    width: int
    backwards: bool = False

    @nn.compact
    def __call__(self, projected, steps=None):
        """States of shape (steps, samples, width).

        `projected` is (steps, samples, gates * width), or with `steps` the same (samples, gates * width)
        at each of them.
        """
        zeros, gates = nn.initializers.zeros, GATES[self.cell]
        kernel = self.param("recurrent", zeros, (self.width, gates, self.width), jnp.float32)
        recurrent = {"kernel": kernel.reshape(self.width, -1)}
        if self.cell == "gru":
            recurrent["bias"] = self.param("bias", zeros, (self.width,), jnp.float32)
        still = jnp.zeros((projected.shape[-2], self.width), projected.dtype)
        state = (still,) * _N_STATES[self.cell]

        def step(state, each):
            state = _STEPS[self.cell](state, projected if each is None else each, recurrent)
            return state, state[0]

        inputs = projected if steps is None else None
        _, states = jax.lax.scan(step, state, inputs, length=steps, reverse=self.backwards)
        return states


def _by_sample(states):
    """States of shape (samples, steps, width), of both directions side by side."""
    return jnp.concatenate(states, axis=-1).swapaxes(0, 1)


def _directions(name, bidirectional):
    return [(name, False), (f"{name}_backward", True)][: 2 if bidirectional else 1]


class _Layer(nn.Module):
    """A cell that reads a sequence, in one direction or in both: a list of their states."""

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


class RecurrentEncoder(HiddenLayers):
    """From flat sequences to the last state of the last cell (of both directions, side by side)."""

    sequence_shape: tuple[int, int]
    hidden_sizes: tuple[int, ...]
    cell: str
    bidirectional: bool

    @nn.compact
    def __call__(self, x):
        """States of shape (samples, width) of samples `x`."""
        x = x.reshape(-1, *self.sequence_shape).swapaxes(0, 1)
        states: list = []
        for i, width in enumerate(self.hidden_sizes):
            x = jnp.concatenate(states, axis=-1) if states else x
            states = _Layer(self.cell, width, self.bidirectional, name=f"layer_{i}")(x)
            self.hidden(_by_sample(states))
        forward, *backward = states
        return jnp.concatenate([forward[-1], *(s[0] for s in backward)], axis=-1)


class RecurrentDecoder(HiddenLayers):
    """From codes, which the first cell reads at each step, to a dense layer a step."""

    sequence_shape: tuple[int, int]
    hidden_sizes: tuple[int, ...]
    cell: str
    bidirectional: bool

    @nn.compact
    def __call__(self, z):
        """Flat sequences of shape (samples, steps * features) of codes `z`."""
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
        self.hidden(_by_sample(states))
        for i, width in enumerate(others):
            layer = _Layer(self.cell, width, self.bidirectional, name=f"layer_{i + 1}")
            states = layer(jnp.concatenate(states, axis=-1))
            self.hidden(_by_sample(states))
        x: Any = nn.Dense(features, name="output")(jnp.concatenate(states, axis=-1))
        return x.swapaxes(0, 1).reshape(-1, steps * features)


def recurrent_parts(
    width: int,
    *,
    sequence_shape: tuple[int, int],
    hidden_sizes: tuple[int, ...],
    cell: str,
    bidirectional: bool,
):
    """An encoder that ends in a dense layer of `width`, and the decoder that mirrors it."""
    body = RecurrentEncoder(sequence_shape, hidden_sizes, cell, bidirectional)
    decoder = RecurrentDecoder(sequence_shape, hidden_sizes[::-1], cell, bidirectional)
    return WithHead(body, width), decoder
