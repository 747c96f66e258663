"""
==============================
Tied weights, and free ones
==============================

With ``tied_weights=True`` the decoder uses the encoder's matrices transposed: half of the weights,
and a reason for each unit to look at what it draws. Does it cost anything?

Without Fashion-MNIST the example runs on scikit-learn's digits, and says so.
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
# The same stack, twice, with many samples and with few
# --------------------------------------------------
# From random weights, since PCA's path would hide most of what the layers do.

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
    f"{'samples':<8}{'weights':<8}{'numbers':>10}{'training error':>16}{'on others':>12}{'fit':>9}"
)
models = {}
for n_rows, max_iter in ((len(X), 12), (500, 150)):
    for name, tied in (("free", False), ("tied", True)):
        model = AutoencoderTransformer(tied_weights=tied, max_iter=max_iter, **shared)
        model.fit(X[:n_rows])
        n_numbers = sum(leaf.size for leaf in jax.tree.leaves(model.params_))
        errors = [
            np.mean((model.reconstruct(samples) - samples) ** 2) for samples in (X[:n_rows], X_new)
        ]
        print(
            f"{n_rows:<8}{name:<8}{n_numbers:>10,}{errors[0]:>16.5f}{errors[1]:>12.5f}"
            f"{model.fit_time_['total']:>7.1f} s"
        )
        models.setdefault(name, model)

# %%
# What they cost and what they save
# ---------------------------------
# With many samples free weights fit a little better. With few samples they learn the samples by heart, which
# half as many numbers cannot do as well: tied weights lose less on other images.

# %%
# What the units look at
# ----------------------
# Weights of the first layer, of the models with many samples. A free encoder may look at anything that
# helps its decoder; a tied unit looks at what it draws.

figure = plt.figure(figsize=(10, 4.2), layout="constrained")
for part, (name, model) in zip(figure.subfigures(1, 2), models.items(), strict=True):
    ax = part.subplots()
    FeatureDisplay.from_estimator(model, units=range(40), image_shape=(side, side), ax=ax)
    ax.set_title(f"{name} weights")

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "tied_weights.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
