"""
===================================
One autoencoder at a time
===================================

Deep stacks of logistic layers hardly learn from random weights: what reaches the lowest layers from
above is small. The cure of 2006 was to train one pair of layers after the other, each as an
autoencoder of its own on what the trained ones below give, and the whole stack at the end [1]_:
``pretraining="layerwise"``.

With today's activations and a start at PCA it is seldom needed. This example shows where it is, and
where it is not.

.. [1] Hinton and Salakhutdinov (2006). Reducing the dimensionality of data with neural networks.
   Science 313, 504-507.

Without Fashion-MNIST the example runs on scikit-learn's digits, and says so.
"""

# %%
# The data
# --------

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist
from skae.display import ReconstructionDisplay

started = perf_counter()
try:
    images = load_fashion_mnist().data
    X, X_new, hidden, n_components = images[:6_000], images[-2000:], (256, 128, 64), 30
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, X_new = train_test_split(load_digits().data / 16, random_state=0)
    hidden, n_components = (64, 48, 32), 10
side = int(np.sqrt(X.shape[1]))

# %%
# Four pairs of layers, as many epochs each way
# ---------------------------------------------
# 16 epochs in all: at once; or 2 for each of the four pairs and 8 for the stack. The third has the
# same sizes with gelu and the start at PCA, which are the defaults.

shared = {
    "n_components": n_components,
    "hidden_layer_sizes": hidden,
    "batch_size": 64,
    "early_stopping": False,
    "random_state": 0,
}
logistic = {
    "activation": "logistic",
    "code_activation": "logistic",
    "init": "random",
    "learning_rate": 3e-3,
}
models = {
    "at once": AutoencoderTransformer(max_iter=16, **logistic, **shared),
    "layer by layer": AutoencoderTransformer(
        pretraining="layerwise", pretraining_max_iter=2, max_iter=8, **logistic, **shared
    ),
    "gelu, from PCA": AutoencoderTransformer(max_iter=16, **shared),
}
pca = PCA(n_components, random_state=0).fit(X)
X_hat = {"PCA": pca.inverse_transform(pca.transform(X_new))}
print(f"{'':<16}{'mean squared error':>20}{'fit':>9}")
print(f"{'PCA':<16}{np.mean((X_hat['PCA'] - X_new) ** 2):>20.5f}")
for name, model in models.items():
    X_hat[name] = model.fit(X).reconstruct(X_new)
    seconds = model.fit_time_["total"]
    print(f"{name:<16}{np.mean((X_hat[name] - X_new) ** 2):>20.5f}{seconds:>7.1f} s")

# %%
# What to make of it
# ------------------
# Pretraining helps the logistic stack, which stays behind PCA all the same in so few epochs.
# Another activation and a better start help more, and need no second stage.

# %%
# How the losses fell
# -------------------
# Each pair's loss is in units of what it rebuilds, so pairs cannot be compared with each other.

figure = plt.figure(figsize=(10, 7.2), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[1, 1.5])
left, right = above.subplots(1, 2)
for pair, losses in enumerate(models["layer by layer"].history_["pretraining_loss"], 1):
    left.plot(np.arange(1, len(losses) + 1), losses, "o-", label=f"pair {pair}")
left.set(xlabel="epoch of the pair", ylabel="its loss", title="one pair at a time", xticks=[1, 2])
left.legend()
for name, model in models.items():
    losses = model.history_["loss"]
    right.plot(np.arange(17 - len(losses), 17), losses, label=name)
right.set(xlabel="epoch, of 16 in all", ylabel="loss", title="the whole stack")
right.legend()

ReconstructionDisplay.from_predictions(
    X_new[:12],
    {name: samples[:12] for name, samples in X_hat.items()},
    image_shape=(side, side),
    ax=below.subplots(),
)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "layer_by_layer.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
