"""
================================================
Stacked autoencoder and a t-SNE map of its codes
================================================

A stacked (deep) autoencoder reduces an image of 784 pixels to 100 hidden units and then to a code
of 30 components; the decoder mirrors these layers. This example shows the reconstructions, and a
visualization of the latent space by t-SNE.

Without Fashion-MNIST the example uses scikit-learn's digits.
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
    """Training and test samples with their labels, label names, and the sizes of the layers."""
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
print(f"{len(X)} training images, {len(X_new)} test images")

# %%
# The network
# -----------
# ``hidden_layer_sizes=(100,)`` with 30 components defines a 784-100-30-100-784 network.

stacked = AutoencoderTransformer(
    n_components, hidden_layer_sizes=(width,), max_iter=15, random_state=0
).fit(X)
pca = PCA(n_components, random_state=0).fit(X)
print(f"fit: {stacked.fit_time_['total']:.0f} s, {stacked.n_iter_} epochs")

models = {"PCA": pca, "stacked": stacked}
print(f"\n{'':<10}{'mean squared error':>20}{'5-NN accuracy':>16}")
for name, model in models.items():
    codes = model.transform(X_new)
    error = np.mean((model.inverse_transform(codes) - X_new) ** 2)
    neighbors = KNeighborsClassifier(5).fit(model.transform(X), y)
    print(f"{name:<10}{error:>20.5f}{neighbors.score(codes, y_new):>16.3f}")

# %%
# In a notebook, the diagram of a fitted estimator links to its documentation. An expandable table
# lists the layers and their shapes, the parameters, the epochs and the best validation loss.

stacked

# %%
# Reconstructions
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
# Latent space
# ------------
# t-SNE preserves neighborhoods; distances between clusters are not meaningful. The codes are
# computed without labels, which only color the points.

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

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
for name, figure in figures.items():
    figure_path = folder / f"stacked_{name}.png"
    figure.savefig(figure_path, dpi=120)
    print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
