"""
=====================================
How many numbers are enough?
=====================================

`n_components` is the one parameter that has to be chosen. Two curves help: what comes back of samples
held out, which tells how much is kept, and how well a classifier does on the codes, which tells
whether it is what you need.
"""

# %%
# The data
# --------
# 1,797 images of 8 x 8 pixels. What is chosen, is chosen by cross-validation on the training samples.

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
# Two scores for each length
# --------------------------
# One fit serves both: the pipeline's own score is the accuracy of five nearest neighbors, and a
# scorer of ours asks the first step how much of the samples comes back. ``early_stopping=False`` since
# the default would choose the number of epochs by cross-validation inside each of the fits.


def explained_variance(pipe, X, y=None):
    """Share of the variance of samples held out that is in their reconstruction."""
    model = pipe[0]
    X_back = model.inverse_transform(model.transform(X))
    return 1 - ((X - X_back) ** 2).sum() / ((X - model.mean_) ** 2).sum()


def accuracy(pipe, X, y):
    """Of the whole pipeline."""
    return pipe.score(X, y)


lengths = (2, 4, 8, 16, 32)
short = {"max_iter": 40, "early_stopping": False, "random_state": 0}
scoring = {"explained variance": explained_variance, "accuracy": accuracy}
scores = {}
for name, make in (
    ("PCA", PCA),
    ("autoencoder", lambda k: AutoencoderTransformer(k, **short)),
):
    for length in lengths:
        pipe = make_pipeline(make(length), KNeighborsClassifier(5))
        scores[name, length] = cross_validate(pipe, X_train, y_train, cv=3, scoring=scoring)

print(f"{'':<8}{'explained variance':>26}{'5-NN accuracy':>26}")
print(f"{'numbers':<8}" + 2 * f"{'PCA':>13}{'autoencoder':>13}")
for length in lengths:
    values = [
        scores[name, length][f"test_{score}"].mean()
        for score in scoring
        for name in ("PCA", "autoencoder")
    ]
    print(f"{length:<8}" + "".join(f"{value:>13.3f}" for value in values))

# %%
# Where to stop
# -------------
# Explained variance rises for ever, so its greatest value says nothing. Say instead what you would
# give away for a shorter code: the shortest whose accuracy is within that of the best. Who can give
# a hundredth needs as many numbers from both here; who must do with four gets far more from the
# autoencoder.


def shortest(name, given_away):
    """The shortest length that is at most so much less accurate than the best."""
    means = np.array([scores[name, length]["test_accuracy"].mean() for length in lengths])
    return lengths[np.flatnonzero(means >= means.max() - given_away)[0]]


print(f"\n{'given away':<14}{'PCA':>8}{'autoencoder':>15}")
for given_away in (0.01, 0.03, 0.1):
    chosen = [shortest(name, given_away) for name in ("PCA", "autoencoder")]
    print(f"{given_away:<14}{chosen[0]:>8}{chosen[1]:>15}")
chosen = shortest("autoencoder", 0.01)
pipe = make_pipeline(AutoencoderTransformer(chosen, random_state=0), KNeighborsClassifier(5))
print(f"held-out accuracy with {chosen}: {pipe.fit(X_train, y_train).score(X_test, y_test):.3f}")

# %%
# The picture
# -----------

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, score in zip(axes, scoring, strict=True):
    for name in ("PCA", "autoencoder"):
        folds = np.array([scores[name, length][f"test_{score}"] for length in lengths])
        ax.errorbar(lengths, folds.mean(axis=1), folds.std(axis=1, ddof=1), fmt="o-", label=name)
    ax.set(xscale="log", xlabel="numbers in a code", title=score)
    ax.set_xticks(lengths, lengths)
    ax.minorticks_off()
axes[0].legend()

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "choosing_n_components.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
