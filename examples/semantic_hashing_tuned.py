"""
===========================================
Tuning semantic hashing by cross-validation
===========================================

The training loss of a :class:`skae.SemanticHasher` does not measure retrieval quality, so neither
does its `score`. If some labels are available, use a retrieval metric instead: mean average
precision measures whether similar codes have the same class. It serves as a scorer in a grid
search.

Without Fashion-MNIST the example uses scikit-learn's digits.
"""

# %%
# The data
# --------
# A training set for tuning, and a test set of queries that is used only for the final evaluation.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from skae import SemanticHasher
from skae.datasets import load_fashion_mnist
from skae.hashing import hash_purity_score, mean_average_precision

started = perf_counter()
try:
    images = load_fashion_mnist()
    X, y = images.data[:3000], images.target[:3000]
    queries, y_queries = images.data[-1000:], images.target[-1000:]
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, y = load_digits(return_X_y=True)
    X, queries, y, y_queries = train_test_split(X / 16, y, random_state=0)

# %%
# A retrieval metric as scorer
# ----------------------------
# The scorer computes the mean average precision of each held-out sample as a query against the
# other held-out samples. Fitting uses no labels; only the scorer does. The explained variance (the
# hasher's own score) is recorded as well; `refit` selects the deciding metric.
# ``early_stopping=False`` shortens the search: by default, each fit on so few samples would choose
# the number of epochs by cross-validation.


def retrieval(hasher, X, y):
    """Mean average precision of held-out samples, each against all others."""
    return mean_average_precision(hasher.transform(X), y)


def explained_variance(hasher, X, y=None):
    """Explained variance of held-out samples reconstructed from their codes."""
    return hasher.score(X)


short = {"max_iter": 6, "early_stopping": False, "random_state": 0}
search = GridSearchCV(
    SemanticHasher(16, **short),
    {"similarity_weight": [0.05, 0.25, 1.0]},
    scoring={"mAP": retrieval, "explained variance": explained_variance},
    refit="mAP",
    cv=2,
).fit(X, y)

weights = np.array([p["similarity_weight"] for p in search.cv_results_["params"]])
scores = {name: search.cv_results_[f"mean_test_{name}"] for name in search.scoring}
print(f"{'similarity_weight':<20}" + "".join(f"{name:>20}" for name in scores))
for weight, *both in zip(weights, *scores.values(), strict=True):
    print(f"{weight:<20}" + "".join(f"{score:>20.3f}" for score in both))
print(f"best: {search.best_params_}")

# %%
# Evaluation on the test set
# --------------------------
# The tuned hasher is compared with the default parameters and with iterative quantization (ITQ),
# the initialization of training. Purity is computed over buckets of samples with the same hash. It
# is shown with the number of buckets, because purity increases with that number.

hashers = {
    "ITQ": SemanticHasher(16, max_iter=0, random_state=0).fit(X),
    "defaults": SemanticHasher(16, **short).fit(X),
    "tuned": search.best_estimator_,
}
print(f"\n{'':<12}{'mAP':>8}{'squared error':>16}{'purity':>9}{'buckets':>9}")
for name, hasher in hashers.items():
    codes, query_codes = hasher.transform(X), hasher.transform(queries)
    mAP = mean_average_precision(codes, y, query_codes, y_queries)
    error = np.mean((hasher.inverse_transform(query_codes) - queries) ** 2)
    purity, n_buckets = hash_purity_score(codes, y)
    print(f"{name:<12}{mAP:>8.3f}{error:>16.4f}{purity:>9.3f}{n_buckets:>9}")

# %%
# Trade-off between the two metrics
# ---------------------------------
# A higher ``similarity_weight`` improves retrieval and worsens reconstruction. The best value
# depends on the application.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for ax, (name, values) in zip(axes, scores.items(), strict=True):
    ax.semilogx(weights, values, "o-")
    ax.set(xlabel="similarity_weight", title=f"{name} of held-out samples")
    ax.set_xticks(weights, weights)
    ax.minorticks_off()

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "semantic_hashing_tuned.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
