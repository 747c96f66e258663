"""
==============================================
Semi-supervised classification with few labels
==============================================

Images are often abundant and labels scarce. :class:`skae.PretrainedClassifier` trains an
autoencoder on all images (pretraining) and then trains its encoder and a linear classification head
on the labeled images (fine-tuning).

This example compares a classifier trained with 10 % of the labels to the same classifier trained
with all labels, and measures the benefit of pretraining.
"""

# %%
# The data
# --------
# 20,000 training images and 2,000 test images of Fashion-MNIST. If Fashion-MNIST is not installed,
# scikit-learn's digits are used instead.

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
# Pretraining
# -----------
# The autoencoder is trained to reconstruct images from input in which 70 % of the pixels are
# masked. Pretraining uses no labels. It is therefore done once, and ``prefit=True`` reuses the
# fitted autoencoder in every classifier below.

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
print(f"pretraining: {len(X)} images, {denoiser.fit_time_['total']:.0f} s")

# With max_iter=0 the network keeps its initial weights.
untrained = DenoisingAutoencoder(max_iter=0, **network).fit(X)

# %%
# Fine-tuning with an increasing number of labels
# -----------------------------------------------
# The label -1 marks unlabeled images. Training from scratch uses a higher learning rate, because
# there are no pretrained weights to preserve. The classifier trained from scratch with all labels
# is the upper reference.

models = {
    "pretrained": PretrainedClassifier(denoiser),
    "from scratch": PretrainedClassifier(untrained, learning_rate=1e-3),
}
for model in models.values():
    model.set_params(prefit=True, n_layers=1, dropout=0.5, unlabeled=-1, random_state=0)

shares = (0.005, 0.025, 0.1)
accuracy = {name: [] for name in models}
order = np.random.default_rng(0).permutation(len(X))
print(f"{'labels':<10}" + "".join(f"{name:>16}" for name in models))
for share in shares:
    labeled = order[: int(share * len(X))]
    labels = np.full(len(y), -1)
    labels[labeled] = y[labeled]
    for name, model in models.items():
        accuracy[name].append(model.fit(X, labels).score(X_test, y_test))
    print(f"{share:<10.1%}" + "".join(f"{values[-1]:>16.3f}" for values in accuracy.values()))

few = accuracy["pretrained"][-1]
every = models["from scratch"].fit(X, y).score(X_test, y_test)
print(f"{'all':<10}{'':>16}{every:>16.3f}")
print(f"accuracy with 10 % of the labels, relative to that with all labels: {few / every:.1%}")

# %%
# Plot
# ----

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
counts = [int(share * len(X)) for share in shares]
for name, values in accuracy.items():
    ax.semilogx(counts, values, "o-", label=name)
ax.axhline(every, color="0.5", linestyle="--", label=f"from scratch, all {len(X):,} labels")
ax.set(xlabel="labeled images", ylabel="test accuracy", xticks=counts)
ax.set_xticklabels([f"{count:,}" for count in counts])
ax.minorticks_off()
ax.legend()

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "few_labels.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
