"""
==================================================
Drawing new clothes with a variational autoencoder
==================================================

A :class:`skae.VAE` is a probabilistic PCA with curves: codes follow a normal distribution, so
that a code drawn at random decodes to a row that might have been there, and so does every code
between two others. It also gives each row a likelihood, so that odd rows can be found.
"""

# %%
# The data
# --------
# 10,000 images of clothes of 28 x 28 pixels, and 1,000 that are held out.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

from skae import VAE
from skae.datasets import load_fashion_mnist

started = perf_counter()
fashion = load_fashion_mnist()
X, X_new, y_new = fashion.data[:10_000], fashion.data[-1000:], fashion.target[-1000:]

# %%
# Fit
# ---
# Pixels lie between 0 and 1: cross-entropy is the likelihood of coins. The KL term tells how much
# each of the 10 numbers of a code says of an image.

vae = VAE(10, loss="binary_cross_entropy", max_iter=30, random_state=0).fit(X)
print(f"fit of {len(X)} images in {vae.fit_time_['total']:.0f} s, {vae.n_iter_} epochs")
print(f"held-out ELBO: {vae.score(X_new):.1f} nats an image")
print(f"importance-weighted bound: {vae.log_likelihood(X_new, 20).mean():.1f} nats")
print("nats told by each dimension:", np.round(vae.kl_, 2))

# %%
# Which images are odd?
# ---------------------
# Those with the least ELBO.

scores = vae.score_samples(X_new)
odd = X_new[np.argsort(scores)[:12]]

# %%
# From one image to another
# -------------------------

trouser, boot, shirt = (X_new[np.flatnonzero(y_new == label)[0]] for label in (1, 9, 6))
rows = {
    "samples": vae.sample(12, random_state=0),
    "more samples": vae.sample(12, random_state=1),
    "trouser to boot": vae.interpolate(trouser, boot, n_steps=12),
    "boot to shirt": vae.interpolate(boot, shirt, n_steps=12),
    "the oddest": odd,
}

# %%
# Samples, two walks, and the oddest images
# -----------------------------------------

figure, axes = plt.subplots(len(rows), 12, figsize=(12, 1.05 * len(rows)))
for row_axes, (name, images) in zip(axes, rows.items(), strict=True):
    row_axes[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for ax, image in zip(row_axes, images, strict=True):
        ax.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
figure.tight_layout(pad=0.3)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "variational.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
