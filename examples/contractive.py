"""
=======================
Contractive autoencoder
=======================

:class:`skae.ContractiveAutoencoder` penalizes the Frobenius norm of the encoder's Jacobian, that
is, the sensitivity of a code to its input. The codes then respond only to the few directions in
which digits vary. At each digit, these directions are the leading singular vectors of the Jacobian.
"""

# %%
# Increasing penalty
# ------------------
# All models use the same network. ``contraction`` is the weight of the penalty.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import ContractiveAutoencoder

started = perf_counter()
X_train, X_test = train_test_split(load_digits().data / 16, random_state=0)
models, spectra = {}, {}
print(f"{'contraction':<14}{'explained variance':>20}{'|J|^2 / variance':>20}{'fit':>9}")
for contraction in (0.0, 0.01, 0.1, 1.0):
    model = ContractiveAutoencoder(10, contraction=contraction, random_state=0)
    start = perf_counter()
    model.fit(X_train)
    seconds = perf_counter() - start
    variance = model.transform(X_test).var(axis=0).sum()
    jacobian = model.encoder_jacobian(X_test) / np.sqrt(variance)
    models[contraction] = model
    spectra[contraction] = np.linalg.svd(jacobian, compute_uv=False).mean(axis=0)
    squared_norm = np.square(jacobian).sum(axis=(1, 2)).mean()
    print(f"{contraction:<14}{model.score(X_test):>20.3f}{squared_norm:>20.3f}{seconds:>7.1f} s")

# %%
# Singular values and singular vectors of the Jacobian
# ----------------------------------------------------
# Left: the ten singular values of the Jacobian, divided by the standard deviation of the codes.
# Right: test digits, each followed by the three leading singular vectors of its Jacobian.

figure = plt.figure(figsize=(10, 4.6), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[1.1, 1])
ax = left.subplots()
for contraction, values in spectra.items():
    ax.plot(np.arange(1, 11), values, marker="o", label=f"contraction {contraction}")
ax.set(xlabel="singular direction", ylabel="mean singular value / std. of codes", ylim=(0, None))
ax.legend()

right.suptitle("digit and leading singular vectors")
grid = right.subplots(5, 8)
_, _, directions = np.linalg.svd(models[0.1].encoder_jacobian(X_test[:10]), full_matrices=False)
for i, axes in enumerate(grid.reshape(10, 4)):
    axes[0].imshow(X_test[i].reshape(8, 8), cmap="gray_r")
    for ax, direction in zip(axes[1:], directions[i], strict=False):
        limit = np.abs(direction).max()
        ax.imshow(direction.reshape(8, 8), cmap="RdBu_r", vmin=-limit, vmax=limit)
for ax in grid.flat:
    ax.set(xticks=[], yticks=[])

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "contractive.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
