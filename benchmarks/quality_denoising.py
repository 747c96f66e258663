"""Quality rows 5 and "5 digits": reconstruction error of denoising autoencoders.

Row 5 has two kinds of dropout noise: the library's own, which replaces a pixel by its mean, and
that of the published result, which sets it to black. The latter is harder, since black is also a
regular pixel value.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from registry import Seeds, fashion, logger, row, squared_error, timed_fit
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from targets import Result, median_result

from skae import DenoisingAutoencoder

# ---- row 5: half of the pixels dropped, the others rescaled

DROPOUT = {
    "noise": "dropout",
    "noise_level": 0.5,
    "hidden_layer_sizes": (100,),
    "learning_rate": 3e-3,
    "batch_size": 64,
    "max_iter": 10,
    "early_stopping": False,
}


def black(x, key):
    """Set pixels to black with probability 1/2, and multiply the others by 2."""
    return jnp.where(jax.random.bernoulli(key, 0.5, x.shape), 2 * x, 0.0)


@row("5")
def denoising(seeds: Seeds) -> Iterator[Result]:
    X, X_val = fashion()
    for kind, noise in (("dropped", "dropout"), ("dropped to black", black)):
        runs: dict[str, list[tuple[float, float]]] = {"clean": [], "noisy": []}
        for seed in seeds:
            model = DenoisingAutoencoder(30, random_state=seed, **{**DROPOUT, "noise": noise})
            seconds = timed_fit(model, X)
            noisy = model.corrupt(X_val, random_state=seed)
            errors = [squared_error(X_val, model.reconstruct(X_in)) for X_in in (X_val, noisy)]
            for name, error in zip(runs, errors, strict=True):
                runs[name].append((error, seconds))
            logger.info("%s, seed %d: clean %.5f, noisy %.5f, %.1f s", kind, seed, *errors, seconds)
        for name, target in (("clean", 0.0138), ("noisy", 0.0157)):
            name_of_result = f"5 {kind}, {name} input, val MSE"
            yield median_result(name_of_result, runs[name], target, time_limit=20)


# ---- row "5 digits": Gaussian noise, compared with the optimal linear denoisers

GAUSSIAN = {"hidden_layer_sizes": (512,), "max_iter": 300}
N_COMPONENTS = 64


def wiener(X, noisy, deviation):
    """Return the linear estimate of least mean squared error, from the moments of X."""
    mean, covariance = X.mean(axis=0), np.cov(X.T)
    weights = np.linalg.solve(covariance + deviation**2 * np.eye(len(mean)), covariance)
    return (noisy - mean) @ weights + mean


def best_pca(X, noisy, clean) -> float:
    """Return the error of PCA with the number of components that minimizes this error."""
    fits = (PCA(k).fit(X) for k in range(1, X.shape[1] + 1))
    return min(squared_error(clean, pca.inverse_transform(pca.transform(noisy))) for pca in fits)


@row("5 digits")
def digits(seeds: Seeds) -> Iterator[Result]:
    X, _ = load_digits(return_X_y=True)
    X = X / 16
    deviation = 0.5 * X.std()
    ratios: dict[str, list[tuple[float, float]]] = {"PCA": [], "Wiener": [], "noisy": []}
    for seed in seeds:
        X_train, X_test = train_test_split(X, test_size=0.25, random_state=seed)
        noise = np.random.default_rng(seed).normal(size=X_test.shape)
        noisy = X_test + deviation * noise
        scale = np.sqrt(X_train.var(axis=0).mean())
        model = DenoisingAutoencoder(
            N_COMPONENTS, noise_level=deviation / scale, random_state=seed, **GAUSSIAN
        )
        seconds = timed_fit(model, X_train)
        error = squared_error(X_test, model.reconstruct(noisy))
        baselines = (
            best_pca(X_train, noisy, X_test),
            squared_error(X_test, wiener(X_train, noisy, deviation)),
            squared_error(X_test, noisy),
        )
        for name, baseline in zip(ratios, baselines, strict=True):
            ratios[name].append((error / baseline, seconds))
        clean = squared_error(X_test, model.reconstruct(X_test))
        logger.info("digits, seed %d: MSE %.5f, with clean input %.5f", seed, error, clean)
    for name, target in (("PCA", 0.5), ("Wiener", 0.75), ("noisy", 1 / 3.6)):
        yield median_result(f"5 digits, MSE / {name}", ratios[name], target)
