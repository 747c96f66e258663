"""
====================================
A flower as one number, and back
====================================

Four measurements of a flower squeezed to a single number, and four measurements made of it again.
PCA has a straight line to put flowers on; an autoencoder has a curve. The set is small enough to
look at every number.
"""

# %%
# The data
# --------
# 150 irises, four lengths in centimeters. A quarter is held out. With so few samples the autoencoder
# chooses its number of epochs by cross-validation, inside ``fit``.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer

started = perf_counter()
iris = load_iris()
X_train, X_test, y_train, y_test = train_test_split(
    iris.data, iris.target, test_size=0.25, random_state=0, stratify=iris.target
)
models = {"PCA": PCA(1), "autoencoder": AutoencoderTransformer(1, random_state=0)}

# %%
# What comes back
# ---------------
# In centimeters: the root mean squared error of each measurement of the held-out flowers.

X_back = {}
print(f"{'cm':<14}" + "".join(f"{name.removesuffix(' (cm)'):>15}" for name in iris.feature_names))
for name, model in models.items():
    model.fit(X_train)
    X_back[name] = model.inverse_transform(model.transform(X_test))
    errors = np.sqrt(np.mean((X_back[name] - X_test) ** 2, axis=0))
    print(f"{name:<14}" + "".join(f"{error:>15.2f}" for error in errors))
total = {name: np.mean((samples - X_test) ** 2) for name, samples in X_back.items()}
print(f"squared error of the autoencoder over PCA's: {total['autoencoder'] / total['PCA']:.2f}")

# %%
# Some flowers, one by one
# ------------------------

codes = models["autoencoder"].transform(X_test).ravel()
print(f"\n{'':<12}{'measured':<26}{'code':>7}   made of the code")
for kind in range(3):
    for i in np.flatnonzero(y_test == kind)[:2]:
        measured = "  ".join(f"{value:4.1f}" for value in X_test[i])
        made = "  ".join(f"{value:4.1f}" for value in X_back["autoencoder"][i])
        print(f"{iris.target_names[kind]:<12}{measured:<26}{codes[i]:>7.2f}   {made}")

# %%
# A line and a curve
# ------------------
# Two of the four measurements, with what the codes decode to as they run from the least to the
# greatest. On the right the code of each held-out flower: the number was made without knowing the
# kinds, and tells most of them.

figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
for ax, (a, b) in zip(axes, ((2, 3), (0, 1)), strict=False):
    ax.scatter(X_test[:, a], X_test[:, b], c=y_test, s=14)
    for name, model in models.items():
        reached = model.transform(X_train)
        along = np.linspace(reached.min(), reached.max(), 200)[:, None]
        ax.plot(*model.inverse_transform(along)[:, [a, b]].T, label=name)
    ax.set(xlabel=iris.feature_names[a], ylabel=iris.feature_names[b])
axes[0].legend()
for kind, name in enumerate(iris.target_names):
    of_kind = codes[y_test == kind]
    color = plt.colormaps["viridis"](kind / 2)  # as on the left
    axes[2].scatter(of_kind, np.full(len(of_kind), name), s=30, alpha=0.6, color=color)
axes[2].set(xlabel="the one number")

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "iris_one_number.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
