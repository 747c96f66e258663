"""
=====================================
Which samples are odd, and which cells
=====================================

:class:`skae.AutoencoderOutlierDetector` learns what the samples of a table have in common, and finds
those that do not have it: here digits among which some others were mixed, beside scikit-learn's
IsolationForest; and then, in a table of measurements, the cell that was typed wrong.
"""

# %%
# Eights with some nines among them
# ---------------------------------
# Nobody says which are which: the detector is fitted to all of them together, and leaves out the
# oddest tenth of the samples while it learns.

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
samples = np.concatenate(
    [np.flatnonzero(kinds == 8), rng.choice(np.flatnonzero(kinds == 9), 9, replace=False)]
)
X, odd = digits[samples], kinds[samples] == 9

detector = AutoencoderOutlierDetector(contamination=0.05, random_state=0).fit(X)
scores = {
    "autoencoder": detector.score_samples(X),
    "IsolationForest": IsolationForest(random_state=0).fit(X).score_samples(X),
}
print(f"{len(X)} digits, {odd.sum()} of them nines; area under the ROC curve:")
for name, values in scores.items():
    print(f"  {name:<16}{roc_auc_score(odd, -values):.3f}")
found = detector.predict(X) == -1
print(f"{found.sum()} called outliers, {(found & odd).sum()} of them nines")

# %%
# The picture: the ten oddest digits, the cells that make them so, and ten ordinary ones.

order = np.argsort(scores["autoencoder"])
oddest, ordinary = order[:10], order[-10:]
errors = detector.reconstruction_errors(X)
figure, axes = plt.subplots(3, 10, figsize=(10, 3.4), layout="constrained")
for sample, (title, images, limit) in enumerate(
    (
        ("oddest", X[oddest], 16),
        ("where", errors[oddest], np.quantile(errors[oddest], 0.98)),
        ("ordinary", X[ordinary], 16),
    )
):
    for ax, image in zip(axes[sample], images, strict=True):
        cmap = "magma_r" if title == "where" else "gray_r"
        ax.imshow(image.reshape(8, 8), cmap=cmap, vmin=0, vmax=limit)
        ax.set(xticks=[], yticks=[])
    axes[sample, 0].set_ylabel(title)
for ax, kind in zip(axes[0], kinds[samples][oddest], strict=True):
    ax.set_title(kind, color="firebrick" if kind == 9 else "black")

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "outliers.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")

# %%
# A slip in a table
# -----------------
# Thirty measurements of tumors, each in its own unit. In ten samples two neighboring columns changed
# places while they were typed: each value is one that its column could have, only not in that sample.
# Not all of these samples are among the oddest, but the column is named in nearly all of them: radius,
# perimeter and area must fit together.

table = load_breast_cancer()
names, X = table.feature_names, table.data.copy()
radius, texture = list(names).index("mean radius"), list(names).index("mean texture")
wrong = rng.choice(len(X), 10, replace=False)
X[np.ix_(wrong, [radius, texture])] = X[np.ix_(wrong, [texture, radius])]

detector = AutoencoderOutlierDetector(random_state=0).fit(X)
errors = detector.reconstruction_errors(X)
columns = names[errors.argmax(axis=1)]
rank = np.argsort(np.argsort(detector.score_samples(X)))
for sample in sorted(wrong, key=lambda sample: rank[sample]):
    print(
        f"sample {sample:>3}: odder than {1 - rank[sample] / len(X):.0%} of samples; worst: {columns[sample]}"
    )
print(f"done in {perf_counter() - started:.0f} s")
