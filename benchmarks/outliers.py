"""Outlier detection: ROC AUC and the share of new samples labeled, compared with others.

usage: outliers.py [--seeds 0 1 2] [--verbose]

Data sets that scikit-learn includes: digits, breast cancer and wine (the last two standardized).
One class provides the inliers; samples of the next class are the outliers, 5 % of all. Means are
over all classes and seeds. The anomaly score of PCA is its reconstruction error with 2, 5 or 10
components, on each data set the number with the highest ROC AUC: an oracle choice, which favors
PCA.

Then the share of new samples of the same kind that `predict` labels as outliers: halves of these
data sets, and made wide data. The targets are twice the contamination of .05, half of it, and .10
with the default contamination.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import chain
from time import perf_counter

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler
from targets import Result, report

from skae import AutoencoderOutlierDetector

SHARE = 0.05
N_COMPONENTS = (2, 5, 10)


def contaminated(X, y, inside: int, outside: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """All samples of one class and some of another, shuffled; and a mask of the outliers."""
    rng = np.random.default_rng(seed)
    inliers, outliers = np.flatnonzero(y == inside), np.flatnonzero(y == outside)
    n_outliers = round(SHARE * len(inliers) / (1 - SHARE))
    outliers = rng.choice(outliers, min(n_outliers, len(outliers)), replace=False)
    indices = rng.permutation(np.concatenate([inliers, outliers]))
    return X[indices], np.isin(indices, outliers)


def datasets(seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for name, load in (
        ("digits", load_digits),
        ("breast cancer", load_breast_cancer),
        ("wine", load_wine),
    ):
        X, y = load(return_X_y=True)
        X = X / 16 if name == "digits" else StandardScaler().fit_transform(X)
        n_classes = y.max() + 1
        for k in range(n_classes):
            yield name, *contaminated(X, y, k, (k + 1) % n_classes, seed)


def pca_error(X, n_components: int) -> np.ndarray:
    pca = PCA(n_components).fit(X)
    return np.square(X - pca.inverse_transform(pca.transform(X))).sum(axis=1)


def measure(seeds, verbose: bool) -> Iterator[Result]:
    aucs: dict[str, dict[str, list[float]]] = {}
    seconds = []
    for seed in seeds:
        for name, X, is_outlier in datasets(seed):
            start = perf_counter()
            ours = AutoencoderOutlierDetector(random_state=seed).fit(X).score_samples(X)
            seconds.append(perf_counter() - start)
            forest = IsolationForest(random_state=seed).fit(X).score_samples(X)
            run = {
                "autoencoder": roc_auc_score(is_outlier, -ours),
                "IsolationForest": roc_auc_score(is_outlier, -forest),
                "PCA": max(roc_auc_score(is_outlier, pca_error(X, k)) for k in N_COMPONENTS),
            }
            for method, auc in run.items():
                aucs.setdefault(name, {}).setdefault(method, []).append(auc)
            if verbose:
                print(f"  {name}, seed {seed}: {run}, {seconds[-1]:.1f} s", flush=True)
    for name, methods in aucs.items():
        means = (f"{method} {np.mean(values):.4f}" for method, values in methods.items())
        print(f"{name}: " + ", ".join(means))
    overall = {
        method: float(np.mean([auc for methods in aucs.values() for auc in methods[method]]))
        for method in ("autoencoder", "IsolationForest", "PCA")
    }
    for other in ("IsolationForest", "PCA"):
        name = f"outliers: mean ROC AUC (target: {other})"
        ours, target = overall["autoencoder"], overall[other]
        yield Result(name, ours, target, sum(seconds), higher_is_better=True)


def made(n_samples: int, rank: int, n_features: int) -> np.ndarray:
    """Twice the samples, of a given rank, with noise."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(2 * n_samples, rank)) @ rng.normal(size=(rank, n_features))
    return signal + 0.5 * rng.normal(size=signal.shape)


def new_samples(seeds) -> Iterator[tuple[str, int, np.ndarray]]:
    """Name, seed, and samples of which the first half is for training."""
    yield "200 x 300", 0, made(200, 10, 300)
    yield "1,000 x 100", 0, made(1000, 10, 100)
    for seed in seeds:
        for name, X, _ in datasets(seed):
            yield name, seed, X


def measure_shares(seeds, verbose: bool) -> Iterator[Result]:
    shares: dict[str, list[list[float]]] = {}
    seconds: dict[str, float] = {}
    for name, seed, X in new_samples(seeds):
        train, test = np.array_split(X, 2)
        start = perf_counter()
        models = [
            AutoencoderOutlierDetector(contamination=contamination, random_state=seed)
            for contamination in (SHARE, "auto")
        ]
        models.append(IsolationForest(contamination=SHARE, random_state=seed))
        found = [float(np.mean(model.fit(train).predict(test) == -1)) for model in models]
        seconds[name] = seconds.get(name, 0.0) + perf_counter() - start
        shares.setdefault(name, []).append(found)
        if verbose:
            print(f"  {name}, seed {seed}: {found}", flush=True)
    for name, values in shares.items():
        share, automatic, forest = np.mean(values, axis=0)
        print(f"{name}: new samples labeled {share:.3f}, IsolationForest {forest:.3f}")
        title = f"outliers: {name}, share of new samples,"
        yield Result(f"{title} at most", share, 2 * SHARE, seconds[name])
        yield Result(f"{title} at least", share, SHARE / 2, seconds[name], higher_is_better=True)
        yield Result(f"{title} auto", automatic, 0.10, seconds[name])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--verbose", action="store_true", help="also print each data set")
    args = parser.parse_args()
    parts = measure(args.seeds, args.verbose), measure_shares(args.seeds, args.verbose)
    return report(chain(*parts))


if __name__ == "__main__":
    sys.exit(main())
