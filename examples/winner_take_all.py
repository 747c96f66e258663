"""
====================================
Strokes that win: features of digits
====================================

In a :class:`skae.WinnerTakeAllAutoencoder` each unit keeps only the rows of a batch that it answers
to most. So every unit finds something to stand for, and a dictionary of parts comes out. As
features they make a linear classifier much better than pixels do.
"""

# %%
# Features without labels, then a linear classifier
# --------------------------------------------------
# Logistic regression on pixels and on 144 features, with few and with many labels. The features
# are learnt from the training images alone, without their labels.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skae import WinnerTakeAllAutoencoder

started = perf_counter()
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0, stratify=y)

features = WinnerTakeAllAutoencoder(
    144,
    hidden_layer_sizes=(),
    sparsity_rate=0.05,
    batch_size=128,
    max_iter=200,
    early_stopping=False,
    random_state=0,
)
start = perf_counter()
codes = features.fit_transform(X_train)
print(f"fit: {perf_counter() - start:.1f} s, dead units: {len(features.dead_units_)} of 144")


def accuracy(train, test, n_labels):
    """Of logistic regression on the first labels, mean over 10 draws."""
    scores = []
    for seed in range(10):
        some = np.random.default_rng(seed).permutation(len(train))[:n_labels]
        classifier = LogisticRegression(max_iter=2000).fit(train[some], y_train[some])
        scores.append(classifier.score(test, y_test))
    return np.mean(scores)


print(f"{'labels':<10}{'pixels':>10}{'features':>10}")
for n_labels in (50, 200, 1000):
    by_pixels = accuracy(X_train, X_test, n_labels)
    by_features = accuracy(codes, features.transform(X_test), n_labels)
    print(f"{n_labels:<10}{by_pixels:>10.3f}{by_features:>10.3f}")

# %%
# The dictionary
# --------------
# What one unit adds to the reconstruction: the decoder's answer to that unit alone.

alone = features.inverse_transform(np.eye(144)) - features.inverse_transform(np.zeros((1, 144)))
figure, axes = plt.subplots(9, 16, figsize=(9.6, 5.6))
for ax, atom in zip(axes.flat, alone, strict=True):
    limit = np.abs(atom).max()
    ax.imshow(atom.reshape(8, 8), cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_axis_off()
figure.suptitle("144 units: what each adds to an image (red) and takes away (blue)")
figure.tight_layout(pad=0.3)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "winner_take_all.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
