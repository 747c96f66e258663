"""
=============================
Autoencoder with tied weights
=============================

With ``tied_weights=True`` the decoder uses the transposed weight matrices of the encoder. This
halves the number of weights and makes each unit's encoder weights equal to its contribution to the
reconstruction. This example measures the effect on the reconstruction error.

Without Fashion-MNIST the example uses scikit-learn's digits.
"""

# %%
# The data
# --------

from pathlib import Path
from time import perf_counter

import jax
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist
from skae.display import FeatureDisplay

started = perf_counter()
try:
    images = load_fashion_mnist().data
    X, X_new, widths = images[:20_000], images[-2000:], (100, 30)
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, X_new = train_test_split(load_digits().data / 16, random_state=0)
    widths = (64, 10)
side = int(np.sqrt(X.shape[1]))

# %%
# Tied and untied weights, with many and with few samples
# -------------------------------------------------------
# The weights are initialized at random: with PCA initialization, the linear skip connection would
# explain most of what the layers learn.

width, n_components = widths
shared = {
    "n_components": n_components,
    "hidden_layer_sizes": (width,),
    "init": "random",
    "batch_size": 64,
    "early_stopping": False,
    "random_state": 0,
}
print(
    f"{'samples':<9}{'weights':<9}{'parameters':>11}{'training error':>16}{'test error':>12}"
    f"{'fit':>9}"
)
models = {}
for n_samples, max_iter in ((len(X), 12), (500, 150)):
    for name, tied in (("untied", False), ("tied", True)):
        model = AutoencoderTransformer(tied_weights=tied, max_iter=max_iter, **shared)
        model.fit(X[:n_samples])
        n_parameters = sum(leaf.size for leaf in jax.tree.leaves(model.params_))
        errors = [np.mean((model.reconstruct(part) - part) ** 2) for part in (X[:n_samples], X_new)]
        print(
            f"{n_samples:<9}{name:<9}{n_parameters:>11,}{errors[0]:>16.5f}{errors[1]:>12.5f}"
            f"{model.fit_time_['total']:>7.1f} s"
        )
        models.setdefault(name, model)

# %%
# Discussion
# ----------
# With many samples, untied weights have a slightly lower error. With few samples, untied weights
# overfit: they fit the training samples much better than other images. Tied weights, with half as
# many parameters, overfit less.

# %%
# First-layer weights
# -------------------
# Weights of the first layer of the models fitted to many samples. In an untied network, the encoder
# weights of a unit can differ from its contribution to the reconstruction; with tied weights they
# are equal.

figure = plt.figure(figsize=(10, 4.2), layout="constrained")
for part, (name, model) in zip(figure.subfigures(1, 2), models.items(), strict=True):
    ax = part.subplots()
    FeatureDisplay.from_estimator(model, units=range(40), image_shape=(side, side), ax=ax)
    ax.set_title(f"{name} weights")

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "tied_weights.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
