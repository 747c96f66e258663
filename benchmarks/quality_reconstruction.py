"""Quality rows 1, 2 and 2b: linear, stacked, tied and default autoencoders."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
from registry import SECONDS_PER_SEED, Seeds, error_on, fashion, logger, row, timed_fit
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from targets import Result, median_result

from skae import AutoencoderTransformer

# ---- row 1: a linear autoencoder is PCA

LINEAR = {
    "hidden_layer_sizes": (),
    "init": "random",
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "batch_size": 256,
    "max_iter": 60,
    "early_stopping": False,
}


def decoder_subspace(model, n_components: int) -> np.ndarray:
    """Return the weights of a linear decoder, of shape (n_features, n_components)."""
    intercept = model.inverse_transform(np.zeros((1, n_components)))
    return (model.inverse_transform(np.eye(n_components)) - intercept).T


@row("1")
def linear_is_pca(seeds: Seeds) -> Iterator[Result]:
    X, _ = fashion()
    for k, target in ((2, 1.00002), (30, 1.0005)):
        pca = PCA(k, svd_solver="covariance_eigh").fit(X.astype(np.float64))
        pca_error = error_on(pca, X)
        ratios, angles = [], []
        for seed in seeds:
            model = AutoencoderTransformer(k, random_state=seed, **LINEAR)
            seconds = timed_fit(model, X)
            ratios.append((error_on(model, X) / pca_error, seconds))
            angle = subspace_angles(decoder_subspace(model, k), pca.components_.T).max()
            angles.append((float(np.degrees(angle)), seconds))
            logger.info(
                "row 1, k=%d, seed %d: ratio %.7f, angle %.3f",
                *(k, seed, ratios[-1][0], angles[-1][0]),
            )
        yield median_result(f"1 linear / PCA, k={k}", ratios, target, time_limit=SECONDS_PER_SEED)
        if k == 2:
            yield median_result("1 largest principal angle, k=2", angles, 0.2)


# ---- rows 2 and 2b: stacked, tied, default parameters

STACKED = {
    "hidden_layer_sizes": (100,),
    "init": "random",
    "learning_rate": 3e-3,
    "batch_size": 64,
    "max_iter": 20,
    "early_stopping": False,
}


def validation_runs(
    seeds: Seeds, **parameters
) -> list[tuple[AutoencoderTransformer, float, float]]:
    """Fit 30 components with each seed; return model, error on "val" and seconds of each fit."""
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
def stacked(seeds: Seeds) -> Iterator[Result]:
    for kind, tied, target in (("stacked", False, 0.0118), ("tied", True, 0.0122)):
        runs = validation_runs(seeds, tied_weights=tied, **STACKED)
        errors = [(error, seconds) for _, error, seconds in runs]
        name = f"2 {kind} 784-100-30, val MSE"
        yield median_result(name, errors, target, time_limit=SECONDS_PER_SEED)


@row("2b")
def default_parameters(seeds: Seeds) -> Iterator[Result]:
    runs = validation_runs(seeds)
    errors = [(error, seconds) for _, error, seconds in runs]
    yield median_result("2b defaults, 30 components, val MSE", errors, 0.0090, time_limit=40)
    yield Result(
        "2b epochs", max(model.n_iter_ for model, *_ in runs), 20, median(s for *_, s in runs)
    )
