"""Quality row 7: negative ELBO of the variational autoencoder, and its active latent dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
from registry import Seeds, fashion, logger, row, timed_fit
from targets import Result, median_result

from skae import VAE

SETTING = {
    "hidden_layer_sizes": (150, 100),
    "loss": "binary_cross_entropy",
    "batch_size": 64,
    "max_iter": 18,
    "learning_rate": 3e-3,
    "early_stopping": False,
}


def negative_elbo(model, X, n_draws=10) -> float:
    """Cross-entropy plus KL divergence per image in nats, estimated with posterior samples."""
    rng = np.random.default_rng(0)
    mean, deviation = (part.astype(np.float64) for part in model.encode_distribution(X))
    kl = 0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)
    total = 0.0
    for _ in range(n_draws):
        codes = mean + deviation * rng.standard_normal(mean.shape)
        probability = np.clip(model.inverse_transform(codes), 1e-12, 1 - 1e-12)
        total -= np.sum(X * np.log(probability) + (1 - X) * np.log1p(-probability)) / len(X)
    return float(total / n_draws + kl.sum() / len(X))


def active_dimensions(model, X) -> int:
    """Number of latent dimensions with a mean KL divergence above 0.1 nat."""
    mean, deviation = (part.astype(np.float64) for part in model.encode_distribution(X))
    kl = (0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)).mean(axis=0)
    return int(np.sum(kl > 0.1))


@row("7")
def variational(seeds: Seeds) -> Iterator[Result]:
    X, X_val = fashion()
    losses, active = [], []
    for seed in seeds:
        model = VAE(10, random_state=seed, **SETTING)
        seconds = timed_fit(model, X)
        losses.append((negative_elbo(model, X_val), seconds))
        active.append(active_dimensions(model, X_val))
        logger.info(
            "row 7, seed %d: %.2f nats, %d active dimensions, %.1f s",
            *(seed, losses[-1][0], active[-1], seconds),
        )
    yield median_result("7 VAE 150-100-10, nats per image, val", losses, 240.0, time_limit=30)
    seconds = median(seconds for _, seconds in losses)
    yield Result("7 VAE active dimensions", median(active), 8, seconds, higher_is_better=True)
