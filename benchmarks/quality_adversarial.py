"""Row "adversarial": distance of the codes to the prior, and reconstruction error.

The discrepancy between codes of held-out samples and samples of the prior is compared with its 95 %
quantile under the null hypothesis. The reconstruction error is relative to the plain autoencoder.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from registry import SECONDS_PER_SEED, Seeds, error_on, fashion, logger, row, timed_fit
from sklearn.datasets import load_digits
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import train_test_split
from targets import Result, median_result

from skae import AdversarialAutoencoder, AutoencoderTransformer

COMPONENTS = 8
HELD_OUT = 500
SQUARED_BANDWIDTH = 8.0


def discrepancy(a, b) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy (MMD) with a Gaussian kernel."""
    gamma = 1 / (2 * SQUARED_BANDWIDTH)

    def within(X):
        n = len(X)
        return (rbf_kernel(X, gamma=gamma).sum() - n) / (n * (n - 1))

    return within(a) + within(b) - 2 * rbf_kernel(a, b, gamma=gamma).mean()


def null_quantile(quantile=0.95, repeats=500) -> float:
    """Quantile of the squared MMD between two sets of samples of the prior."""
    rng = np.random.default_rng(0)
    shape = (2, HELD_OUT, COMPONENTS)
    return float(
        np.quantile([discrepancy(*rng.standard_normal(shape)) for _ in range(repeats)], quantile)
    )


def compare(name, seeds, X, X_new, target) -> Iterator[Result]:
    """Measure the MMD of the codes to the prior, and the error relative to the plain one."""
    discrepancies, ratios = [], []
    for seed in seeds:
        plain = AutoencoderTransformer(COMPONENTS, random_state=seed)
        plain_seconds = timed_fit(plain, X)
        model = AdversarialAutoencoder(COMPONENTS, early_stopping=False, random_state=seed)
        seconds = timed_fit(model, X)
        prior = np.random.default_rng(seed).standard_normal((HELD_OUT, COMPONENTS))
        codes = model.transform(X_new[:HELD_OUT]).astype(np.float64)
        discrepancies.append((discrepancy(codes, prior), seconds))
        ratios.append((error_on(model, X_new) / error_on(plain, X_new), seconds))
        logger.info(
            "%s, seed %d: squared MMD %.5f, error ratio %.3f, %.1f s (plain %.1f s)",
            *(name, seed, discrepancies[-1][0], ratios[-1][0], seconds, plain_seconds),
        )
    yield median_result(
        f"adversarial, {name}: squared MMD",
        discrepancies,
        null_quantile(),
        time_limit=SECONDS_PER_SEED,
    )
    yield median_result(f"adversarial, {name}: error / plain", ratios, target)


@row("adversarial")
def adversarial(seeds: Seeds) -> Iterator[Result]:
    digits = load_digits(return_X_y=True)[0]
    X, X_new = train_test_split(digits, test_size=HELD_OUT, random_state=0)
    yield from compare("digits", seeds, X, X_new, 1.3)
    yield from compare("Fashion-MNIST", seeds, *fashion(), 1.1)
