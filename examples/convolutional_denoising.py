"""
===================================
Cleaning images by neighborhoods
===================================

Neighbors tell what a noisy pixel was, and what they tell is the same everywhere in an image. That
is what convolutions know from the start and dense layers have to learn. Network and objective are
independent in skae: a :class:`skae.DenoisingAutoencoder` with ``network=Convolutional(...)`` is a
convolutional denoiser. It stands here beside the dense denoiser, PCA, and the Wiener filter, the
best that any linear map can do: on images as they were trained on, and on images moved aside.

Fashion-MNIST is read by :func:`skae.datasets.load_fashion_mnist`; without it the example runs on
scikit-learn's small digits, and says so.
"""

# %%
# The data
# --------
# Held-out images are made noisy: normal noise with 0.7 of the standard deviation of all pixels.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder
from skae.datasets import load_fashion_mnist
from skae.display import ReconstructionDisplay
from skae.networks import Convolutional

started = perf_counter()


def load():
    """Training images, held-out images."""
    try:
        train, test = load_fashion_mnist(), load_fashion_mnist(split="test")
    except FileNotFoundError as error:
        print(f"{error}\nscikit-learn's digits are used instead.")
        return train_test_split(load_digits().data / 16, random_state=0)
    print(f"Fashion-MNIST from {train.source}")
    return train.data[:3_000], test.data[:1_000]


X_train, X_test = load()
n_features = X_train.shape[1]
side = int(np.sqrt(n_features))
deviation = 0.7 * X_train.std()
noise = deviation * np.random.default_rng(0).normal(size=X_test.shape)
print(f"{len(X_train)} training images, {len(X_test)} held out, noise of deviation {deviation:.2f}")


def moved(X, pixels):
    """Images moved down and to the right; what leaves them is lost."""
    images = np.zeros_like(X).reshape(-1, side, side)
    images[:, pixels:, pixels:] = X.reshape(images.shape)[:, :-pixels, :-pixels]
    return images.reshape(X.shape)


clean = {"in place": X_test, "moved": moved(X_test, side // 14 or 1)}
noisy = {name: X + noise for name, X in clean.items()}

# %%
# Linear ways
# -----------
# PCA is given its best number of components, found on the held-out images themselves: it cannot do
# better. The Wiener filter needs the covariance of clean samples and the deviation of the noise.


def error(X_hat, name):
    """Mean squared error to the clean images, in place or moved."""
    return np.mean((X_hat - clean[name]) ** 2)


def best_pca(X, name):
    """What PCA makes of noisy samples with the number of components that suits them best."""
    codes = pca.transform(X)
    kept = (codes[:, :k] @ pca.components_[:k] + pca.mean_ for k in range(1, pca.n_components_))
    return min(kept, key=lambda X_hat: error(X_hat, name))


pca = PCA(min(120, n_features), random_state=0).fit(X_train)
mean, covariance = X_train.mean(axis=0), np.cov(X_train.T)
wiener = np.linalg.solve(covariance + deviation**2 * np.eye(n_features), covariance)
cleaned = {
    "noisy": noisy,
    "PCA": {name: best_pca(X, name) for name, X in noisy.items()},
    "Wiener filter": {name: (X - mean) @ wiener + mean for name, X in noisy.items()},
}

# %%
# Two denoisers
# -------------
# One estimator, one objective, two networks. `noise_level` counts in the spread of the data around
# their mean; the noise is drawn anew for every sample at every step.

shared = {
    "n_components": min(400, n_features),
    "noise": "gaussian",
    "noise_level": deviation / np.sqrt(X_train.var(axis=0).mean()),
    "batch_size": 64,
    "random_state": 0,
}
denoisers = {
    "dense": DenoisingAutoencoder(hidden_layer_sizes=(512,), max_iter=20, **shared),
    "convolutional": DenoisingAutoencoder(
        network=Convolutional(image_shape=(side, side), channels=(16, 32)), max_iter=10, **shared
    ),
}
print("fit:", end="")
for name, denoiser in denoisers.items():
    start = perf_counter()
    denoiser.fit(X_train)
    print(f" {name} {perf_counter() - start:.0f} s", end="")
    cleaned[name] = {
        key: denoiser.inverse_transform(denoiser.transform(X)) for key, X in noisy.items()
    }

# %%
# The result
# ----------

print(f"\n\n{'mean squared error':<20}{'in place':>12}{'moved':>12}")
for name, samples in cleaned.items():
    print(f"{name:<20}" + "".join(f"{error(X, key):>12.4f}" for key, X in samples.items()))

# %%
# Clothes stand in the middle of their images, all the right way up. Dense layers learn what belongs
# to which pixel, and clean such images best. Moved by two pixels, the same clothes are strange to
# everything that knows places, and the order turns: convolutions clean them a little better than
# the Wiener filter, and dense layers worse than both. Convolutions lose too: their first layers do
# not care for places, but the dense layer that makes the code does.

figure = plt.figure(figsize=(12, 5), layout="constrained")
for part, (key, X) in zip(figure.subfigures(1, 2), clean.items(), strict=True):
    ax = part.subplots()
    ReconstructionDisplay.from_predictions(
        X[:7],
        {
            f"{name}\n{error(samples[key], key):.4f}": samples[key][:7]
            for name, samples in cleaned.items()
            if name != "noisy"
        },
        X_noisy=noisy[key][:7],
        image_shape=(side, side),
        ax=ax,
    )
    ax.set_title(f"{key}: cleaned, and the mean squared error of all")

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "convolutional_denoising.png"
figure.savefig(picture, dpi=120)
print(f"\npicture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
