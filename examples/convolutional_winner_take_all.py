"""
===========================================
Strokes, wherever they stand
===========================================

A dense unit looks at fixed pixels, so a digit that stands elsewhere is another digit to it. Each
map of a :class:`skae.ConvolutionalWinnerTakeAllAutoencoder` stands for one shape that it may place
anywhere, and a code says how much of each shape there is in an image, not where.
"""

# %%
# Digits in their place, and digits anywhere
# ------------------------------------------
# 8 x 8 pixels in a frame of 12 x 12: once all in the middle, once each where chance puts it.

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


def framed(X, places):
    """Images of 8 x 8 pixels at places (line, column) in frames of 12 x 12."""
    frames = np.zeros((len(X), side, side))
    for frame, image, (line, column) in zip(frames, X.reshape(-1, 8, 8), places, strict=True):
        frame[line : line + 8, column : column + 8] = image / 16
    return frames.reshape(len(X), -1)


sets = {
    "in the middle": framed(X, np.full((len(X), 2), 2)),
    "anywhere": framed(X, np.random.default_rng(0).integers(0, side - 7, (len(X), 2))),
}

# %%
# Dense units and maps
# --------------------
# No label is used to make codes. They are judged by five nearest neighbors, on images held out.

shared = {"batch_size": 128, "max_iter": 30, "early_stopping": False, "random_state": 0}
features = {
    "dense": WinnerTakeAllAutoencoder(32, hidden_layer_sizes=(), **shared),
    "maps": ConvolutionalWinnerTakeAllAutoencoder(
        32, image_shape=(side, side), channels=(), decoder_kernel_size=7, **shared
    ),
}
accuracy = {name: [] for name in ("pixels", *features)}
for images in sets.values():
    train, test, y_train, y_test = train_test_split(images, y, random_state=0)
    codes = {"pixels": (train, test)}
    for name, model in features.items():
        codes[name] = model.fit_transform(train), model.transform(test)
    for name, (learn, judge) in codes.items():
        accuracy[name].append(KNeighborsClassifier(5).fit(learn, y_train).score(judge, y_test))

print(f"{'accuracy':<10}" + "".join(f"{name:>16}" for name in sets))
for name, scores in accuracy.items():
    print(f"{name:<10}" + "".join(f"{score:>16.3f}" for score in scores))
for name, model in features.items():
    dead = len(model.dead_units_)
    print(f"{name}: fit in {model.fit_time_['total']:.1f} s, dead units: {dead} of 32")

# %%
# What each is good for
# ---------------------
# Where digits stand in their place, places tell much, and maps give them away. Where they stand
# anywhere, pixels and dense units lose what maps keep.

# %%
# The shapes that maps place
# --------------------------
# Above, digits anywhere. Below, what one cell of each map adds to an image (red) and takes away
# (blue): pieces of strokes, which can be put wherever they are needed.

figure = plt.figure(figsize=(8, 6), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[1, 4])
for ax, image in zip(above.subplots(1, 10), sets["anywhere"], strict=False):
    ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
maps = features["maps"]
shapes = maps.inverse_transform(np.eye(32)) - maps.inverse_transform(np.zeros((1, 32)))
ax = below.subplots()
FeatureDisplay(
    shapes[:, None],
    kind="weights",
    units=np.arange(32),
    layer="the decoder",
    image_shape=(side, side, 1),
).plot(ax=ax)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "convolutional_winner_take_all.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
