"""Rows of the quality benchmark by name, and what they share: data, errors, timed fits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from time import perf_counter

import numpy as np
from bars import Bar

from skae.datasets import load_fashion_mnist

Seeds = Sequence[int]
ROWS: dict[str, Callable[[Seeds], Iterator[Bar]]] = {}
#: Fashion-MNIST, where a row says nothing else.
SECONDS_A_SEED = 60
logger = logging.getLogger("skae.benchmarks")


def row(name: str):
    """Register a row under its name: a function from seeds to bars."""

    def register(function):
        ROWS[name] = function
        return function

    return register


@cache
def fashion() -> tuple[np.ndarray, np.ndarray]:
    """Give the 55,000 rows to train on and the 5,000 rows of "val"."""
    X = load_fashion_mnist().data
    return X[:55_000], X[55_000:]


def squared_error(X, X_back) -> float:
    """Mean squared error, summed in float64."""
    return float(np.mean(np.square(X - X_back), dtype=np.float64))


def timed_fit(model, X) -> float:
    """Fit, and give the seconds it took."""
    start = perf_counter()
    model.fit(X)
    return perf_counter() - start


def error_on(model, X) -> float:
    """Mean squared error of a fitted model's reconstructions."""
    return squared_error(X, model.inverse_transform(model.transform(X)))
