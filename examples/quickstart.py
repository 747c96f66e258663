"""
=================================
From PCA to an autoencoder
=================================

An autoencoder compresses samples to a few numbers and back, like PCA, but along curves instead of
straight lines. :class:`skae.AutoencoderTransformer` has PCA's interface: where ``PCA(10)`` works,
``AutoencoderTransformer(10)`` works too.

This example compares the two on scikit-learn's handwritten digits, on samples neither has seen, then
puts the autoencoder into a pipeline and searches over its parameters.
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
print(f"digits: {len(X_train)} training samples, {len(X_test)} held out, {X.shape[1]} pixels each")

# %%
# PCA and an autoencoder, side by side
# ------------------------------------
# Both keep 10 numbers of each image. Explained variance says how much of the held-out samples comes
# back; the accuracy of a 5-nearest-neighbors classifier says how good the 10 numbers are.


def explained_variance(X_test, X_back):
    """Share of the held-out variance that is in the reconstruction."""
    return 1 - ((X_test - X_back) ** 2).sum() / ((X_test - X_train.mean(axis=0)) ** 2).sum()


def compare(model):
    """Fit on the training samples, measure on the held-out ones."""
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
# In a pipeline, under a grid search
# ----------------------------------
# The parameters are searched like any other estimator's. The floats among them, like the learning
# rate, cost no new compilation. scikit-learn 1.9 and newer draw a progress bar.

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
    print("searching 6 candidates x 2 folds (scikit-learn 1.9 would draw a progress bar) ...")
else:
    search.set_callbacks(ProgressBar(max_propagation_depth=0))

start = perf_counter()
search.fit(X_train, y_train)
search_seconds = perf_counter() - start
best = {name.split("__")[1]: value for name, value in search.best_params_.items()}

# %%
# The result
# ----------

print()
print(f"{'10 numbers a digit':<28}{'explained variance':>20}{'5-NN accuracy':>16}{'fit':>9}")
for name, (_, variance, accuracy, seconds) in results.items():
    print(f"{name:<28}{variance:>20.3f}{accuracy:>16.3f}{seconds:>7.1f} s")
print()
print(f"grid search over 6 candidates x 2 folds: {search_seconds:.1f} s")
print(f"best: {best}, held-out accuracy {search.score(X_test, y_test):.3f}")

# %%
# Originals, PCA's reconstructions and the autoencoder's
# ------------------------------------------------------

n_shown = 12
samples = {
    "original": X_test,
    **{name.split("(")[0]: result[0] for name, result in results.items()},
}
samples["autoencoder"] = samples.pop("AutoencoderTransformer")
figure, axes = plt.subplots(len(samples), n_shown, figsize=(n_shown, len(samples)))
for sample_axes, (name, images) in zip(axes, samples.items(), strict=True):
    sample_axes[0].set_ylabel(name)
    for ax, image in zip(sample_axes, images, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
figure.tight_layout(pad=0.3)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "quickstart.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
