"""Quality of the reconstructions, against what was published for the same setting.

usage: quality.py [ROW ...] [--seeds 0 1 2] [--detail]

Each row names the one setting that it is run with, and counts by its median over the seeds, with
the time of training, compilation included. "val" is the last 5,000 of Fashion-MNIST's 60,000
training images, after training on the first 55,000; no row looks at test images.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from statistics import median
from time import perf_counter

import numpy as np
from bars import Bar, median_bar, report
from scipy.linalg import subspace_angles
from scipy.stats import gmean
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer
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


# ---- row 1: a linear autoencoder is PCA

LINEAR = {
    "hidden_layer_sizes": (),
    "activation": "identity",
    "init": "random",
    "alpha": 0.0,
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "learning_rate_schedule": "cosine",
    "batch_size": 256,
    "max_iter": 60,
    "early_stopping": False,
}


def decoder_subspace(model, n_components: int) -> np.ndarray:
    """Give the directions that a linear decoder reaches, of shape (n_features, n_components)."""
    zero = model.inverse_transform(np.zeros((1, n_components)))
    return (model.inverse_transform(np.eye(n_components)) - zero).T


@row("1")
def linear_is_pca(seeds: Seeds) -> Iterator[Bar]:
    X, _ = fashion()
    for k, bar in ((2, 1.00002), (30, 1.0005)):
        pca = PCA(k, svd_solver="covariance_eigh").fit(X.astype(np.float64))
        floor = error_on(pca, X)
        ratios, angles = [], []
        for seed in seeds:
            model = AutoencoderTransformer(k, random_state=seed, **LINEAR)
            seconds = timed_fit(model, X)
            ratios.append((error_on(model, X) / floor, seconds))
            angle = subspace_angles(decoder_subspace(model, k), pca.components_.T).max()
            angles.append((float(np.degrees(angle)), seconds))
            logger.info(
                "row 1, k=%d, seed %d: ratio %.7f, angle %.3f", k, seed, *_last(ratios, angles)
            )
        yield median_bar(f"1 linear / PCA, k={k}", ratios, bar, within=SECONDS_A_SEED)
        if k == 2:
            yield median_bar("1 largest principal angle, k=2", angles, 0.2)


def _last(*series):
    return [values[-1][0] for values in series]


# ---- rows 2 and 2b: stacked, tied, as shipped

STACKED = {
    "hidden_layer_sizes": (100,),
    "activation": "gelu",
    "init": "random",
    "alpha": 0.0,
    "optimizer": "nadam",
    "learning_rate": 3e-3,
    "learning_rate_schedule": "cosine",
    "batch_size": 64,
    "max_iter": 20,
    "early_stopping": False,
}


def validation_runs(
    seeds: Seeds, **parameters
) -> list[tuple[AutoencoderTransformer, float, float]]:
    """Fit 30 components once a seed: the model, its error on "val", the seconds."""
    X, X_val = fashion()
    runs = []
    for seed in seeds:
        model = AutoencoderTransformer(30, random_state=seed, **parameters)
        seconds = timed_fit(model, X)
        runs.append((model, error_on(model, X_val), seconds))
        logger.info(
            "seed %d: val MSE %.5f, %d epochs, %.1f s", seed, runs[-1][1], model.n_iter_, seconds
        )
    return runs


@row("2")
def stacked(seeds: Seeds) -> Iterator[Bar]:
    for name, tied, bar in (("stacked", False, 0.0118), ("tied", True, 0.0122)):
        runs = validation_runs(seeds, tied_weights=tied, **STACKED)
        errors = [(error, seconds) for _, error, seconds in runs]
        yield median_bar(f"2 {name} 784-100-30, val MSE", errors, bar, within=SECONDS_A_SEED)


@row("2b")
def as_shipped(seeds: Seeds) -> Iterator[Bar]:
    runs = validation_runs(seeds)
    errors = [(error, seconds) for _, error, seconds in runs]
    yield median_bar("2b as shipped, 30 components, val MSE", errors, 0.0090, within=40)
    yield Bar(
        "2b epochs", max(model.n_iter_ for model, *_ in runs), 20, median(s for *_, s in runs)
    )


# ---- row 12: never worse than PCA, nothing set but n_components and random_state


def _halves(X, seed: int, *, standardise: bool):
    X_train, X_test = train_test_split(X, test_size=0.25, random_state=seed)
    if not standardise:
        return X_train, X_test
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test)


def _shipped(load):
    return lambda seed: _halves(load().data, seed, standardise=True)


def _manifold(make):
    def halves(seed):
        X, _ = make(1500, random_state=seed)
        X = np.hstack([X / X.std(), np.zeros((len(X), 7))])
        X += 0.1 * np.random.default_rng(seed).standard_normal(X.shape)
        return _halves(X, seed, standardise=False)

    return halves


def _low_rank(seed: int):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((500, 5)) @ rng.standard_normal((5, 30))
    return _halves(X + 0.3 * rng.standard_normal(X.shape), seed, standardise=False)


def _fashion_part(seed: int):
    return _halves(fashion()[0][:12_000], seed, standardise=False)


SETS = {
    "iris": _shipped(datasets.load_iris),
    "wine": _shipped(datasets.load_wine),
    "breast cancer": _shipped(datasets.load_breast_cancer),
    "diabetes": _shipped(datasets.load_diabetes),
    "digits": _shipped(datasets.load_digits),
    "swiss roll": _manifold(datasets.make_swiss_roll),
    "s curve": _manifold(datasets.make_s_curve),
    "low rank": _low_rank,
    "Fashion-MNIST": _fashion_part,
}


def ratio_to_pca(halves, k: int, seed: int) -> float | None:
    """Held-out error divided by PCA's; None where k is not below the number of features."""
    X_train, X_test = halves(seed)
    if k >= X_train.shape[1]:
        return None
    model = AutoencoderTransformer(k, random_state=seed).fit(X_train)
    pca = PCA(k, svd_solver="full").fit(X_train)
    return error_on(model, X_test) / error_on(pca, X_test)


