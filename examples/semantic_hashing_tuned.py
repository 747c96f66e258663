"""
==============================================
Hashes tuned by cross-validation
==============================================

How good hashes are is not what a :class:`skae.SemanticHasher` minimizes, so its own `score` is the
wrong judge. With labels for some samples the right one is at hand: do near codes show the same kind of
thing? A search by that measure is a search like any other.

Without Fashion-MNIST the example runs on scikit-learn's digits, and says so.
"""

# %%
# The data
# --------
# Samples to tune on, and others that stay aside until the end.

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
# A measure as a scorer
# ---------------------
# Of the samples of a fold that was held out: mean average precision of each among the others. The
# hasher sees no label; the labels of the fold judge it. Its own score, explained variance, is
# looked at beside it; `refit` says which of the two decides. ``early_stopping=False``, since with
# so few samples the default would choose the number of epochs by cross-validation inside each fit.


def retrieval(hasher, X, y):
    """Mean average precision of held-out samples among each other."""
    return mean_average_precision(hasher.transform(X), y)


def explained_variance(hasher, X, y=None):
    """How much of held-out samples comes back from their bits."""
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
# On samples that nobody has looked at
# ---------------------------------
# Beside the defaults, and beside iterative quantization, which is where training starts. Purity is
# that of samples with the same hash; it comes with the number of hashes in use, since many flatter it.

hashers = {
    "ITQ": SemanticHasher(16, max_iter=0, random_state=0).fit(X),
    "defaults": SemanticHasher(16, **short).fit(X),
    "tuned": search.best_estimator_,
}
print(f"\n{'':<12}{'mAP':>8}{'squared error':>16}{'purity':>9}{'hashes':>9}")
found = {}
for name, hasher in hashers.items():
    codes, wanted = hasher.transform(X), hasher.transform(queries)
    found[name] = mean_average_precision(codes, y, wanted, y_queries)
    error = np.mean((hasher.inverse_transform(wanted) - queries) ** 2)
    purity, n_buckets = hash_purity_score(codes, y)
    print(f"{name:<12}{found[name]:>8.3f}{error:>16.4f}{purity:>9.3f}{n_buckets:>9}")

# %%
# What tuning by another measure costs
# ------------------------------------
# The more the neighbors count, the better samples of a kind are found, and the less of a sample comes
# back from its bits. Which is right depends on what hashes are for; no default can know.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for ax, (name, values) in zip(axes, scores.items(), strict=True):
    ax.semilogx(weights, values, "o-")
    ax.set(xlabel="similarity_weight", title=f"{name} of samples held out")
    ax.set_xticks(weights, weights)
    ax.minorticks_off()

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "semantic_hashing_tuned.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
