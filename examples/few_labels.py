"""
=======================================
A tenth of the labels, all of the samples
=======================================

Images are cheap and labels are not. :class:`skae.PretrainedClassifier` trains an autoencoder on all
images and then its encoder with a linear head on those with a label.

The exercise of the textbook: with 10 % of the labels, how near does one come to the same classifier
with all of them? And what does pretraining add?
"""

# %%
# Photographs of clothes
# ----------------------
# 20,000 images to learn from, 2,000 others to be judged by. Where Fashion-MNIST is not installed,
# scikit-learn's small digits stand in for it.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skae import DenoisingAutoencoder, PretrainedClassifier
from skae.datasets import load_fashion_mnist

started = perf_counter()
try:
    images = load_fashion_mnist()
    X, y = images.data[:20_000], images.target[:20_000]
    X_test, y_test = images.data[-2000:], images.target[-2000:]
    widths, n_components = (500,), 100
except FileNotFoundError as error:
    print(f"digits instead of Fashion-MNIST: {error}")
    X, y = load_digits(return_X_y=True)
    X, y, X_test, y_test = X[:1297], y[:1297], X[1297:], y[1297:]
    widths, n_components = (128,), 32

# %%
# Stage one, once
# ---------------
# The autoencoder sees each image with seven of ten pixels masked and must give all of them back.
# It knows no label, so it is fitted once and handed to every classifier below by ``prefit=True``.

network = {
    "n_components": n_components,
    "hidden_layer_sizes": widths,
    "init": "random",
    "code_activation": "relu",
    "random_state": 0,
}
denoiser = DenoisingAutoencoder(
    noise="masking", noise_level=0.7, learning_rate=3e-3, max_iter=15, **network
).fit(X)
print(f"stage one: {len(X)} images, {denoiser.fit_time_['total']:.0f} s")

# the same net with the weights that it began with: max_iter=0 trains nothing
untrained = DenoisingAutoencoder(max_iter=0, **network).fit(X)

# %%
# Stage two, for more and more labels
# -----------------------------------
# -1 marks images without a label. From scratch larger steps do better, for there is nothing to
# lose. With all labels there is no need to pretrain: that is the other end of the comparison.

models = {
    "pretrained": PretrainedClassifier(denoiser),
    "the same net from scratch": PretrainedClassifier(untrained, learning_rate=1e-3),
}
for model in models.values():
    model.set_params(prefit=True, n_layers=1, dropout=0.5, unlabeled=-1, random_state=0)

shares = (0.005, 0.025, 0.1)
accuracy = {name: [] for name in models}
order = np.random.default_rng(0).permutation(len(X))
print(f"{'labels':<10}" + "".join(f"{name:>28}" for name in models))
for share in shares:
    known = order[: int(share * len(X))]
    labels = np.full(len(y), -1)
    labels[known] = y[known]
    for name, model in models.items():
        accuracy[name].append(model.fit(X, labels).score(X_test, y_test))
    print(f"{share:<10.1%}" + "".join(f"{values[-1]:>28.3f}" for values in accuracy.values()))

few = accuracy["pretrained"][-1]
every = models["the same net from scratch"].fit(X, y).score(X_test, y_test)
print(f"{'all':<10}{'':>28}{every:>28.3f}")
print(f"a tenth of the labels gives {few / every:.1%} of the accuracy that all of them give")

# %%
# The picture
# -----------

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
counts = [int(share * len(X)) for share in shares]
for name, values in accuracy.items():
    ax.semilogx(counts, values, "o-", label=name)
ax.axhline(every, color="0.5", linestyle="--", label=f"from scratch, all {len(X):,} labels")
ax.set(xlabel="labeled images", ylabel="accuracy on other images", xticks=counts)
ax.set_xticklabels([f"{count:,}" for count in counts])
ax.minorticks_off()
ax.legend()

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "few_labels.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
