"""Quality rows 1, 2 and 2b: linear, stacked, tied, and as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
from bars import Bar, median_bar
from registry import SECONDS_A_SEED, Seeds, error_on, fashion, logger, row, timed_fit
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer

# ---- row 1: a linear autoencoder is PCA

LINEAR = {
    "hidden_layer_sizes": (),
    "activation": "identity",
    "init": "random",
    "alpha": 0.0,
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "learning_rate_schedule": "cosine",
    "batch_size": 256,
    "max_iter": 60,
    "early_stopping": False,
}


def decoder_subspace(model, n_components: int) -> np.ndarray:
    """Give the directions that a linear decoder reaches, of shape (n_features, n_components)."""
    zero = model.inverse_transform(np.zeros((1, n_components)))
    return (model.inverse_transform(np.eye(n_components)) - zero).T


@row("1")
def linear_is_pca(seeds: Seeds) -> Iterator[Bar]:
    X, _ = fashion()
    for k, bar in ((2, 1.00002), (30, 1.0005)):
        pca = PCA(k, svd_solver="covariance_eigh").fit(X.astype(np.float64))
        floor = error_on(pca, X)
        ratios, angles = [], []
        for seed in seeds:
            model = AutoencoderTransformer(k, random_state=seed, **LINEAR)
            seconds = timed_fit(model, X)
            ratios.append((error_on(model, X) / floor, seconds))
            angle = subspace_angles(decoder_subspace(model, k), pca.components_.T).max()
            angles.append((float(np.degrees(angle)), seconds))
            logger.info(
                "row 1, k=%d, seed %d: ratio %.7f, angle %.3f", k, seed, *_last(ratios, angles)
            )
        yield median_bar(f"1 linear / PCA, k={k}", ratios, bar, within=SECONDS_A_SEED)
        if k == 2:
            yield median_bar("1 largest principal angle, k=2", angles, 0.2)


def _last(*series):
    return [values[-1][0] for values in series]


# ---- rows 2 and 2b: stacked, tied, as shipped

STACKED = {
    "hidden_layer_sizes": (100,),
    "activation": "gelu",
    "init": "random",
    "alpha": 0.0,
    "optimizer": "nadam",
    "learning_rate": 3e-3,
    "learning_rate_schedule": "cosine",
    "batch_size": 64,
    "max_iter": 20,
    "early_stopping": False,
}


def validation_runs(
    seeds: Seeds, **parameters
) -> list[tuple[AutoencoderTransformer, float, float]]:
    """Fit 30 components once a seed: the model, its error on "val", the seconds."""
    X, X_val = fashion()
    runs = []
    for seed in seeds:
        model = AutoencoderTransformer(30, random_state=seed, **parameters)
        seconds = timed_fit(model, X)
        runs.append((model, error_on(model, X_val), seconds))
        logger.info(
            "seed %d: val MSE %.5f, %d epochs, %.1f s", seed, runs[-1][1], model.n_iter_, seconds
        )
    return runs


@row("2")
def stacked(seeds: Seeds) -> Iterator[Bar]:
    for name, tied, bar in (("stacked", False, 0.0118), ("tied", True, 0.0122)):
        runs = validation_runs(seeds, tied_weights=tied, **STACKED)
        errors = [(error, seconds) for _, error, seconds in runs]
        yield median_bar(f"2 {name} 784-100-30, val MSE", errors, bar, within=SECONDS_A_SEED)


@row("2b")
def as_shipped(seeds: Seeds) -> Iterator[Bar]:
    runs = validation_runs(seeds)
    errors = [(error, seconds) for _, error, seconds in runs]
    yield median_bar("2b as shipped, 30 components, val MSE", errors, 0.0090, within=40)
    yield Bar(
        "2b epochs", max(model.n_iter_ for model, *_ in runs), 20, median(s for *_, s in runs)
    )
