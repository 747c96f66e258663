"""Row "contractive": norm of the encoder's Jacobian by penalty, and reconstruction error.

Digits, a quarter held out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import numpy as np
from registry import Seeds, error_on, logger, row, timed_fit
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from targets import Result, median_result

from skae import AutoencoderTransformer, ContractiveAutoencoder

CONTRACTIONS = (0.0, 0.01, 0.1)


def relative_jacobian_norm(model, X) -> float:
    """Mean squared norm of the encoder's Jacobian, divided by the total variance of the codes."""
    norm = np.square(model.encoder_jacobian(X)).sum(axis=(1, 2)).mean()
    return float(norm / model.transform(X).var(axis=0).sum())


@row("contractive")
def contractive(seeds: Seeds) -> Iterator[Result]:
    digits = load_digits().data / 16
    runs: dict[float, list] = {contraction: [] for contraction in CONTRACTIONS}
    errors = []
    for seed in seeds:
        X, X_test = train_test_split(digits, test_size=0.25, random_state=seed)
        plain = AutoencoderTransformer(10, random_state=seed).fit(X)
        for contraction in CONTRACTIONS:
            model = ContractiveAutoencoder(10, contraction=contraction, random_state=seed)
            seconds = timed_fit(model, X)
            runs[contraction].append((relative_jacobian_norm(model, X_test), seconds))
            error = error_on(model, X_test) / error_on(plain, X_test)
            logger.info(
                "contraction %g, seed %d: Jacobian norm %.3f, MSE / plain %.3f",
                contraction, seed, runs[contraction][-1][0], error,
            )  # fmt: skip
        errors.append((error, seconds))
    for less, more in pairwise(CONTRACTIONS):
        reference = median(value for value, _ in runs[less])
        ratios = [(value / reference, seconds) for value, seconds in runs[more]]
        yield median_result(f"contractive, Jacobian norm at {more} / at {less}", ratios, 0.99)
    yield median_result("contractive, MSE at 0.1 / plain", errors, 1.25)
