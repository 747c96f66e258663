"""
=============================
Outlier and anomaly detection
=============================

:class:`skae.AutoencoderOutlierDetector` flags samples that an autoencoder reconstructs poorly or
whose codes lie far from the others. The first part detects digits of another class and compares
the anomaly scores to scikit-learn's IsolationForest. The second part finds the incorrect entries in
a table of measurements.
"""

# %%
# Digits: eights contaminated with nines
# --------------------------------------
# Fitting is unsupervised: no labels are used, and X contains inliers and outliers. The detector
# excludes the most atypical tenth of the samples from training (``trim=0.1``, the default).

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from skae import AutoencoderOutlierDetector

started = perf_counter()
rng = np.random.default_rng(0)
digits, kinds = load_digits(return_X_y=True)
chosen = np.concatenate(
    [np.flatnonzero(kinds == 8), rng.choice(np.flatnonzero(kinds == 9), 9, replace=False)]
)
X, is_nine = digits[chosen], kinds[chosen] == 9

detector = AutoencoderOutlierDetector(contamination=0.05, random_state=0).fit(X)
scores = {
    "autoencoder": detector.score_samples(X),
    "IsolationForest": IsolationForest(random_state=0).fit(X).score_samples(X),
}
print(f"{len(X)} digits, {is_nine.sum()} of them nines; area under the ROC curve:")
for name, values in scores.items():
    print(f"  {name:<16}{roc_auc_score(is_nine, -values):.3f}")
flagged = detector.predict(X) == -1
print(f"{flagged.sum()} flagged as outliers, {(flagged & is_nine).sum()} of them nines")

# %%
# The figure shows the ten digits with the highest anomaly scores, their reconstruction errors per
# pixel, and the ten digits with the lowest anomaly scores.

order = np.argsort(scores["autoencoder"])
outliers, inliers = order[:10], order[-10:]
errors = detector.reconstruction_errors(X)
figure, axes = plt.subplots(3, 10, figsize=(10, 3.4), layout="constrained")
for row, (title, images, limit) in enumerate(
    (
        ("outliers", X[outliers], 16),
        ("errors", errors[outliers], np.quantile(errors[outliers], 0.98)),
        ("inliers", X[inliers], 16),
    )
):
    for ax, image in zip(axes[row], images, strict=True):
        cmap = "magma_r" if title == "errors" else "gray_r"
        ax.imshow(image.reshape(8, 8), cmap=cmap, vmin=0, vmax=limit)
        ax.set(xticks=[], yticks=[])
    axes[row, 0].set_ylabel(title)
for ax, kind in zip(axes[0], kinds[chosen][outliers], strict=True):
    ax.set_title(kind, color="firebrick" if kind == 9 else "black")

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "outliers.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")

# %%
# Incorrect entries in a table
# ----------------------------
# Thirty measurements of tumors, each in its own unit. In ten samples the values of two adjacent
# columns are swapped. Each value alone is plausible for its column; only the combination is not.
# Not all of these samples have a high anomaly score. However, the feature with the largest
# reconstruction error is correct in nearly all of them, since radius, perimeter and area are
# strongly correlated.

table = load_breast_cancer()
names, X = table.feature_names, table.data.copy()
radius, texture = list(names).index("mean radius"), list(names).index("mean texture")
wrong = rng.choice(len(X), 10, replace=False)
X[np.ix_(wrong, [radius, texture])] = X[np.ix_(wrong, [texture, radius])]

detector = AutoencoderOutlierDetector(random_state=0).fit(X)
errors = detector.reconstruction_errors(X)
worst = names[errors.argmax(axis=1)]
rank = np.argsort(np.argsort(detector.score_samples(X)))
for i in sorted(wrong, key=lambda i: rank[i]):
    share = 1 - rank[i] / len(X)
    print(f"sample {i:>3}: anomaly score above {share:.0%} of samples; largest error: {worst[i]}")
print(f"done in {perf_counter() - started:.0f} s")
