"""Quality row 7: the variational autoencoder's bound, and how many dimensions it uses."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
from bars import Bar, median_bar
from registry import Seeds, fashion, logger, row, timed_fit

from skae import VAE

SETTING = {
    "hidden_layer_sizes": (150, 100),
    "loss": "binary_cross_entropy",
    "batch_size": 64,
    "max_iter": 18,
    "learning_rate": 3e-3,
    "early_stopping": False,
}


def nats(model, X, n_draws=10) -> float:
    """Cross-entropy and KL of an image, by draws from the posterior (never its mean)."""
    rng = np.random.default_rng(0)
    mean, deviation = (part.astype(np.float64) for part in model.encode_distribution(X))
    kl = 0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)
    total = 0.0
    for _ in range(n_draws):
        codes = mean + deviation * rng.standard_normal(mean.shape)
        chance = np.clip(model.inverse_transform(codes), 1e-12, 1 - 1e-12)
        total -= np.sum(X * np.log(chance) + (1 - X) * np.log1p(-chance)) / len(X)
    return float(total / n_draws + kl.sum() / len(X))


def dimensions_in_use(model, X) -> int:
    """Dimensions of the code that tell more than 0.1 nat of an image."""
    mean, deviation = (part.astype(np.float64) for part in model.encode_distribution(X))
    kl = (0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)).mean(axis=0)
    return int(np.sum(kl > 0.1))


@row("7")
def variational(seeds: Seeds) -> Iterator[Bar]:
    X, X_val = fashion()
    found, used = [], []
    for seed in seeds:
        model = VAE(10, random_state=seed, **SETTING)
        seconds = timed_fit(model, X)
        found.append((nats(model, X_val), seconds))
        used.append(dimensions_in_use(model, X_val))
        logger.info(
            "row 7, seed %d: %.2f nats, %d used, %.1f s", seed, found[-1][0], used[-1], seconds
        )
    yield median_bar("7 VAE 150-100-10, nats an image, val", found, 240.0, within=30)
    yield Bar(
        "7 VAE dimensions in use",
        median(used),
        8,
        median(s for _, s in found),
        higher_is_better=True,
    )
