"""Hand-written JAX baseline: the same training loop in plain JAX and optax."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax

PACKAGES = ("jax", "optax")
TICKS = True
BLOCK_SAMPLES = 4096


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
    # optax.sigmoid_binary_cross_entropy is as stable numerically, but much slower on a CPU.
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
        loss, gradient = jax.value_and_grad(
            lambda weights: loss_of(forward(weights, x, task.linear_layers()), x)
        )(weights)
        updates, moments = optimizer.update(gradient, moments, weights)
        return (optax.apply_updates(weights, updates), moments), loss

    return jax.lax.scan(step, (weights, moments), order)


def fit(X, task, after_epoch):
    """Train with one program call per epoch, or with a single call for measure "whole"."""
    X_device, rng = jnp.asarray(X), np.random.default_rng(0)
    state = [weights := initial_weights(task.layers), optax.adam(task.rate).init(weights)]
    static = task.replace(epochs=0, samples="", measure="")
    steps = len(X) // task.batch

    def order():
        return rng.permutation(len(X))[: steps * task.batch].reshape(steps, task.batch)

    epochs_per_call = task.epochs if task.measure == "whole" else 1
    for _ in range(task.epochs // epochs_per_call):
        orders = np.concatenate([order() for _ in range(epochs_per_call)])
        with jax.default_matmul_precision(task.precision):
            state, losses = several_steps(*state, X_device, orders, task=static)
        losses.block_until_ready()
        after_epoch()
    return partial(codes, state[0][: len(task.widths) - 1])


@jax.jit
def encoded(weights, x):
    return forward(weights, x, (len(weights) - 1,))


def codes(weights, X):
    out = np.empty((len(X), weights[-1][1].size), np.float32)
    for start in range(0, len(X), BLOCK_SAMPLES):
        part = slice(start, start + BLOCK_SAMPLES)
        out[part] = encoded(weights, np.asarray(X[part]))
    return out


def transform(task):
    """Seconds to encode the samples of a memory-mapped file."""
    from run_peer import timed

    X = np.load(task.samples, mmap_mode="r")
    weights = initial_weights(task.widths)
    for n_samples in {BLOCK_SAMPLES, len(X) % BLOCK_SAMPLES} - {0}:
        encoded(weights, np.zeros((n_samples, X.shape[1]), X.dtype))
    return {"seconds": timed(codes, weights, X)}
