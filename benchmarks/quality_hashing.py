"""Quality rows 8 and 8b: hash codes of 16 to 64 bits, compared with iterative quantization (ITQ).

Both rows use the default parameters, except for n_components and random_state.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
from registry import (
    SECONDS_PER_SEED,
    Seeds,
    error_on,
    fashion,
    labeled_fashion,
    logger,
    row,
    timed_fit,
)
from sklearn.decomposition import PCA
from targets import Result, median_result

from skae import SemanticHasher
from skae.hashing import mean_average_precision

#: Margin above ITQ that both measures must reach.
MARGIN = 0.01
N_QUERIES = 1000
TOP = 1000


@row("8")
def hard_codes(seeds: Seeds) -> Iterator[Result]:
    X, X_val = fashion()
    errors, rarest = [], []
    for seed in seeds:
        model = SemanticHasher(16, random_state=seed)
        seconds = timed_fit(model, X)
        share = model.transform(X).mean(axis=0)
        errors.append((error_on(model, X_val), seconds))
        rarest.append((float(np.minimum(share, 1 - share).min()), seconds))
        logger.info(
            "row 8, seed %d: val MSE %.5f, bits set in %.2f to %.2f of samples, %.0f s",
            *(seed, errors[-1][0], share.min(), share.max(), seconds),
        )
    yield median_result("8 hashing, 16 bits, val MSE", errors, 0.0238, time_limit=SECONDS_PER_SEED)
    yield median_result("8 least frequent bit value, share", rarest, 0.10, higher_is_better=True)


def itq(X, inputs, n_bits: int, seed: int) -> list[np.ndarray]:
    """Codes by PCA and 50 rotation updates (Gong and Lazebnik 2011), independent of skae's code."""
    pca = PCA(n_bits, svd_solver="covariance_eigh").fit(X)
    codes = pca.transform(X)
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((n_bits, n_bits)))[0]
    for _ in range(50):
        left, _, right = np.linalg.svd(codes.T @ np.where(codes @ rotation >= 0, 1.0, -1.0))
        rotation = left @ right
    return [pca.transform(X_in) @ rotation >= 0 for X_in in inputs]


def precisions(*task) -> tuple[float, float]:
    """mAP of the nearest 1,000 and of all samples, by Hamming distance; ties by index."""
    return mean_average_precision(*task, k=TOP), mean_average_precision(*task)


@row("8b")
def retrieval(seeds: Seeds) -> Iterator[Result]:
    X, y = labeled_fashion()
    X_test, y_test = labeled_fashion("test")
    queries, y_queries = X_test[:N_QUERIES], y_test[:N_QUERIES]
    for n_bits in (16, 32, 64):
        ours, theirs, times = [], [], []
        for seed in seeds:
            codes_itq, queries_itq = itq(X, (X, queries), n_bits, seed)
            theirs.append(precisions(codes_itq, y, queries_itq, y_queries))
            model = SemanticHasher(n_bits, random_state=seed)
            times.append(timed_fit(model, X))
            ours.append(precisions(model.transform(X), y, model.transform(queries), y_queries))
            logger.info(
                "row 8b, %d bits, seed %d: mAP@1000 %.4f, all %.4f; ITQ %.4f, %.4f; %.0f s",
                *(n_bits, seed, *ours[-1], *theirs[-1], times[-1]),
            )
        for i, measure in enumerate(("mAP@1000", "mAP, all samples")):
            baseline = median(values[i] for values in theirs)
            yield Result(
                f"8b {measure}, {n_bits} bits (ITQ {baseline:.3f})",
                median(values[i] for values in ours),
                baseline + MARGIN,
                median(times),
                higher_is_better=True,
                time_limit=SECONDS_PER_SEED,
            )
