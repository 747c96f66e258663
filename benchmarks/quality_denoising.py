"""Quality row 5 and the digits bar: what a denoising autoencoder takes out of rows, and leaves in.

Row 5 is measured with two kinds of dropped inputs: the library's own, around the mean, and that of
the published figure, where a dropped pixel is black: harder, since black is a color too.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from bars import Bar, median_bar
from registry import Seeds, fashion, logger, row, squared_error, timed_fit
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder

# ---- row 5: half of the inputs dropped, the rest rescaled

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
    """Make pixels black with probability 1/2 and twice as bright else."""
    return jnp.where(jax.random.bernoulli(key, 0.5, x.shape), 2 * x, 0.0)


@row("5")
def denoising(seeds: Seeds) -> Iterator[Bar]:
    X, X_val = fashion()
    for kind, noise in (("dropped", "dropout"), ("dropped to black", black)):
        runs: dict[str, list[tuple[float, float]]] = {"clean": [], "noisy": []}
        for seed in seeds:
            model = DenoisingAutoencoder(30, random_state=seed, **{**DROPOUT, "noise": noise})
            seconds = timed_fit(model, X)
            noisy = model.corrupt(X_val, random_state=seed)
            errors = [squared_error(X_val, model.reconstruct(rows)) for rows in (X_val, noisy)]
            for name, error in zip(runs, errors, strict=True):
                runs[name].append((error, seconds))
            logger.info("%s, seed %d: clean %.5f, noisy %.5f, %.1f s", kind, seed, *errors, seconds)
        for name, bar in (("clean", 0.0138), ("noisy", 0.0157)):
            yield median_bar(f"5 {kind}, {name} rows in, val MSE", runs[name], bar, within=20)


# ---- digits with Gaussian noise, against the best that linear maps can do

GAUSSIAN = {"hidden_layer_sizes": (512,), "max_iter": 300}
N_COMPONENTS = 64


def wiener(X, noisy, deviation):
    """Give the linear estimate of least mean squared error, from moments of the rows X."""
    mean, covariance = X.mean(axis=0), np.cov(X.T)
    into = np.linalg.solve(covariance + deviation**2 * np.eye(len(mean)), covariance)
    return (noisy - mean) @ into + mean


def best_pca(X, noisy, clean) -> float:
    """Give the error of PCA with the number of components that is best on these very rows."""
    fits = (PCA(k).fit(X) for k in range(1, X.shape[1] + 1))
    return min(squared_error(clean, pca.inverse_transform(pca.transform(noisy))) for pca in fits)


@row("5 digits")
def digits(seeds: Seeds) -> Iterator[Bar]:
    X, _ = load_digits(return_X_y=True)
    X = X / 16
    deviation = 0.5 * X.std()
    ratios: dict[str, list[tuple[float, float]]] = {"PCA": [], "Wiener": [], "noisy rows": []}
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
        others = (
            best_pca(X_train, noisy, X_test),
            squared_error(X_test, wiener(X_train, noisy, deviation)),
            squared_error(X_test, noisy),
        )
        for name, other in zip(ratios, others, strict=True):
            ratios[name].append((error / other, seconds))
        clean = squared_error(X_test, model.reconstruct(X_test))
        logger.info("digits, seed %d: MSE %.5f, clean rows in %.5f", seed, error, clean)
    for name, bar in (("PCA", 0.5), ("Wiener", 0.75), ("noisy rows", 1 / 3.6)):
        yield median_bar(f"5 digits, MSE / {name}", ratios[name], bar)
