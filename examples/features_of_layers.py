"""
===========================================
What each layer of a stack stands for
===========================================

Low layers look at strokes and edges, higher ones at larger things: so it is said. Three ways to
look for oneself: the weights of the first layer, the images that excite a unit most, and images
made to excite it.

Without Fashion-MNIST the example runs on scikit-learn's digits, and says so.
"""

# %%
# A stack to look into
# --------------------
# Rectified units that see images with holes: noise keeps weights from being noise themselves. A
# penalty on the weights (`alpha`) does the rest.

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
# Each hidden layer as an array
# -----------------------------
# `hidden_activations` gives what any layer makes of samples, by its name.

for layer in ("encoder.0", "encoder.1", "code", "decoder.0"):
    activations = stack.hidden_activations(X[:1000], layer)
    print(f"{layer:<11}{activations.shape[1]:>4} units, {np.mean(activations > 0):.0%} on")

# %%
# The first layer's weights
# -------------------------


def most_varied(layer):
    """Units of a layer, those first that vary most from image to image."""
    return np.argsort(-stack.hidden_activations(X[:1000], layer).std(axis=0))


figures = {"weights": plt.figure(figsize=(9, 3.8), layout="constrained")}
FeatureDisplay.from_estimator(
    stack,
    units=most_varied("encoder.0")[:60],
    image_shape=shape,
    ax=figures["weights"].subplots(),
)

# %%
# Images that excite units most, layer by layer
# ---------------------------------------------
# The units are those that vary most: each line is one unit. These are real images, so trust them
# first.

layers = ("encoder.0", "encoder.1", "code")
figures["images"] = plt.figure(figsize=(11, 3.6), layout="constrained")
for ax, layer in zip(figures["images"].subplots(1, 3), layers, strict=True):
    FeatureDisplay.from_estimator(
        stack,
        X[:5000],
        kind="top_rows",
        units=most_varied(layer)[:6],
        layer=layer,
        n_rows=6,
        image_shape=shape,
        ax=ax,
    )
    ax.set_title(layer)

# %%
# Images made to excite units
# ---------------------------
# Gradient ascent from four places each, pixels held between 0 and 1. They need not look like any
# image that there is.

figures["made"] = plt.figure(figsize=(11, 2.8), layout="constrained")
for ax, layer in zip(figures["made"].subplots(1, 3), layers, strict=True):
    FeatureDisplay.from_estimator(
        stack,
        kind="maximize",
        units=most_varied(layer)[:15],
        layer=layer,
        value_range=(0, 1),
        image_shape=shape,
        random_state=0,
        ax=ax,
    )
    ax.set_title(layer)

# %%
# What to make of it
# ------------------
# No strokes and edges here: a dense layer sees the whole of a small, centered image at once, so its
# first units stand for shoes and trousers already. Higher units are smoother, and choosier about
# shape. Windows that see a part only are what convolutions have.

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
for name, figure in figures.items():
    picture = folder / f"features_of_layers_{name}.png"
    figure.savefig(picture, dpi=120)
    print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
