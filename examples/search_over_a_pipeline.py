"""
====================================
A search over a whole pipeline
====================================

How samples are scaled, what reduces them, to how many numbers, and what classifies the codes: each
depends on the others, so all are searched at once. An autoencoder is one step among the rest, and
PCA a candidate for its place.
"""

# %%
# The data
# --------
# 569 tumors, 30 measurements in different units. A quarter is held out.

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from skae import AutoencoderTransformer, DenoisingAutoencoder

started = perf_counter()
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

# %%
# Steps are parameters
# --------------------
# A grid may put another estimator in the place of a step, and a list of grids keeps apart what does
# not go together: PCA knows no `noise_level`. ``max_iter`` and ``early_stopping`` are set because a
# search needs candidates, not the best fit of each: the default would choose the number of epochs
# by cross-validation inside every one of them.

short = {"max_iter": 20, "early_stopping": False, "random_state": 0}
common = {
    "scale": [StandardScaler(), QuantileTransformer(n_quantiles=100, random_state=0)],
    "reduce__n_components": [3, 10],
    "classify__C": [0.1, 1.0],
}
grids = [
    {"reduce": [PCA(), AutoencoderTransformer(**short)], **common},
    {
        "reduce": [DenoisingAutoencoder(noise="swap", **short)],
        "reduce__noise_level": [0.1, 0.3],
        **common,
    },
]

# %%
# Nothing is fitted twice
# -----------------------
# With `memory` the pipeline keeps fitted steps: both values of `C` share one autoencoder. And all
# candidates of one size share compiled programs, whatever their noise, scaling and folds.

with TemporaryDirectory() as cache:
    pipe = Pipeline(
        [
            ("scale", StandardScaler()),
            ("reduce", PCA()),
            ("classify", LogisticRegression(max_iter=2000)),
        ],
        memory=cache,
    )
    start = perf_counter()
    search = GridSearchCV(pipe, grids, cv=3).fit(X_train, y_train)
    seconds = perf_counter() - start
n_candidates = len(search.cv_results_["params"])
print(f"{n_candidates} candidates x 3 folds in {seconds:.0f} s")

# %%
# The best of each kind
# ---------------------
# Differences of a hundredth are within what folds differ by: on a table of 569 samples, of which
# classes lie well apart, PCA is hard to beat. The search says so, which is what it is for.

results = search.cv_results_
kinds = np.array([type(p["reduce"]).__name__ for p in results["params"]])
for kind in dict.fromkeys(kinds):
    best = np.flatnonzero(kinds == kind)[results["mean_test_score"][kinds == kind].argmax()]
    mean, deviation = results["mean_test_score"][best], results["std_test_score"][best]
    chosen = results["params"][best]
    print(
        f"{kind:<24}{mean:.3f} +- {deviation:.3f}   "
        f"{chosen['reduce__n_components']} numbers, {type(chosen['scale']).__name__}, "
        f"C={chosen['classify__C']}"
    )
print(f"held-out accuracy of the best: {search.score(X_test, y_test):.3f}")

# %%
# The picture
# -----------
# Of each length the best candidate of each kind.

figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
lengths = np.array([p["reduce__n_components"] for p in results["params"]])
for kind in dict.fromkeys(kinds):
    shown = sorted(set(lengths))
    best = [results["mean_test_score"][(kinds == kind) & (lengths == k)].max() for k in shown]
    ax.plot(shown, best, "o-", label=kind)
ax.set(xlabel="numbers in a code", ylabel="accuracy, mean of 3 folds", xticks=[3, 10])
ax.legend()

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "search_over_a_pipeline.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
