"""
=================================
Choosing the number of components
=================================

The size of the bottleneck, ``n_components``, has no universally good default. Two curves help to
choose it: the explained variance of held-out samples measures how much information the codes
retain, and the accuracy of a classifier on the codes measures whether they retain the relevant
information.
"""

# %%
# The data
# --------
# 1,797 images of 8 x 8 pixels. The number of components is chosen by cross-validation on the
# training set.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skae import AutoencoderTransformer

started = perf_counter()
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

# %%
# Two scores for each code size
# -----------------------------
# Each fit is scored twice: by the accuracy of the pipeline's 5-nearest-neighbors classifier, and by
# the explained variance of the pipeline's first step. ``early_stopping=False`` shortens the search:
# by default, each fit on so few samples would choose the number of epochs by cross-validation.


def explained_variance(pipe, X, y=None):
    """Fraction of the variance of held-out samples that their reconstructions explain."""
    model = pipe[0]
    X_back = model.inverse_transform(model.transform(X))
    return 1 - ((X - X_back) ** 2).sum() / ((X - model.mean_) ** 2).sum()


def accuracy(pipe, X, y):
    """Accuracy of the whole pipeline."""
    return pipe.score(X, y)


sizes = (2, 4, 8, 16, 32)
short = {"max_iter": 40, "early_stopping": False, "random_state": 0}
scoring = {"explained variance": explained_variance, "accuracy": accuracy}
scores = {}
for name, make in (
    ("PCA", PCA),
    ("autoencoder", lambda k: AutoencoderTransformer(k, **short)),
):
    for size in sizes:
        pipe = make_pipeline(make(size), KNeighborsClassifier(5))
        scores[name, size] = cross_validate(pipe, X_train, y_train, cv=3, scoring=scoring)

print(f"{'':<12}{'explained variance':>26}{'5-NN accuracy':>26}")
print(f"{'components':<12}" + 2 * f"{'PCA':>13}{'autoencoder':>13}")
for size in sizes:
    values = [
        scores[name, size][f"test_{score}"].mean()
        for score in scoring
        for name in ("PCA", "autoencoder")
    ]
    print(f"{size:<12}" + "".join(f"{value:>13.3f}" for value in values))

# %%
# Selecting a code size
# ---------------------
# Explained variance keeps increasing with the number of components, so its maximum cannot select a
# size. Choose a tolerance instead, and select the smallest size whose accuracy is within that
# tolerance of the best. With a tolerance of 0.01, PCA and the autoencoder need the same size here.
# With only four components, the autoencoder is far more accurate than PCA.


def smallest(name, tolerance):
    """The smallest code size whose accuracy is within the tolerance of the best."""
    means = np.array([scores[name, size]["test_accuracy"].mean() for size in sizes])
    return sizes[np.flatnonzero(means >= means.max() - tolerance)[0]]


print(f"\n{'tolerance':<14}{'PCA':>8}{'autoencoder':>15}")
for tolerance in (0.01, 0.03, 0.1):
    selected = [smallest(name, tolerance) for name in ("PCA", "autoencoder")]
    print(f"{tolerance:<14}{selected[0]:>8}{selected[1]:>15}")
selected = smallest("autoencoder", 0.01)
pipe = make_pipeline(AutoencoderTransformer(selected, random_state=0), KNeighborsClassifier(5))
accuracy_test = pipe.fit(X_train, y_train).score(X_test, y_test)
print(f"test accuracy with {selected} components: {accuracy_test:.3f}")

# %%
# Plot
# ----
# Error bars are the standard deviation over the folds.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, score in zip(axes, scoring, strict=True):
    for name in ("PCA", "autoencoder"):
        folds = np.array([scores[name, size][f"test_{score}"] for size in sizes])
        ax.errorbar(sizes, folds.mean(axis=1), folds.std(axis=1, ddof=1), fmt="o-", label=name)
    ax.set(xscale="log", xlabel="n_components", title=score)
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
axes[0].legend()

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "choosing_n_components.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
