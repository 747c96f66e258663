"""Quality rows 8 and 8b: hashes of 16 to 64 bits, beside iterative quantization (ITQ).

One setting, as shipped, serves both rows: nothing is set but n_components and random_state.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
from bars import Bar, median_bar
from registry import SECONDS_A_SEED, Seeds, error_on, fashion, logger, row, timed_fit
from sklearn.decomposition import PCA

from skae import SemanticHasher
from skae.datasets import load_fashion_mnist
from skae.hashing import mean_average_precision

#: How far above ITQ both measures must be.
ABOVE = 0.01
N_QUERIES = 1000
TOP = 1000


@row("8")
def hard_codes(seeds: Seeds) -> Iterator[Bar]:
    X, X_val = fashion()
    errors, rarest = [], []
    for seed in seeds:
        model = SemanticHasher(16, random_state=seed)
        seconds = timed_fit(model, X)
        share = model.transform(X).mean(axis=0)
        errors.append((error_on(model, X_val), seconds))
        rarest.append((float(np.minimum(share, 1 - share).min()), seconds))
        logger.info(
            "row 8, seed %d: val MSE %.5f, bits set in %.2f to %.2f of rows, %.0f s",
            *(seed, errors[-1][0], share.min(), share.max(), seconds),
        )
    yield median_bar("8 hashing, 16 bits, val MSE", errors, 0.0238, within=SECONDS_A_SEED)
    yield median_bar("8 rarest value of a bit", rarest, 0.10, higher_is_better=True)


def itq(X, others, n_bits: int, seed: int) -> list[np.ndarray]:
    """Codes by PCA and 50 rotations (Gong and Lazebnik 2011), written here on its own."""
    pca = PCA(n_bits, svd_solver="covariance_eigh").fit(X)
    codes = pca.transform(X)
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((n_bits, n_bits)))[0]
    for _ in range(50):
        left, _, right = np.linalg.svd(codes.T @ np.where(codes @ rotation >= 0, 1.0, -1.0))
        rotation = left @ right
    return [pca.transform(rows) @ rotation >= 0 for rows in others]


def precisions(*task) -> tuple[float, float]:
    """mAP among the nearest 1,000 and over all rows, by Hamming distance, ties by index."""
    return mean_average_precision(*task, k=TOP), mean_average_precision(*task)


@row("8b")
def retrieval(seeds: Seeds) -> Iterator[Bar]:
    X, y = load_fashion_mnist(return_X_y=True)
    X_test, y_test = load_fashion_mnist(split="test", return_X_y=True)
    queries, y_queries = X_test[:N_QUERIES], y_test[:N_QUERIES]
    for n_bits in (16, 32, 64):
        ours, theirs, times = [], [], []
        for seed in seeds:
            rows_itq, queries_itq = itq(X, (X, queries), n_bits, seed)
            theirs.append(precisions(rows_itq, y, queries_itq, y_queries))
            model = SemanticHasher(n_bits, random_state=seed)
            times.append(timed_fit(model, X))
            ours.append(precisions(model.transform(X), y, model.transform(queries), y_queries))
            logger.info(
                "row 8b, %d bits, seed %d: mAP@1000 %.4f, all %.4f; ITQ %.4f, %.4f; %.0f s",
                *(n_bits, seed, *ours[-1], *theirs[-1], times[-1]),
            )
        for i, measure in enumerate(("mAP@1000", "mAP, all rows")):
            bar = median(values[i] for values in theirs) + ABOVE
            yield Bar(
                f"8b {measure}, {n_bits} bits (ITQ {bar - ABOVE:.3f})",
                median(values[i] for values in ours),
                bar,
                median(times),
                higher_is_better=True,
                within=SECONDS_A_SEED,
            )
