"""
==========================================
One-dimensional embedding of the iris data
==========================================

This example encodes four measurements of a flower as a single number and reconstructs them from it.
PCA projects the flowers onto a straight line; an autoencoder fits a curve. The data set is small
enough to inspect every number.
"""

# %%
# The data
# --------
# 150 irises with four lengths in centimeters. A quarter is held out. With so few samples, ``fit``
# chooses the number of epochs by cross-validation.

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
# Reconstruction error
# --------------------
# The root mean squared error of each measurement on the test set, in centimeters.

X_back = {}
print(f"{'cm':<14}" + "".join(f"{name.removesuffix(' (cm)'):>15}" for name in iris.feature_names))
for name, model in models.items():
    model.fit(X_train)
    X_back[name] = model.inverse_transform(model.transform(X_test))
    errors = np.sqrt(np.mean((X_back[name] - X_test) ** 2, axis=0))
    print(f"{name:<14}" + "".join(f"{error:>15.2f}" for error in errors))
total = {name: np.mean((X_hat - X_test) ** 2) for name, X_hat in X_back.items()}
print(f"mean squared error, autoencoder / PCA: {total['autoencoder'] / total['PCA']:.2f}")

# %%
# Codes and reconstructions of single flowers
# -------------------------------------------

codes = models["autoencoder"].transform(X_test).ravel()
print(f"\n{'':<12}{'measurements':<26}{'code':>7}   reconstruction")
for kind in range(3):
    for i in np.flatnonzero(y_test == kind)[:2]:
        measured = "  ".join(f"{value:4.1f}" for value in X_test[i])
        rebuilt = "  ".join(f"{value:4.1f}" for value in X_back["autoencoder"][i])
        print(f"{iris.target_names[kind]:<12}{measured:<26}{codes[i]:>7.2f}   {rebuilt}")

# %%
# Line and curve
# --------------
# Left and center: two of the four measurements, with the line (PCA) and the curve (autoencoder) of
# all reconstructions. Right: the code of each test flower. The species are not used for training,
# and the single code separates most of them.

figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
for ax, (a, b) in zip(axes, ((2, 3), (0, 1)), strict=False):
    ax.scatter(X_test[:, a], X_test[:, b], c=y_test, s=14)
    for name, model in models.items():
        train_codes = model.transform(X_train)
        grid = np.linspace(train_codes.min(), train_codes.max(), 200)[:, None]
        ax.plot(*model.inverse_transform(grid)[:, [a, b]].T, label=name)
    ax.set(xlabel=iris.feature_names[a], ylabel=iris.feature_names[b])
axes[0].legend()
for kind, name in enumerate(iris.target_names):
    of_kind = codes[y_test == kind]
    color = plt.colormaps["viridis"](kind / 2)  # the color of this species in the other panels
    axes[2].scatter(of_kind, np.full(len(of_kind), name), s=30, alpha=0.6, color=color)
axes[2].set(xlabel="code")

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "iris_one_number.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