@row("12")
def never_worse_than_pca(seeds: Seeds) -> Iterator[Bar]:
    start = perf_counter()
    medians: dict[str, dict[int, float]] = {}
    for name, halves in SETS.items():
        since = perf_counter()
        ratios = {k: [ratio_to_pca(halves, k, seed) for seed in seeds] for k in (1, 2, 5, 10)}
        medians[name] = {k: median(of_k) for k, of_k in ratios.items() if of_k[0] is not None}
        text = ", ".join(f"k={k} {ratio:.3f}" for k, ratio in medians[name].items())
        logger.info("row 12, %s: %s (%.0f s)", name, text, perf_counter() - since)
    worst = max((ratio, name, k) for name, of_k in medians.items() for k, ratio in of_k.items())
    means = [float(np.mean(list(of_k.values()))) for of_k in medians.values()]
    seconds = perf_counter() - start
    yield Bar(f"12 worst / PCA ({worst[1]}, k={worst[2]})", worst[0], 1.01, seconds)
    yield Bar("12 geometric mean / PCA", float(gmean(means)), 0.78, seconds)


# ---- the command line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: all of {', '.join(ROWS)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--detail", action="store_true", help="print each run as well")
    chosen = parser.parse_args()
    unknown = set(chosen.rows) - set(ROWS)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    logging.basicConfig(format="  %(message)s", stream=sys.stdout)
    logging.getLogger("skae").setLevel(logging.INFO if chosen.detail else logging.WARNING)
    if chosen.rows != ["12"]:
        print(f"Fashion-MNIST from {load_fashion_mnist(split='test').source}")
    return report(bar for name in chosen.rows or ROWS for bar in ROWS[name](chosen.seeds))


if __name__ == "__main__":
    sys.exit(main())
