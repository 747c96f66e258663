"""
==================
Sparse autoencoder
==================

A sparse autoencoder can have many code units, because only a few of them are active for each
sample. The default penalty of :class:`skae.SparseAutoencoder` keeps the mean activation of each
unit near a target, here 0.1. The samples that activate a unit show what the unit represents.
"""

# %%
# Four codes with the same number of units
# ----------------------------------------
# The plain autoencoder uses all of its logistic units for every digit. The Kullback-Leibler penalty
# draws the mean activation of each unit towards 0.1; "l1" penalizes the absolute value of each code
# entry; "top_k" keeps the 8 largest entries of each code.
#
# `sparsity_weight` is the weight of the penalty. A larger weight brings the mean activation closer
# to its target: here, five times the default changes it from .16 to .11.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer, SparseAutoencoder
from skae.display import CodeHistogramDisplay, FeatureDisplay

started = perf_counter()
X = load_digits().data / 16
X_train, X_test = train_test_split(X, random_state=0)
shared = {"n_components": 48, "random_state": 0}
models = {
    "plain": AutoencoderTransformer(code_activation="logistic", init="random", **shared),
    "KL": SparseAutoencoder(penalty="kl", sparsity_target=0.1, sparsity_weight=0.05, **shared),
    "L1": SparseAutoencoder(penalty="l1", sparsity_weight=0.005, **shared),
    "top 8": SparseAutoencoder(penalty="top_k", n_active=8, **shared),
}
print(
    f"{'48 units':<10}{'explained variance':>20}{'mean code':>12}{'codes near 0':>15}"
    f"{'dead units':>13}{'fit':>9}"
)
codes = {}
for name, model in models.items():
    start = perf_counter()
    model.fit(X_train)
    seconds = perf_counter() - start
    codes[name] = model.transform(X_test)
    near_zero = np.abs(codes[name]) < 0.01 * np.quantile(np.abs(codes[name]), 0.99, axis=0)
    dead = np.sum(codes[name].std(axis=0) < 1e-3 * codes[name].std(axis=0).max())
    print(
        f"{name:<10}{model.score(X_test):>20.3f}{codes[name].mean():>12.3f}"
        f"{near_zero.mean():>15.3f}{dead:>13}{seconds:>7.1f} s"
    )

# %%
# Histograms of the codes, and the digits with the highest activations
# --------------------------------------------------------------------
# Top: the codes of test digits. Bottom: for each of eight units of the "KL" model, the training
# digits with the highest activation.

figure = plt.figure(figsize=(9, 9.3), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[1, 1])
shown = {name: codes[name] for name in ("plain", "KL", "L1")}
CodeHistogramDisplay.from_codes(shown, ax=above.subplots(2, 3))

# The units whose activations have the largest standard deviation.
units = np.argsort(-codes["KL"].std(axis=0))[:8]
FeatureDisplay.from_estimator(
    models["KL"],
    X_train,
    kind="top_rows",
    units=units,
    n_rows=16,
    image_shape=(8, 8),
    ax=below.subplots(),
)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "sparse.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
