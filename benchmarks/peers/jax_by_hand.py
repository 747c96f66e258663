"""A yardstick: the same loop written by hand in JAX and optax, with no class around it."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax

PACKAGES = ("jax", "optax")
TICKS = True
ROWS_A_BLOCK = 4096


def initial_weights(layers):
    rng = np.random.default_rng(0)
    return [
        (jnp.asarray(rng.normal(0, n_in**-0.5, (n_in, n_out)), jnp.float32), jnp.zeros(n_out))
        for n_in, n_out in pairwise(layers)
    ]


def forward(weights, x, linear):
    for index, (matrix, bias) in enumerate(weights):
        x = x @ matrix + bias
        if index not in linear:
            x = jax.nn.relu(x)
    return x


def cross_entropy(output, x):
    # optax.sigmoid_binary_cross_entropy is exact in the same way, and much slower on a CPU
    return (jnp.maximum(output, 0) - output * x + jnp.log1p(jnp.exp(-jnp.abs(output)))).mean()


def squared_error(output, x):
    return jnp.square(output - x).mean()


LOSSES = {"cross_entropy": cross_entropy, "squared_error": squared_error}


@partial(jax.jit, static_argnames="task")
def several_steps(weights, moments, X, order, *, task):
    optimizer, loss_of = optax.adam(task.rate), LOSSES[task.loss]

    def step(state, batch):
        weights, moments = state
        x = X[batch]
        loss, slope = jax.value_and_grad(
            lambda weights: loss_of(forward(weights, x, task.linear_layers()), x)
        )(weights)
        updates, moments = optimizer.update(slope, moments, weights)
        return (optax.apply_updates(weights, updates), moments), loss

    return jax.lax.scan(step, (weights, moments), order)


def fit(X, task, after_epoch):
    """Train epoch by epoch; all at once where nobody wants to know of each."""
    rows, rng = jnp.asarray(X), np.random.default_rng(0)
    state = [weights := initial_weights(task.layers), optax.adam(task.rate).init(weights)]
    static = task.asked(epochs=0, rows="", measure="")
    steps = len(X) // task.batch

    def order():
        return rng.permutation(len(X))[: steps * task.batch].reshape(steps, task.batch)

    together = task.epochs if task.measure == "whole" else 1
    for _ in range(task.epochs // together):
        orders = np.concatenate([order() for _ in range(together)])
        with jax.default_matmul_precision(task.precision):
            state, losses = several_steps(*state, rows, orders, task=static)
        losses.block_until_ready()
        after_epoch()
    return partial(codes, state[0][: len(task.widths) - 1])


@jax.jit
def encoded(weights, x):
    return forward(weights, x, (len(weights) - 1,))


def codes(weights, X):
    out = np.empty((len(X), weights[-1][1].size), np.float32)
    for start in range(0, len(X), ROWS_A_BLOCK):
        part = slice(start, start + ROWS_A_BLOCK)
        out[part] = encoded(weights, np.asarray(X[part]))
    return out


def transform(task):
    """Rows of a file that is mapped into memory."""
    from turn import timed

    X = np.load(task.rows, mmap_mode="r")
    weights = initial_weights(task.widths)
    for n_rows in {ROWS_A_BLOCK, len(X) % ROWS_A_BLOCK} - {0}:
        encoded(weights, np.zeros((n_rows, X.shape[1]), X.dtype))
    return {"seconds": timed(codes, weights, X)}
