"""The adversarial autoencoder: codes that a test cannot tell from draws, at what cost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from bars import Bar, median_bar
from registry import SECONDS_A_SEED, Seeds, error_on, fashion, logger, row, timed_fit
from sklearn.datasets import load_digits
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import train_test_split

from skae import AdversarialAutoencoder, AutoencoderTransformer

COMPONENTS = 8
HELD_OUT = 500
SQUARED_BANDWIDTH = 8.0


def discrepancy(a, b) -> float:
    """Squared maximum mean discrepancy, unbiased, with a Gaussian kernel."""
    gamma = 1 / (2 * SQUARED_BANDWIDTH)

    def within(rows):
        n = len(rows)
        return (rbf_kernel(rows, gamma=gamma).sum() - n) / (n * (n - 1))

    return within(a) + within(b) - 2 * rbf_kernel(a, b, gamma=gamma).mean()


def by_chance(quantile=0.95, repeats=500) -> float:
    """The quantile of that between two samples of the prior."""
    rng = np.random.default_rng(0)
    shape = (2, HELD_OUT, COMPONENTS)
    return float(
        np.quantile([discrepancy(*rng.standard_normal(shape)) for _ in range(repeats)], quantile)
    )


def compared(name, seeds, X, X_new, cost, **parameters) -> Iterator[Bar]:
    """Codes against draws, and the error against the plain autoencoder's, both once a seed."""
    apart, ratios = [], []
    for seed in seeds:
        shared = {"random_state": seed, **parameters}
        plain = AutoencoderTransformer(COMPONENTS, **shared)
        plain_seconds = timed_fit(plain, X)
        model = AdversarialAutoencoder(COMPONENTS, **{"early_stopping": False, **shared})
        seconds = timed_fit(model, X)
        draws = np.random.default_rng(seed).standard_normal((HELD_OUT, COMPONENTS))
        codes = model.transform(X_new[:HELD_OUT]).astype(np.float64)
        apart.append((discrepancy(codes, draws), seconds))
        ratios.append((error_on(model, X_new) / error_on(plain, X_new), seconds))
        logger.info(
            "%s, seed %d: discrepancy %.5f, error ratio %.3f, %.1f s (plain %.1f s)",
            *(name, seed, apart[-1][0], ratios[-1][0], seconds, plain_seconds),
        )
    yield median_bar(f"adversarial, {name}: squared MMD", apart, by_chance(), within=SECONDS_A_SEED)
    yield median_bar(f"adversarial, {name}: error / plain's", ratios, cost)


@row("adversarial")
def adversarial(seeds: Seeds) -> Iterator[Bar]:
    digits = load_digits(return_X_y=True)[0]
    X, X_new = train_test_split(digits, test_size=HELD_OUT, random_state=0)
    yield from compared("digits", seeds, X, X_new, 1.3)
    yield from compared("Fashion-MNIST", seeds, *fashion(), 1.1)
