"""
==================================
Images read as sequences of lines
==================================

A :class:`skae.RecurrentAutoencoder` reads one step after the other, with the same weights at every
step. An image can be read so, line by line from top to bottom. It is the usual first task for
LSTM autoencoders, so this example sets one beside PCA and beside dense layers, which see all
pixels at once.

Fashion-MNIST is read by :func:`skae.datasets.load_fashion_mnist`; without it the example runs on
scikit-learn's small digits, and says so.
"""

# %%
# The data
# --------
# Samples stay flat, as scikit-learn wants them. `sequence_shape` tells that an image is 28 steps
# (its lines) of 28 features (the pixels of a line).

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer, RecurrentAutoencoder
from skae.datasets import load_fashion_mnist
from skae.display import ReconstructionDisplay

started = perf_counter()


def load():
    """Training images, held-out images, length of the code."""
    try:
        train, test = load_fashion_mnist(), load_fashion_mnist(split="test")
    except FileNotFoundError as error:
        print(f"{error}\nscikit-learn's digits are used instead, with 10 components.")
        return *train_test_split(load_digits().data / 16, random_state=0), 10
    print(f"Fashion-MNIST from {train.source}")
    return train.data[:3_000], test.data[:1_000], 30


X_train, X_test, n_components = load()
side = int(np.sqrt(X_train.shape[1]))
print(f"{len(X_train)} training images, {len(X_test)} held out, {side} lines of {side} pixels")

# %%
# Three codes of the same length
# ------------------------------
# Both autoencoders see the training samples equally often. The recurrent one has cells of 64 states:
# one reads the lines, another writes them from the code.

shared = {
    "n_components": n_components,
    "batch_size": 64,
    "max_iter": 10,
    "early_stopping": False,
    "random_state": 0,
}
models = {
    "PCA": PCA(n_components, random_state=0),
    "LSTM": RecurrentAutoencoder(sequence_shape=(side, side), hidden_sizes=(64,), **shared),
    "dense": AutoencoderTransformer(**shared),
}
print(f"\n{'':<10}{'mean squared error':>20}{'fit':>9}")
X_hat = {}
for name, model in models.items():
    start = perf_counter()
    model.fit(X_train)
    seconds = perf_counter() - start
    X_hat[name] = model.inverse_transform(model.transform(X_test))
    error = np.mean((X_hat[name] - X_test) ** 2)
    print(f"{name:<10}{error:>20.5f}{seconds:>7.1f} s")

# %%
# What it is good for
# -------------------
# The LSTM beats PCA, and dense layers beat both, in a fraction of the time: pixels of one image
# have fixed places, and nothing is gained by reading them in turn. Cells are for samples where the
# same thing may happen at any step: see the example on signals. For images, take dense layers or
# convolutions.

# %%
# Images, and the error line by line
# ----------------------------------

figure = plt.figure(figsize=(12, 4.2), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[2.3, 1])
ReconstructionDisplay.from_predictions(
    X_test[:10],
    {name: samples[:10] for name, samples in X_hat.items()},
    image_shape=(side, side),
    ax=left.subplots(),
)
ax = right.subplots()
for name, samples in X_hat.items():
    lines = ((samples - X_test) ** 2).reshape(-1, side, side).mean(axis=(0, 2))
    ax.plot(lines, np.arange(side), label=name)
ax.invert_yaxis()
ax.set(xlabel="mean squared error", ylabel="line of the image", xlim=(0, None))
ax.legend()

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "recurrent_image_rows.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
