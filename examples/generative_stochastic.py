"""
=============================
Generative stochastic network
=============================

A :class:`skae.GenerativeStochasticNetwork` generates new samples by a Markov chain that alternately
corrupts and reconstructs a sample. This example starts the chains from noise, and then measures
whether the generated digits can be distinguished from held-out digits, and whether they are copies
of training digits.
"""

# %%
# The data
# --------
# 1,797 images of 8 x 8 pixels; 450 are held out.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from skae import GenerativeStochasticNetwork

started = perf_counter()
X, _ = load_digits(return_X_y=True)
X_train, X_test = train_test_split(X, test_size=450, random_state=0)

# %%
# Training and sampling
# ---------------------
# All chains run in parallel. ``return_path=True`` returns the states of the chains at every step.

network = GenerativeStochasticNetwork(
    16, hidden_layer_sizes=(512,), max_iter=100, random_state=0
).fit(X_train)
path = network.sample(450, n_steps=150, random_state=0, return_path=True)
samples = path[-1]

# %%
# Evaluation
# ----------
# A nearest-neighbor classifier predicts whether a digit is generated or held out (two-sample test,
# leave-one-out). An accuracy of 0.5 means that the two cannot be distinguished. The baseline is a
# Gaussian distribution with the covariance of probabilistic PCA with 16 components.


def two_sample_accuracy(generated):
    """Leave-one-out accuracy of a 1-NN classifier: generated or held-out digit."""
    both = np.concatenate([generated, X_test])
    is_generated = np.arange(len(both)) < len(generated)
    nearest = NearestNeighbors(n_neighbors=2).fit(both).kneighbors(both)[1][:, 1]
    return np.mean(is_generated[nearest] == is_generated)


def distance_to_training(X):
    """Median distance to the nearest training sample."""
    return np.median(NearestNeighbors(n_neighbors=1).fit(X_train).kneighbors(X)[0])


pca = PCA(16).fit(X_train)
gaussian = np.random.default_rng(0).multivariate_normal(pca.mean_, pca.get_covariance(), 450)
held_out = distance_to_training(X_test)
print(f"{'':<16}{'1-NN accuracy':>16}{'distance to training set / held-out':>38}")
for name, generated in {"Gaussian": gaussian, "Markov chain": samples}.items():
    ratio = distance_to_training(generated) / held_out
    print(f"{name:<16}{two_sample_accuracy(generated):>16.3f}{ratio:>38.2f}")

# %%
# States of the chains, and the training digit nearest to each final state
# ------------------------------------------------------------------------

shown, steps = 14, (0, 1, 2, 5, 10, 50, 150)
nearest = NearestNeighbors(n_neighbors=1).fit(X_train).kneighbors(samples[:shown])[1][:, 0]
rows = {f"step {step}": path[step] for step in steps}
rows["nearest"] = X_train[nearest]
figure, axes = plt.subplots(len(rows), shown, figsize=(shown, 1.05 * len(rows)))
for row_axes, (name, images) in zip(axes, rows.items(), strict=True):
    row_axes[0].set_ylabel(name)
    for ax, image in zip(row_axes, images, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
figure.tight_layout(pad=0.3)

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "generative_stochastic.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
