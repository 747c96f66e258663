"""
=======================
Variational autoencoder
=======================

A :class:`skae.VAE` is a generative model, the nonlinear counterpart of probabilistic PCA. Its codes
have a standard normal prior: a code sampled from the prior, or interpolated between two codes,
decodes to a plausible sample. The model also bounds the likelihood of each sample (ELBO), which
serves as an anomaly score.

Without Fashion-MNIST the example uses scikit-learn's digits.
"""

# %%
# The data
# --------
# 10,000 training images and 1,000 test images of 28 x 28 pixels.

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
    names, path_classes = fashion.target_names, (1, 9, 6)
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, y = load_digits(return_X_y=True)
    X, X_new, _, y_new = train_test_split(X / 16, y, random_state=0)
    names, path_classes = [str(digit) for digit in range(10)], (1, 9, 6)
shape = (int(np.sqrt(X.shape[1])),) * 2

# %%
# Fit
# ---
# Pixels lie between 0 and 1, so the likelihood is a Bernoulli distribution (binary cross-entropy).
# The KL divergence of each latent dimension is the information, in nats, that it encodes about an
# image. A dimension with a KL divergence near 0 has collapsed to the prior (posterior collapse).

vae = VAE(10, loss="binary_cross_entropy", max_iter=30, random_state=0).fit(X)
print(f"fit of {len(X)} images in {vae.fit_time_['total']:.0f} s, {vae.n_iter_} epochs")
print(f"test ELBO: {vae.score(X_new):.1f} nats per image")
print(f"test importance-weighted bound: {vae.log_likelihood(X_new, 20).mean():.1f} nats per image")
print("KL divergence of each latent dimension (nats):", np.round(vae.kl_, 2))

# %%
# Learning curves
# ---------------
# Top: the loss. Bottom: its two terms in nats, the reconstruction error and the KL divergence.

figures = {"training": plt.figure(figsize=(6.4, 5.4), layout="constrained")}
LearningCurveDisplay.from_estimator(vae, ax=figures["training"].subplots(2))

# %%
# Generated images
# ----------------
# Images decoded from codes that are sampled from the prior. None of them is in the training set.

figures["samples"] = plt.figure(figsize=(6.4, 4.8), layout="constrained")
SampleDisplay.from_estimator(
    vae, n_samples=48, image_shape=shape, random_state=0, ax=figures["samples"].subplots()
)

# %%
# Interpolation in the latent space
# ---------------------------------
# Images decoded along the straight lines between the codes of three test images.

endpoints = [np.flatnonzero(y_new == kind)[0] for kind in path_classes]
print("interpolation:", " to ".join(names[kind] for kind in path_classes))
figures["walks"] = plt.figure(figsize=(9, 1.8), layout="constrained")
SampleDisplay.from_estimator(
    vae, X_new[endpoints], kind="path", image_shape=shape, ax=figures["walks"].subplots()
)

# %%
# Anomaly detection
# -----------------
# The test images with the lowest ELBO, and their reconstructions.

anomalies = X_new[np.argsort(vae.score_samples(X_new))[:12]]
figures["anomalies"] = plt.figure(figsize=(9.6, 1.9), layout="constrained")
ReconstructionDisplay.from_estimator(
    vae, anomalies, n_rows=12, image_shape=shape, ax=figures["anomalies"].subplots()
)

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
for name, figure in figures.items():
    figure_path = folder / f"variational_{name}.png"
    figure.savefig(figure_path, dpi=120)
    print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
