"""Odd rows: ROC AUC of one default, beside IsolationForest and PCA's reconstruction error.

usage: outliers.py [--seeds 0 1 2] [--detail]

Sets that ship with scikit-learn, one class of each in and, as 5 % of the rows, some of the next
class: digits, breast cancer and wine (standardized, for PCA's sake), all classes and seeds. PCA has
2, 5 or 10 components, on each set whichever did best there, which no user could know.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from time import perf_counter

import numpy as np
from bars import Bar, report
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderOutlierDetector

SHARE = 0.05
N_COMPONENTS = (2, 5, 10)


def contaminated(X, y, inside: int, outside: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """All rows of one class and some of another, shuffled, and which they are."""
    rng = np.random.default_rng(seed)
    inliers, outliers = np.flatnonzero(y == inside), np.flatnonzero(y == outside)
    n_outliers = round(SHARE * len(inliers) / (1 - SHARE))
    outliers = rng.choice(outliers, min(n_outliers, len(outliers)), replace=False)
    rows = rng.permutation(np.concatenate([inliers, outliers]))
    return X[rows], np.isin(rows, outliers)


def sets(seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
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


def measure(seeds, detail: bool) -> Iterator[Bar]:
    found: dict[str, dict[str, list[float]]] = {}
    seconds = []
    for seed in seeds:
        for name, X, odd in sets(seed):
            begin = perf_counter()
            ours = AutoencoderOutlierDetector(random_state=seed).fit(X).score_samples(X)
            seconds.append(perf_counter() - begin)
            forest = IsolationForest(random_state=seed).fit(X).score_samples(X)
            aucs = {
                "autoencoder": roc_auc_score(odd, -ours),
                "IsolationForest": roc_auc_score(odd, -forest),
                "PCA": max(roc_auc_score(odd, pca_error(X, k)) for k in N_COMPONENTS),
            }
            for side, auc in aucs.items():
                found.setdefault(name, {}).setdefault(side, []).append(auc)
            if detail:
                print(f"  {name}, seed {seed}: {aucs}, {seconds[-1]:.1f} s", flush=True)
    for name, sides in found.items():
        print(f"{name}: " + ", ".join(f"{s} {np.mean(aucs):.4f}" for s, aucs in sides.items()))
    means = {
        side: float(np.mean([auc for sides in found.values() for auc in sides[side]]))
        for side in ("autoencoder", "IsolationForest", "PCA")
    }
    for other in ("IsolationForest", "PCA"):
        name = f"outliers: mean ROC AUC, {other}"
        yield Bar(name, means["autoencoder"], means[other], sum(seconds), higher_is_better=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--detail", action="store_true", help="print each set as well")
    chosen = parser.parse_args()
    return report(measure(chosen.seeds, chosen.detail))


if __name__ == "__main__":
    sys.exit(main())
