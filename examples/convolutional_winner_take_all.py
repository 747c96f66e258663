"""
=========================================
Convolutional winner-take-all autoencoder
=========================================

A dense unit has fixed weights for each pixel, so it responds differently when a digit is
translated. Each feature map of a :class:`skae.ConvolutionalWinnerTakeAllAutoencoder` represents one
shape at any position. A code contains the strength of each shape in an image, independent of its
position.
"""

# %%
# Centered and translated digits
# ------------------------------
# Images of 8 x 8 pixels are placed in frames of 12 x 12 pixels: in one data set in the center, in
# the other at random positions.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from skae import ConvolutionalWinnerTakeAllAutoencoder, WinnerTakeAllAutoencoder
from skae.display import FeatureDisplay

started = perf_counter()
side = 12
X, y = load_digits(return_X_y=True)


def framed(X, positions):
    """Images of 8 x 8 pixels at positions (row, column) in frames of 12 x 12."""
    frames = np.zeros((len(X), side, side))
    for frame, image, (row, column) in zip(frames, X.reshape(-1, 8, 8), positions, strict=True):
        frame[row : row + 8, column : column + 8] = image / 16
    return frames.reshape(len(X), -1)


sets = {
    "centered": framed(X, np.full((len(X), 2), 2)),
    "translated": framed(X, np.random.default_rng(0).integers(0, side - 7, (len(X), 2))),
}

# %%
# Dense units and feature maps
# ----------------------------
# Both autoencoders are fitted without labels. The codes are evaluated by the accuracy of a
# 5-nearest-neighbors classifier on test images.

shared = {"batch_size": 128, "max_iter": 30, "early_stopping": False, "random_state": 0}
features = {
    "dense": WinnerTakeAllAutoencoder(32, hidden_layer_sizes=(), **shared),
    "convolutional": ConvolutionalWinnerTakeAllAutoencoder(
        32, image_shape=(side, side), channels=(), decoder_kernel_size=7, **shared
    ),
}
accuracy = {name: [] for name in ("pixels", *features)}
for images in sets.values():
    train, test, y_train, y_test = train_test_split(images, y, random_state=0)
    codes = {"pixels": (train, test)}
    for name, model in features.items():
        codes[name] = model.fit_transform(train), model.transform(test)
    for name, (fitted, held_out) in codes.items():
        classifier = KNeighborsClassifier(5).fit(fitted, y_train)
        accuracy[name].append(classifier.score(held_out, y_test))

print(f"{'accuracy':<15}" + "".join(f"{name:>16}" for name in sets))
for name, scores in accuracy.items():
    print(f"{name:<15}" + "".join(f"{score:>16.3f}" for score in scores))
for name, model in features.items():
    dead = len(model.dead_units_)
    print(f"{name}: fit in {model.fit_time_['total']:.1f} s, dead units: {dead} of 32")

# %%
# Discussion
# ----------
# On centered digits, positions are informative, and the convolutional codes discard them. On
# translated digits, pixels and dense units lose accuracy, and the convolutional codes retain it.

# %%
# The learned shapes
# ------------------
# Top: translated digits. Bottom: the contribution of a single entry of each feature map to an image
# (red: positive, blue: negative). The maps represent parts of strokes.

figure = plt.figure(figsize=(8, 6), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[1, 4])
for ax, image in zip(above.subplots(1, 10), sets["translated"], strict=False):
    ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
maps = features["convolutional"]
shapes = maps.inverse_transform(np.eye(32)) - maps.inverse_transform(np.zeros((1, 32)))
ax = below.subplots()
FeatureDisplay(
    shapes[:, None],
    kind="weights",
    units=np.arange(32),
    layer="decoder",
    image_shape=(side, side, 1),
).plot(ax=ax)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "convolutional_winner_take_all.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
