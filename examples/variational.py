"""
==================================================
Drawing new clothes with a variational autoencoder
==================================================

A :class:`skae.VAE` is a probabilistic PCA with curves: codes follow a normal distribution, so
that a code drawn at random decodes to a row that might have been there, and so does every code
between two others. It also gives each row a likelihood, so that odd rows can be found.

Without Fashion-MNIST the example runs on scikit-learn's digits, and says so.
"""

# %%
# The data
# --------
# 10,000 images of clothes of 28 x 28 pixels, and 1,000 that are held out.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import VAE
from skae.datasets import load_fashion_mnist
from skae.display import LearningCurveDisplay, ReconstructionDisplay, SampleDisplay

started = perf_counter()
try:
    fashion = load_fashion_mnist()
    X, X_new, y_new = fashion.data[:10_000], fashion.data[-1000:], fashion.target[-1000:]
    names, stations = fashion.target_names, (1, 9, 6)
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, y = load_digits(return_X_y=True)
    X, X_new, _, y_new = train_test_split(X / 16, y, random_state=0)
    names, stations = [str(digit) for digit in range(10)], (1, 9, 6)
shape = (int(np.sqrt(X.shape[1])),) * 2

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
# How training went
# -----------------
# The loss, and below it the two terms that it is made of: what is lost of an image, and what its
# code tells, in nats.

figures = {"training": plt.figure(figsize=(6.4, 5.4), layout="constrained")}
LearningCurveDisplay.from_estimator(vae, ax=figures["training"].subplots(2))

# %%
# New images
# ----------
# Codes drawn from the normal distribution, and what the decoder makes of them. No image is in the
# training set.

figures["samples"] = plt.figure(figsize=(6.4, 4.8), layout="constrained")
SampleDisplay.from_estimator(
    vae, n_samples=48, image_shape=shape, random_state=0, ax=figures["samples"].subplots()
)

# %%
# From one image to another
# -------------------------
# Along the straight line between their codes.

first = [np.flatnonzero(y_new == station)[0] for station in stations]
print("two walks:", " to ".join(names[station] for station in stations))
figures["walks"] = plt.figure(figsize=(9, 1.8), layout="constrained")
SampleDisplay.from_estimator(
    vae, X_new[first], kind="path", image_shape=shape, ax=figures["walks"].subplots()
)

# %%
# Which images are odd?
# ---------------------
# Those with the least ELBO: the model does not give them back.

odd = X_new[np.argsort(vae.score_samples(X_new))[:12]]
figures["oddest"] = plt.figure(figsize=(9.6, 1.9), layout="constrained")
ReconstructionDisplay.from_estimator(
    vae, odd, n_rows=12, image_shape=shape, ax=figures["oddest"].subplots()
)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
for name, figure in figures.items():
    picture = folder / f"variational_{name}.png"
    figure.savefig(picture, dpi=120)
    print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
