"""Registry of the rows of the quality benchmark, and shared helpers: data, errors, timed fits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from time import perf_counter

import numpy as np
from targets import Result

from skae.datasets import load_fashion_mnist

Seeds = Sequence[int]
ROWS: dict[str, Callable[[Seeds], Iterator[Result]]] = {}
#: Time limit for one seed of a row on Fashion-MNIST, unless the row has another.
SECONDS_PER_SEED = 60
logger = logging.getLogger("skae.benchmarks")


def row(name: str):
    """Register a row under its name: a function from seeds to results."""

    def register(function):
        ROWS[name] = function
        return function

    return register


@cache
def labeled_fashion(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of Fashion-MNIST, and print where they were found."""
    loaded = load_fashion_mnist(split=split)
    print(f"Fashion-MNIST ({split}) from {loaded.source}", flush=True)
    return loaded.data, loaded.target


def fashion() -> tuple[np.ndarray, np.ndarray]:
    """Return Fashion-MNIST's training set (55,000 samples) and validation set (5,000 samples)."""
    X, _ = labeled_fashion()
    return X[:55_000], X[55_000:]


def squared_error(X, X_back) -> float:
    """Return the mean squared error, accumulated in float64."""
    return float(np.mean(np.square(X - X_back), dtype=np.float64))


def timed_fit(model, X) -> float:
    """Fit a model and return the seconds."""
    start = perf_counter()
    model.fit(X)
    return perf_counter() - start


def error_on(model, X) -> float:
    """Return the mean squared error of a fitted model's reconstructions."""
    return squared_error(X, model.inverse_transform(model.transform(X)))
