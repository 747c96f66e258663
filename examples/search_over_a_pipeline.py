"""
====================================
Grid search over a complete pipeline
====================================

The best scaling, dimensionality reduction, number of components and regularization of the
classifier depend on each other, so this example tunes them jointly by grid search. The autoencoder
is one step of the pipeline, and PCA is an alternative for the same step.
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
# Steps as parameters
# -------------------
# A parameter grid can replace a step by another estimator. A list of grids separates parameters
# that not every estimator has: PCA has no `noise_level`. ``max_iter`` and ``early_stopping`` are
# set to shorten the search: by default, each fit on so few samples would choose the number of
# epochs by cross-validation.

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
# Caching fitted steps
# --------------------
# With `memory` the pipeline caches fitted steps, so both values of `C` reuse the same fitted
# autoencoder. All candidates with the same number of components also share compiled programs,
# independent of noise level, scaling and fold.

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
# Best candidate of each estimator
# --------------------------------
# Differences of 0.01 are within the variation between folds. On a table of 569 samples with well
# separated classes, an autoencoder does not improve on PCA, and the search shows this.

results = search.cv_results_
kinds = np.array([type(p["reduce"]).__name__ for p in results["params"]])
for kind in dict.fromkeys(kinds):
    best = np.flatnonzero(kinds == kind)[results["mean_test_score"][kinds == kind].argmax()]
    mean, deviation = results["mean_test_score"][best], results["std_test_score"][best]
    chosen = results["params"][best]
    print(
        f"{kind:<24}{mean:.3f} +- {deviation:.3f}   "
        f"{chosen['reduce__n_components']} components, {type(chosen['scale']).__name__}, "
        f"C={chosen['classify__C']}"
    )
print(f"test accuracy of the best candidate: {search.score(X_test, y_test):.3f}")

# %%
# Plot
# ----
# The best candidate of each estimator for each number of components.

figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
sizes = np.array([p["reduce__n_components"] for p in results["params"]])
for kind in dict.fromkeys(kinds):
    shown = sorted(set(sizes))
    best = [results["mean_test_score"][(kinds == kind) & (sizes == k)].max() for k in shown]
    ax.plot(shown, best, "o-", label=kind)
ax.set(xlabel="n_components", ylabel="accuracy (mean of 3 folds)", xticks=[3, 10])
ax.legend()

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "search_over_a_pipeline.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
