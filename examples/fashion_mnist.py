"""
==================================
Image compression on Fashion-MNIST
==================================

PCA and an autoencoder both compress Fashion-MNIST images of 784 pixels to 30 components. This
example compares their reconstruction errors on test images.

Fashion-MNIST is loaded by :func:`skae.datasets.load_fashion_mnist`; without it the example uses
scikit-learn's digits. No internet connection is needed.
"""

# %%
# The data
# --------

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist


def load():
    """Training images, test images, number of components."""
    try:
        train, test = load_fashion_mnist(), load_fashion_mnist(split="test")
    except FileNotFoundError as error:
        print(f"{error}\nscikit-learn's digits are used instead, with 10 components.")
        return *train_test_split(load_digits().data / 16, random_state=0), 10
    print(f"Fashion-MNIST from {train.source}")
    return train.data, test.data, 30


X_train, X_test, n_components = load()
print(f"{len(X_train)} training images, {len(X_test)} test images, {X_train.shape[1]} pixels each")

# %%
# Fit and test error
# ------------------
# Both models use the default parameters, except for the number of components.

models = {
    "PCA": PCA(n_components, random_state=0),
    "autoencoder": AutoencoderTransformer(n_components, random_state=0),
}
reconstructions = {}
print(f"\n{'':<14}{'mean squared error':>20}{'fit':>9}")
for name, model in models.items():
    start = perf_counter()
    model.fit(X_train)
    seconds = perf_counter() - start
    reconstructions[name] = model.inverse_transform(model.transform(X_test))
    error = np.mean((X_test - reconstructions[name]) ** 2)
    print(f"{name:<14}{error:>20.5f}{seconds:>7.1f} s")

# %%
# Originals and reconstructions
# -----------------------------

n_shown = 10
side = int(np.sqrt(X_test.shape[1]))
rows = {"original": X_test, **reconstructions}
figure, axes = plt.subplots(len(rows), n_shown, figsize=(n_shown, len(rows)))
for row_axes, (name, images) in zip(axes, rows.items(), strict=True):
    row_axes[0].set_ylabel(name)
    for ax, image in zip(row_axes, images, strict=False):
        ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
figure.tight_layout(pad=0.3)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "fashion_mnist.png"
figure.savefig(figure_path, dpi=120)
print(f"\nfigure: {figure_path}")
