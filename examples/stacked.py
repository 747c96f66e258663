"""
==========================================
A stack of layers, and a map of its codes
==========================================

Layer upon layer an image of 784 pixels becomes 100 numbers, then 30, and is made again the same way
back. What is lost can be looked at; so can where the 30 numbers of each image lie, once t-SNE has
laid them out in a plane.

Without Fashion-MNIST the example runs on scikit-learn's digits, and says so.
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
from sklearn.neighbors import KNeighborsClassifier

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist
from skae.display import LatentDisplay, ReconstructionDisplay

started = perf_counter()


def load():
    """Samples and labels to train on, others to look at, names of the labels, widths of the stack."""
    try:
        images = load_fashion_mnist()
    except FileNotFoundError as error:
        print(f"{error}\nscikit-learn's digits are used instead.")
        X, y = load_digits(return_X_y=True)
        X, X_new, y, y_new = train_test_split(X / 16, y, random_state=0)
        return X, X_new, y, y_new, np.arange(10), (64, 10)
    X, y, names = images.data, images.target, np.array(images.target_names)
    return X[:20_000], X[-2000:], y[:20_000], y[-2000:], names, (100, 30)


X, X_new, y, y_new, names, (width, n_components) = load()
side = int(np.sqrt(X.shape[1]))
print(f"{len(X)} images to train on, {len(X_new)} others")

# %%
# The stack
# ---------
# ``hidden_layer_sizes=(100,)`` with 30 components is 784-100-30-100-784.

stacked = AutoencoderTransformer(
    n_components, hidden_layer_sizes=(width,), max_iter=15, random_state=0
).fit(X)
pca = PCA(n_components, random_state=0).fit(X)
print(f"fit: {stacked.fit_time_['total']:.0f} s, {stacked.n_iter_} epochs")

models = {"PCA": pca, "stack": stacked}
print(f"\n{'':<10}{'mean squared error':>20}{'5-NN accuracy':>16}")
for name, model in models.items():
    codes = model.transform(X_new)
    error = np.mean((model.inverse_transform(codes) - X_new) ** 2)
    neighbors = KNeighborsClassifier(5).fit(model.transform(X), y)
    print(f"{name:<10}{error:>20.5f}{neighbors.score(codes, y_new):>16.3f}")

# %%
# In a notebook the diagram of a fitted estimator leads to its documentation. Below it a table
# unfolds: layers and their shapes, parameters, epochs, the best loss on samples held out.

stacked

# %%
# What comes back
# ---------------

figures = {"reconstructions": plt.figure(figsize=(9, 2.6), layout="constrained")}
ReconstructionDisplay.from_estimator(
    models,
    X_new[:12],
    n_rows=12,
    image_shape=(side, side),
    ax=figures["reconstructions"].subplots(),
)

# %%
# Where codes lie
# ---------------
# t-SNE keeps neighbors together; distances between groups mean nothing. No label was used to make
# the codes: colors are added afterwards.

figures["codes"] = plt.figure(figsize=(9, 7), layout="constrained")
LatentDisplay.from_estimator(
    stacked,
    X_new,
    names[y_new],
    images=True,
    image_shape=(side, side),
    max_points=1500,
    random_state=0,
    ax=figures["codes"].subplots(),
)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
for name, figure in figures.items():
    picture = folder / f"stacked_{name}.png"
    figure.savefig(picture, dpi=120)
    print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
