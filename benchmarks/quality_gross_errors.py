"""Quality row "gross errors": a few huge values among the training samples, defaults otherwise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from statistics import median
from time import perf_counter

import numpy as np
from registry import Seeds, logger, row
from targets import Result

from skae import VAE, AutoencoderTransformer, DenoisingAutoencoder, SparseAutoencoder

N_SAMPLES = 2000
#: Gross errors by name: their number and their magnitude.
ERRORS = {
    "none": (0, 0.0),
    "12 of 100": (12, 100.0),
    "170 of 100": (170, 100.0),
    "one -9999": (1, 9999.0),
    "one 999999": (1, 999_999.0),
}


def curved_surface(n_samples: int, seed: int) -> np.ndarray:
    """Samples of 8 features near a curved surface of two dimensions."""
    latent = np.random.default_rng(seed).uniform(-1, 1, (n_samples, 2))
    shape = np.random.default_rng(12345)
    linear, quadratic = shape.normal(size=(2, 8)), shape.normal(size=(2, 8))
    X = latent @ linear + 0.5 * np.square(latent) @ quadratic
    return X + 0.015 * np.random.default_rng([seed, 1]).normal(size=X.shape)


def with_errors(X: np.ndarray, count: int, magnitude: float, seed: int) -> np.ndarray:
    """A copy with `count` entries replaced by plus or minus `magnitude`."""
    rng = np.random.default_rng([seed, 2])
    X = X.copy()
    X.flat[rng.choice(X.size, count, replace=False)] = magnitude * rng.choice([-1, 1], count)
    return X


def explained_variance(cls, errors: str, seed: int) -> float:
    """Of samples without errors."""
    X, X_test = curved_surface(N_SAMPLES, seed), curved_surface(N_SAMPLES, 1000 + seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Extreme values in X", UserWarning)
        model = cls(2, random_state=seed).fit(with_errors(X, *ERRORS[errors], seed))
    residuals = np.square(X_test - model.reconstruct(X_test)).sum()
    return float(1 - residuals / np.square(X_test - X_test.mean(axis=0)).sum())


@row("gross errors")
def gross_errors(seeds: Seeds) -> Iterator[Result]:
    for cls in (AutoencoderTransformer, DenoisingAutoencoder, VAE, SparseAutoencoder):
        for errors in ERRORS:
            start = perf_counter()
            values = [explained_variance(cls, errors, seed) for seed in seeds]
            logger.info("%s, %s: %s", cls.__name__, errors, np.round(values, 5))
            name = f"gross errors, {cls.__name__}, {errors}"
            seconds = (perf_counter() - start) / len(seeds)
            yield Result(name, median(values), 0.99, seconds, higher_is_better=True)
