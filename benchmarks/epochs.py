"""The time of one epoch, beside the same loop written by hand and beside its matrix products alone.

usage: epochs.py [--rows 60000] [--epochs 10]

784-128-32-128-784 on Fashion-MNIST, batches of 256 rows, cross-entropy, Adam, no early stop. The
three run in one process; compilation is left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from statistics import median
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
import optax
from bars import Bar, report

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist

WIDTHS = (784, 128, 32, 128, 784)
BATCH = 256
RATE = 1e-3
#: Shuffling, validation of inputs and bookkeeping may cost this much over a loop by hand.
BAR = 1.25


def initial_weights() -> list[tuple[jax.Array, jax.Array]]:
    rng = np.random.default_rng(0)
    return [
        (jnp.asarray(rng.normal(0, n_in**-0.5, (n_in, n_out)), jnp.float32), jnp.zeros(n_out))
        for n_in, n_out in pairwise(WIDTHS)
    ]


# ---- the loop by hand


def cross_entropy(weights, x):
    h = x
    for index, (matrix, bias) in enumerate(weights):
        h = h @ matrix + bias
        if index in (0, 2):
            h = jax.nn.relu(h)
    # optax.sigmoid_binary_cross_entropy is exact in the same way, and much slower on a CPU.
    cells = jnp.maximum(h, 0) - h * x + jnp.log1p(jnp.exp(-jnp.abs(h)))
    return cells.mean()


@jax.jit
def epoch_by_hand(weights, moments, X, order):
    optimizer = optax.adam(RATE)

    def step(state, batch):
        weights, moments = state
        loss, slope = jax.value_and_grad(cross_entropy)(weights, X[batch])
        updates, moments = optimizer.update(slope, moments, weights)
        return (optax.apply_updates(weights, updates), moments), loss

    return jax.lax.scan(step, (weights, moments), order)


def by_hand(X: np.ndarray) -> Callable[[], None]:
    rows = jnp.asarray(X)
    weights = initial_weights()
    state = [weights, optax.adam(RATE).init(weights)]
    rng = np.random.default_rng(0)

    def run():
        order = rng.permutation(len(X))[: len(X) // BATCH * BATCH].reshape(-1, BATCH)
        state[:], losses = epoch_by_hand(*state, rows, order)
        losses.block_until_ready()

    return run


# ---- its matrix products alone


@partial(jax.jit, static_argnames="n_batches")
def products_of_an_epoch(matrices, X, n_batches):
    def step(index, matrices):
        layers = [jax.lax.dynamic_slice_in_dim(X, index * BATCH, BATCH)]
        for matrix in matrices:
            layers.append(layers[-1] @ matrix)
        slope, slopes = layers.pop(), []
        for matrix, layer in zip(reversed(matrices), reversed(layers), strict=True):
            slopes.append(layer.T @ slope)
            if layer is not layers[0]:
                slope = slope @ matrix.T
        # The next batch depends on this one, so that nothing moves out of the loop.
        return [m - 1e-9 * s for m, s in zip(matrices, reversed(slopes), strict=True)]

    return jax.lax.fori_loop(0, n_batches, step, matrices)


def products_alone(X: np.ndarray) -> Callable[[], None]:
    rows = jnp.asarray(X)
    matrices = [matrix for matrix, _ in initial_weights()]

    def run():
        jax.block_until_ready(products_of_an_epoch(matrices, rows, len(X) // BATCH))

    return run


# ---- skae


def fit_for(X: np.ndarray, epochs: int) -> float:
    model = AutoencoderTransformer(
        32,
        hidden_layer_sizes=(128,),
        activation="relu",
        loss="binary_cross_entropy",
        init="random",
        alpha=0.0,
        optimizer="adam",
        learning_rate=RATE,
        batch_size=BATCH,
        max_iter=epochs,
        early_stopping=False,
        random_state=0,
    )
    start = perf_counter()
    model.fit(X)
    seconds = perf_counter() - start
    if model.n_iter_ != epochs:
        raise RuntimeError(f"asked for {epochs} epochs, {model.n_iter_} were run")
    return seconds


def seconds_of_skae(X: np.ndarray, epochs: int) -> float:
    """Give the seconds an epoch adds to a fit: what a fit costs once cancels out."""
    fit_for(X, 1)
    return (fit_for(X, 2 + epochs) - fit_for(X, 2)) / epochs


def seconds_of(run: Callable[[], None], repeats: int) -> float:
    run()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return median(times)


def measure(n_rows: int, epochs: int) -> Iterator[Bar]:
    X = load_fashion_mnist().data[:n_rows]
    alone = seconds_of(products_alone(X), epochs)
    hand = seconds_of(by_hand(X), epochs)
    ours = seconds_of_skae(X, epochs)
    print(f"an epoch of {len(X)} rows, in seconds:")
    print(f"  matrix products alone {alone:.3f}, loop by hand {hand:.3f}, skae {ours:.3f}")
    print(f"  skae / matrix products alone {ours / alone:.2f}")
    yield Bar("epochs: skae / loop by hand", ours / hand, BAR, ours)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10)
    chosen = parser.parse_args()
    return report(measure(chosen.rows, chosen.epochs))


if __name__ == "__main__":
    sys.exit(main())
