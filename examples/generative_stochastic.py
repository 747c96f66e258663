"""
======================================
New digits from noise
======================================

A :class:`skae.GenerativeStochasticNetwork` draws new rows by a Markov chain: damage a row, rebuild
it, damage it again. This example starts chains from noise and watches digits come out, then asks
whether the samples pass for held-out digits, and whether they are copies of training digits.
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
# Train, and run the chains
# -------------------------
# The chains run side by side. The path holds all of their states.

network = GenerativeStochasticNetwork(
    16, hidden_layer_sizes=(512,), max_iter=100, random_state=0
).fit(X_train)
path = network.sample(450, n_steps=150, random_state=0, return_path=True)
samples = path[-1]

# %%
# Do they pass?
# -------------
# A sample or a held-out digit is looked up by its nearest neighbor among all others. If that tells
# the two kinds apart in half of the cases, they cannot be told apart. Beside it, a normal
# distribution with the covariance of 16 principal components and the rest's variance.


def told_apart(made):
    """Accuracy of the nearest neighbor in telling made rows from held-out ones."""
    both = np.concatenate([made, X_test])
    is_made = np.arange(len(both)) < len(made)
    nearest = NearestNeighbors(n_neighbors=2).fit(both).kneighbors(both)[1][:, 1]
    return np.mean(is_made[nearest] == is_made)


def distance_to_training(rows):
    """Median distance to the nearest training row."""
    return np.median(NearestNeighbors(n_neighbors=1).fit(X_train).kneighbors(rows)[0])


pca = PCA(16).fit(X_train)
normal = np.random.default_rng(0).multivariate_normal(pca.mean_, pca.get_covariance(), 450)
held_out = distance_to_training(X_test)
print(f"{'':<24}{'told apart':>12}{'distance to training':>24}")
for name, rows in {"normal distribution": normal, "chain": samples}.items():
    ratio = distance_to_training(rows) / held_out
    print(f"{name:<24}{told_apart(rows):>12.3f}{ratio:>16.2f} x held-out")

# %%
# Chains on their way from noise, and the nearest training digit of each end
# --------------------------------------------------------------------------

shown, steps = 14, (0, 1, 2, 5, 10, 50, 150)
nearest = NearestNeighbors(n_neighbors=1).fit(X_train).kneighbors(samples[:shown])[1][:, 0]
lines = {f"step {step}": path[step] for step in steps}
lines["nearest"] = X_train[nearest]
figure, axes = plt.subplots(len(lines), shown, figsize=(shown, 1.05 * len(lines)))
for sample_axes, (name, images) in zip(axes, lines.items(), strict=True):
    sample_axes[0].set_ylabel(name)
    for ax, image in zip(sample_axes, images, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
figure.tight_layout(pad=0.3)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "generative_stochastic.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
