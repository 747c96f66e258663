"""Quality row 12: held-out error relative to PCA, with default parameters, on nine data sets."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter

import numpy as np
from registry import Seeds, error_on, fashion, logger, row
from scipy.stats import gmean
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from targets import Result

from skae import AutoencoderTransformer


def _split(X, seed: int, *, standardize: bool):
    X_train, X_test = train_test_split(X, test_size=0.25, random_state=seed)
    if not standardize:
        return X_train, X_test
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test)


def _from_sklearn(load):
    return lambda seed: _split(load().data, seed, standardize=True)


def _manifold(make):
    def split(seed):
        X, _ = make(1500, random_state=seed)
        X = np.hstack([X / X.std(), np.zeros((len(X), 7))])
        X += 0.1 * np.random.default_rng(seed).standard_normal(X.shape)
        return _split(X, seed, standardize=False)

    return split


def _low_rank(seed: int):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((500, 5)) @ rng.standard_normal((5, 30))
    return _split(X + 0.3 * rng.standard_normal(X.shape), seed, standardize=False)


def _fashion_part(seed: int):
    return _split(fashion()[0][:12_000], seed, standardize=False)


SETS = {
    "iris": _from_sklearn(datasets.load_iris),
    "wine": _from_sklearn(datasets.load_wine),
    "breast cancer": _from_sklearn(datasets.load_breast_cancer),
    "diabetes": _from_sklearn(datasets.load_diabetes),
    "digits": _from_sklearn(datasets.load_digits),
    "swiss roll": _manifold(datasets.make_swiss_roll),
    "s curve": _manifold(datasets.make_s_curve),
    "low rank": _low_rank,
    "Fashion-MNIST": _fashion_part,
}


def ratio_to_pca(split, k: int, seed: int) -> float | None:
    """Held-out error divided by that of PCA; None if k is not below the number of features."""
    X_train, X_test = split(seed)
    if k >= X_train.shape[1]:
        return None
    model = AutoencoderTransformer(k, random_state=seed).fit(X_train)
    pca = PCA(k, svd_solver="full").fit(X_train)
    return error_on(model, X_test) / error_on(pca, X_test)


@row("12")
def never_worse_than_pca(seeds: Seeds) -> Iterator[Result]:
    start = perf_counter()
    medians: dict[str, dict[int, float]] = {}
    for name, split in SETS.items():
        set_start = perf_counter()
        ratios = {k: [ratio_to_pca(split, k, seed) for seed in seeds] for k in (1, 2, 5, 10)}
        medians[name] = {k: median(of_k) for k, of_k in ratios.items() if of_k[0] is not None}
        text = ", ".join(f"k={k} {ratio:.3f}" for k, ratio in medians[name].items())
        logger.info("row 12, %s: %s (%.0f s)", name, text, perf_counter() - set_start)
    worst = max((ratio, name, k) for name, of_k in medians.items() for k, ratio in of_k.items())
    means = [float(np.mean(list(of_k.values()))) for of_k in medians.values()]
    seconds = perf_counter() - start
    yield Result(f"12 maximum error / PCA ({worst[1]}, k={worst[2]})", worst[0], 1.01, seconds)
    yield Result("12 geometric mean of error / PCA", float(gmean(means)), 0.78, seconds)
