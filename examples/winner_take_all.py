"""
===========================
Winner-take-all autoencoder
===========================

During training, a :class:`skae.WinnerTakeAllAutoencoder` keeps the activations of each unit only
for the samples of a mini-batch with the highest activations, and sets the others to 0. No unit
stays dead, and the decoder learns a dictionary of parts.

Without Fashion-MNIST the example uses scikit-learn's digits.
"""

# %%
# Unsupervised features
# ---------------------
# 10,000 images of Fashion-MNIST and 100 units; encoder and decoder have one layer each, as in the
# paper. The features are evaluated by the accuracy of a 5-nearest-neighbors classifier, fitted with
# few labels and with many.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from skae import WinnerTakeAllAutoencoder
from skae.datasets import load_fashion_mnist

started = perf_counter()
try:
    images = load_fashion_mnist()
    X_train, y_train = images.data[:10_000], images.target[:10_000]
    X_test, y_test = images.data[50_000:52_000], images.target[50_000:52_000]
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
side = int(np.sqrt(X_train.shape[1]))

features = WinnerTakeAllAutoencoder(
    100,
    hidden_layer_sizes=(),
    sparsity_rate=0.05,
    batch_size=128,
    max_iter=30,
    early_stopping=False,
    random_state=0,
)
start = perf_counter()
codes, codes_test = features.fit_transform(X_train), features.transform(X_test)
print(f"fit: {perf_counter() - start:.1f} s, dead units: {len(features.dead_units_)} of 100")
print(f"fraction of code entries equal to 0: {np.mean(codes_test == 0):.2f}")

print(f"{'labels':<10}{f'{side**2} pixels':>14}{'100 features':>14}")
for n_labels in (100, 1000, len(X_train)):
    scores = [
        KNeighborsClassifier(5).fit(train[:n_labels], y_train[:n_labels]).score(test, y_test)
        for train, test in ((X_train, X_test), (codes, codes_test))
    ]
    print(f"{n_labels:<10}{scores[0]:>14.3f}{scores[1]:>14.3f}")

# %%
# The dictionary
# --------------
# The contribution of each unit to the reconstruction: the decoder's output for that unit alone.

atoms = features.inverse_transform(np.eye(100)) - features.inverse_transform(np.zeros((1, 100)))
figure, axes = plt.subplots(5, 20, figsize=(12, 3.4))
for ax, atom in zip(axes.flat, atoms, strict=True):
    limit = np.abs(atom).max()
    ax.imshow(atom.reshape(side, side), cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_axis_off()
figure.suptitle("contribution of each of 100 units (red: positive, blue: negative)")
figure.tight_layout(pad=0.3)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "winner_take_all.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
