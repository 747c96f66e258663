"""
===================================
Convolutional denoising autoencoder
===================================

A noisy pixel can be estimated from its neighbors, and the same estimate applies everywhere in an
image. Convolutions have this locality and translation equivariance built in; dense layers must
learn them. In skae, network and objective are independent: a :class:`skae.DenoisingAutoencoder`
with ``network=Convolutional(...)`` is a convolutional denoising autoencoder. This example compares
it with the dense denoising autoencoder, PCA, and the Wiener filter (the optimal linear denoiser):
on images positioned as in training, and on translated images.

Fashion-MNIST is loaded by :func:`skae.datasets.load_fashion_mnist`; without it the example uses
scikit-learn's digits.
"""

# %%
# The data
# --------
# Gaussian noise is added to the test images. Its standard deviation is 0.7 times that of all
# pixels.

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
    """Training images and test images."""
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
print(f"{len(X_train)} training images, {len(X_test)} test images, noise std. {deviation:.2f}")


def translate(X, pixels):
    """Translate images down and to the right, and fill with zeros."""
    images = np.zeros_like(X).reshape(-1, side, side)
    images[:, pixels:, pixels:] = X.reshape(images.shape)[:, :-pixels, :-pixels]
    return images.reshape(X.shape)


clean = {"centered": X_test, "translated": translate(X_test, side // 14 or 1)}
noisy = {name: X + noise for name, X in clean.items()}

# %%
# Linear baselines
# ----------------
# The number of PCA components is chosen to minimize the test error, so the error shown is a lower
# bound for PCA. The Wiener filter uses the covariance of the clean samples and the variance of the
# noise.


def error(X_hat, name):
    """Mean squared error with respect to the clean images, centered or translated."""
    return np.mean((X_hat - clean[name]) ** 2)


def best_pca(X, name):
    """PCA reconstructions of noisy samples with the number of components of lowest error."""
    codes = pca.transform(X)
    candidates = (
        codes[:, :k] @ pca.components_[:k] + pca.mean_ for k in range(1, pca.n_components_)
    )
    return min(candidates, key=lambda X_hat: error(X_hat, name))


pca = PCA(min(120, n_features), random_state=0).fit(X_train)
mean, covariance = X_train.mean(axis=0), np.cov(X_train.T)
wiener = np.linalg.solve(covariance + deviation**2 * np.eye(n_features), covariance)
denoised = {
    "noisy": noisy,
    "PCA": {name: best_pca(X, name) for name, X in noisy.items()},
    "Wiener filter": {name: (X - mean) @ wiener + mean for name, X in noisy.items()},
}

# %%
# Two denoising autoencoders
# --------------------------
# Both use the same estimator and objective, with different networks. `noise_level` is the standard
# deviation of the noise in units of ``scale_``, the square root of the mean feature variance. The
# noise is redrawn for every sample at every step.

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
    denoised[name] = {
        key: denoiser.inverse_transform(denoiser.transform(X)) for key, X in noisy.items()
    }

# %%
# Results
# -------

print(f"\n\n{'mean squared error':<20}{'centered':>12}{'translated':>12}")
for name, images in denoised.items():
    print(f"{name:<20}" + "".join(f"{error(X, key):>12.4f}" for key, X in images.items()))

# %%
# In Fashion-MNIST all pieces of clothing are centered and upright. Dense layers learn the
# distribution of each pixel and denoise such images best. On images translated by two pixels the
# order reverses: the convolutional network is slightly better than the Wiener filter, and the dense
# network is worse than both. The convolutional network also degrades: its convolutional layers are
# translation equivariant, but the dense layer that computes the code is not.

figure = plt.figure(figsize=(12, 5), layout="constrained")
for part, (key, X) in zip(figure.subfigures(1, 2), clean.items(), strict=True):
    ax = part.subplots()
    ReconstructionDisplay.from_predictions(
        X[:7],
        {
            f"{name}\n{error(images[key], key):.4f}": images[key][:7]
            for name, images in denoised.items()
            if name != "noisy"
        },
        X_noisy=noisy[key][:7],
        image_shape=(side, side),
        ax=ax,
    )
    ax.set_title(f"{key} images, denoised, and mean squared errors")

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "convolutional_denoising.png"
figure.savefig(figure_path, dpi=120)
print(f"\nfigure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
