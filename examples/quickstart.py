"""
===================================================
Quickstart: an autoencoder as an alternative to PCA
===================================================

An autoencoder reduces the dimensionality of samples and reconstructs them, like PCA, but with
nonlinear maps. :class:`skae.AutoencoderTransformer` has the same interface as PCA:
``AutoencoderTransformer(10)`` is a drop-in replacement for ``PCA(10)``.

This example compares the two on test samples of scikit-learn's handwritten digits. It then puts
the autoencoder into a pipeline and tunes its parameters by grid search.
"""

# %%
# The data
# --------
# 1,797 images of 8 x 8 pixels. A quarter is held out.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer

started = perf_counter()
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
print(f"digits: {len(X_train)} training samples, {len(X_test)} test samples, {X.shape[1]} pixels")

# %%
# Comparison of PCA and an autoencoder
# ------------------------------------
# Both encode each image as 10 components. The explained variance of the test samples measures the
# quality of the reconstructions; the accuracy of a 5-nearest-neighbors classifier measures the
# quality of the codes.


def explained_variance(X_test, X_back):
    """Fraction of the variance of the test samples that the reconstruction explains."""
    return 1 - ((X_test - X_back) ** 2).sum() / ((X_test - X_train.mean(axis=0)) ** 2).sum()


def compare(model):
    """Fit a model to the training samples and evaluate it on the test samples."""
    start = perf_counter()
    codes = model.fit_transform(X_train)
    seconds = perf_counter() - start
    X_back = model.inverse_transform(model.transform(X_test))
    neighbors = KNeighborsClassifier(5).fit(codes, y_train)
    accuracy = neighbors.score(model.transform(X_test), y_test)
    return X_back, explained_variance(X_test, X_back), accuracy, seconds


models = {
    "PCA(10)": PCA(10),
    "AutoencoderTransformer(10)": AutoencoderTransformer(10, random_state=0),
}
results = {name: compare(model) for name, model in models.items()}

# %%
# Grid search over a pipeline
# ---------------------------
# Parameters are tuned as for any other estimator. Changing a float parameter, such as the learning
# rate, triggers no recompilation. scikit-learn 1.9 and newer can show a progress bar.

pipe = make_pipeline(
    StandardScaler(), AutoencoderTransformer(10, random_state=0), KNeighborsClassifier()
)
search = GridSearchCV(
    pipe,
    {
        "autoencodertransformer__n_components": [5, 10, 20],
        "autoencodertransformer__learning_rate": [1e-3, 3e-3],
    },
    cv=2,
)
try:
    from sklearn.callback import ProgressBar
except ImportError:
    print("grid search over 6 candidates x 2 folds (a progress bar requires scikit-learn 1.9) ...")
else:
    search.set_callbacks(ProgressBar(max_propagation_depth=0))

start = perf_counter()
search.fit(X_train, y_train)
search_seconds = perf_counter() - start
best = {name.split("__")[1]: value for name, value in search.best_params_.items()}

# %%
# Results
# -------

print()
print(f"{'10 components':<28}{'explained variance':>20}{'5-NN accuracy':>16}{'fit':>9}")
for name, (_, variance, accuracy, seconds) in results.items():
    print(f"{name:<28}{variance:>20.3f}{accuracy:>16.3f}{seconds:>7.1f} s")
print()
print(f"grid search over 6 candidates x 2 folds: {search_seconds:.1f} s")
print(f"best parameters: {best}, test accuracy: {search.score(X_test, y_test):.3f}")

# %%
# Originals and reconstructions
# -----------------------------

n_shown = 12
rows = {
    "original": X_test,
    **{name.split("(")[0]: result[0] for name, result in results.items()},
}
rows["autoencoder"] = rows.pop("AutoencoderTransformer")
figure, axes = plt.subplots(len(rows), n_shown, figsize=(n_shown, len(rows)))
for row_axes, (name, images) in zip(axes, rows.items(), strict=True):
    row_axes[0].set_ylabel(name)
    for ax, image in zip(row_axes, images, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
figure.tight_layout(pad=0.3)

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "quickstart.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
