"""
=================================================
Visualizing the features learned by hidden layers
=================================================

Low layers of a deep network are often said to detect strokes and edges, and higher layers larger
structures. This example shows three ways to inspect the features of an autoencoder: the weights of
the first layer, the training images with the highest activation of a unit, and synthetic images
that maximize the activation.

Without Fashion-MNIST the example uses scikit-learn's digits.
"""

# %%
# Deep denoising autoencoder
# --------------------------
# The units are rectified linear, and the training images are masked at random. The noise and the
# L2 penalty on the weights (`alpha`) make the weights smooth.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skae import DenoisingAutoencoder
from skae.datasets import load_fashion_mnist
from skae.display import FeatureDisplay

started = perf_counter()
try:
    X, hidden, n_components = load_fashion_mnist().data[:15_000], (200, 100), 32
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, hidden, n_components = load_digits().data / 16, (64, 48), 16
shape = (int(np.sqrt(X.shape[1])),) * 2

stack = DenoisingAutoencoder(
    n_components,
    noise="masking",
    noise_level=0.4,
    hidden_layer_sizes=hidden,
    activation="relu",
    code_activation="relu",
    init="random",
    alpha=1e-4,
    max_iter=12,
    early_stopping=False,
    random_state=0,
).fit(X)
print(f"fit of {len(X)} images: {stack.fit_time_['total']:.0f} s")

# %%
# Activations of hidden layers
# ----------------------------
# `hidden_activations` returns the activations of a layer, selected by name.

for layer in ("encoder.0", "encoder.1", "code", "decoder.0"):
    activations = stack.hidden_activations(X[:1000], layer)
    print(f"{layer:<11}{activations.shape[1]:>4} units, {np.mean(activations > 0):.0%} active")

# %%
# Weights of the first layer
# --------------------------


def by_variation(layer):
    """Units of a layer in decreasing order of the standard deviation of their activations."""
    return np.argsort(-stack.hidden_activations(X[:1000], layer).std(axis=0))


figures = {"weights": plt.figure(figsize=(9, 3.8), layout="constrained")}
FeatureDisplay.from_estimator(
    stack,
    units=by_variation("encoder.0")[:60],
    image_shape=shape,
    ax=figures["weights"].subplots(),
)

# %%
# Images with the highest activation
# ----------------------------------
# Each row belongs to one unit; the units with the largest variation are shown. These are real
# images and therefore the most reliable of the three visualizations.

layers = ("encoder.0", "encoder.1", "code")
figures["images"] = plt.figure(figsize=(11, 3.6), layout="constrained")
for ax, layer in zip(figures["images"].subplots(1, 3), layers, strict=True):
    FeatureDisplay.from_estimator(
        stack,
        X[:5000],
        kind="top_rows",
        units=by_variation(layer)[:6],
        layer=layer,
        n_rows=6,
        image_shape=shape,
        ax=ax,
    )
    ax.set_title(layer)

# %%
# Activation maximization
# -----------------------
# Each image is computed by gradient ascent from four initial images, with pixels constrained to
# [0, 1]. The images need not resemble any training image.

figures["made"] = plt.figure(figsize=(11, 2.8), layout="constrained")
for ax, layer in zip(figures["made"].subplots(1, 3), layers, strict=True):
    FeatureDisplay.from_estimator(
        stack,
        kind="maximize",
        units=by_variation(layer)[:15],
        layer=layer,
        value_range=(0, 1),
        image_shape=shape,
        random_state=0,
        ax=ax,
    )
    ax.set_title(layer)

# %%
# Discussion
# ----------
# No strokes or edges appear here. Each unit of a dense layer is connected to the whole of a small,
# centered image, so the units of the first layer already represent shoes and trousers. The features
# of higher layers are smoother and more selective for shape. Local features require layers with a
# local receptive field, such as convolutions.

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
for name, figure in figures.items():
    figure_path = folder / f"features_of_layers_{name}.png"
    figure.savefig(figure_path, dpi=120)
    print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
