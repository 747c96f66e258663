"""
=====================
Denoising autoencoder
=====================

A :class:`skae.DenoisingAutoencoder` is trained to reconstruct clean samples from noisy ones, so it
can remove noise from new samples. PCA removes noise by discarding components of low variance, and
the Wiener filter is the optimal linear denoiser. This example compares the three on scikit-learn's
handwritten digits: first with Gaussian noise, then with missing pixels.
"""

# %%
# The data
# --------
# 1,797 images of 8 x 8 pixels. A quarter is held out. Gaussian noise is added to these test images;
# its standard deviation is half of that of all pixels.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder
from skae.display import ReconstructionDisplay

started = perf_counter()
X, _ = load_digits(return_X_y=True)
X = X / 16
X_train, X_test = train_test_split(X, test_size=0.25, random_state=0)
deviation = 0.5 * X.std()
noisy = X_test + deviation * np.random.default_rng(0).normal(size=X_test.shape)

# %%
# Linear baselines
# ----------------
# The number of PCA components is chosen to minimize the test error, so the error shown is a lower
# bound for PCA. The Wiener filter uses the covariance of the clean samples and the variance of the
# noise.


def error(X_hat):
    """Mean squared error with respect to the clean samples."""
    return np.mean((X_hat - X_test) ** 2)


denoised = {"noisy": noisy}
fits = [PCA(k).fit(X_train) for k in range(1, 65)]
denoised["PCA"] = min((p.inverse_transform(p.transform(noisy)) for p in fits), key=error)
mean, covariance = X_train.mean(axis=0), np.cov(X_train.T)
wiener = np.linalg.solve(covariance + deviation**2 * np.eye(64), covariance)
denoised["Wiener filter"] = (noisy - mean) @ wiener + mean

# %%
# The autoencoder
# ---------------
# `noise_level` is the standard deviation of the noise in units of ``scale_``, the square root of
# the mean feature variance. The code is as long as a sample: the noise, not a bottleneck, prevents
# the network from learning the identity.

scale = np.sqrt(X_train.var(axis=0).mean())
denoiser = DenoisingAutoencoder(
    64,
    noise="gaussian",
    noise_level=deviation / scale,
    hidden_layer_sizes=(512,),
    max_iter=100,
    random_state=0,
).fit(X_train)
denoised["autoencoder"] = denoiser.inverse_transform(denoiser.transform(noisy))

# %%
# Results
# -------
# The last line is the autoencoder's error for clean input.

print(f"{'':<18}{'mean squared error':>20}")
for name, images in denoised.items():
    print(f"{name:<18}{error(images):>20.4f}")
print(f"{'clean input':<18}{error(denoiser.reconstruct(X_test)):>20.4f}")

# %%
# Missing pixels
# --------------
# Each pixel is removed with probability one half, that is, replaced by its mean. `noise="dropout"`
# trains on such samples. The linear baseline is now a least-squares fit to thirty corrupted copies
# of each training sample, which `corrupt` generates.

imputer = DenoisingAutoencoder(
    64, noise="dropout", noise_level=0.5, hidden_layer_sizes=(512,), max_iter=100, random_state=0
).fit(X_train)
copies = np.concatenate([imputer.corrupt(X_train, random_state=seed) for seed in range(30)])
linear = LinearRegression().fit(copies, np.tile(X_train, (30, 1)))
corrupted = imputer.corrupt(X_test, random_state=30)
imputed = {
    "corrupted": corrupted,
    "linear regression": linear.predict(corrupted),
    "autoencoder": imputer.reconstruct(corrupted),
}
for name, images in imputed.items():
    print(f"{name:<18}{error(images):>20.4f}")

# %%
# Clean, corrupted and denoised digits
# ------------------------------------
# Top: Gaussian noise. Bottom: missing pixels. The remaining pixels are scaled to twice their
# distance from the mean, so that the expectation of a corrupted sample is the clean sample.

figure = plt.figure(figsize=(9, 6), layout="constrained")
both = {"Gaussian noise": (noisy, denoised), "missing pixels": (corrupted, imputed)}
for part, (title, (X_noisy, results)) in zip(figure.subfigures(2, 1), both.items(), strict=True):
    ax = part.subplots()
    ReconstructionDisplay.from_predictions(
        X_test[:14],
        {name: images[:14] for name, images in results.items() if images is not X_noisy},
        X_noisy=X_noisy[:14],
        image_shape=(8, 8),
        ax=ax,
    )
    ax.set_title(title)

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "denoising.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
