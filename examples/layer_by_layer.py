"""
=============================
Greedy layer-wise pretraining
=============================

Deep networks of logistic units train slowly from random weights, because gradients vanish towards
the lowest layers. Greedy layer-wise pretraining [1]_ trains one pair of layers after the other,
each as an autoencoder of the codes of the pairs before it, and then fine-tunes the whole network:
``pretraining="layerwise"``.

With modern activations and PCA initialization, it is seldom needed. This example shows one case
where it helps and one where it does not.

.. [1] Hinton and Salakhutdinov (2006). Reducing the dimensionality of data with neural networks.
   Science 313, 504-507.

Without Fashion-MNIST the example uses scikit-learn's digits.
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
# Four pairs of layers, the same number of epochs
# -----------------------------------------------
# Every model trains for 16 epochs: the first jointly; the second for 2 epochs for each of the four
# pairs and 8 for the whole network. The third has the same layer sizes with the default activation
# (gelu) and PCA initialization.

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
    "joint": AutoencoderTransformer(max_iter=16, **logistic, **shared),
    "layer-wise": AutoencoderTransformer(
        pretraining="layerwise", pretraining_max_iter=2, max_iter=8, **logistic, **shared
    ),
    "gelu, PCA init": AutoencoderTransformer(max_iter=16, **shared),
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
# Discussion
# ----------
# Pretraining helps the logistic network, although its error remains above PCA's after so few
# epochs. A different activation and PCA initialization help more, and need no pretraining.

# %%
# Learning curves
# ---------------
# The loss of a pair is in the units of its own inputs, so the losses of different pairs are not
# comparable.

figure = plt.figure(figsize=(10, 7.2), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[1, 1.5])
left, right = above.subplots(1, 2)
for pair, losses in enumerate(models["layer-wise"].history_["pretraining_loss"], 1):
    left.plot(np.arange(1, len(losses) + 1), losses, "o-", label=f"pair {pair}")
left.set(xlabel="epoch of the pair", ylabel="loss of the pair", title="pretraining", xticks=[1, 2])
left.legend()
for name, model in models.items():
    losses = model.history_["loss"]
    right.plot(np.arange(17 - len(losses), 17), losses, label=name)
right.set(xlabel="epoch (16 in total)", ylabel="loss", title="whole network")
right.legend()

ReconstructionDisplay.from_predictions(
    X_new[:12],
    {name: images[:12] for name, images in X_hat.items()},
    image_shape=(side, side),
    ax=below.subplots(),
)

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "layer_by_layer.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
