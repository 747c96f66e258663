"""
=========================================
How far is it turned? Few numbers known
=========================================

:class:`skae.PretrainedRegressor` learns from all samples, and needs the number that is asked for with
few of them. Here that is the angle by which a digit was turned: images are plenty, and of some
dozens the angle is known. What does pretraining on the others add?
"""

# %%
# Sevens that were turned
# -----------------------
# Each seven of scikit-learn's digits in eight angles between -45 and 45 degrees, drawn at random.
# All copies of a digit stand on one side of the split, or the others would give it away.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import rotate
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupShuffleSplit

from skae import DenoisingAutoencoder, PretrainedRegressor

started = perf_counter()
rng = np.random.default_rng(0)
digits, kinds = load_digits(return_X_y=True)
sevens = digits[kinds == 7].reshape(-1, 8, 8) / 16
copies, originals = 8, np.repeat(np.arange(len(sevens)), 8)
angles = rng.uniform(-45, 45, len(originals))
X = np.array(
    [
        rotate(sevens[original], angle, reshape=False, order=1).ravel()
        for original, angle in zip(originals, angles, strict=True)
    ]
)
train, test = next(GroupShuffleSplit(random_state=0, test_size=0.25).split(X, groups=originals))
print(f"{len(train)} images to train on, {len(test)} of other digits to be judged by")

# %%
# Stage one: all images, no angle
# -------------------------------

network = {
    "n_components": 32,
    "hidden_layer_sizes": (256,),
    "init": "random",
    "code_activation": "relu",
    "early_stopping": False,
    "random_state": 0,
}
denoiser = DenoisingAutoencoder(noise="gaussian", noise_level=0.5, max_iter=60, **network)
denoiser.fit(X[train])
untrained = DenoisingAutoencoder(max_iter=0, **network).fit(X[train])
print(f"stage one: {denoiser.fit_time_['total']:.0f} s")

# %%
# Stage two: more and more angles known
# -------------------------------------
# NaN marks images whose angle is not known. Beside it the same net from the weights that it began
# with, and a linear model on the pixels, whose penalty is chosen by cross-validation.

models = {
    "pretrained": PretrainedRegressor(denoiser),
    "the same net from scratch": PretrainedRegressor(untrained, learning_rate=1e-3),
}
for model in models.values():
    model.set_params(prefit=True, unlabeled=np.nan, random_state=0)

counts = (20, 50, 200, len(train))
error = {name: [] for name in (*models, "linear, of pixels")}
order = rng.permutation(train)
for count in counts:
    known = order[:count]
    numbers = np.full(len(X), np.nan)
    numbers[known] = angles[known]
    predicted = {
        name: model.fit(X[train], numbers[train]).predict(X[test]) for name, model in models.items()
    }
    ridge = RidgeCV(np.geomspace(1e-3, 1e3, 13)).fit(X[known], angles[known])
    predicted["linear, of pixels"] = ridge.predict(X[test])
    for name, values in predicted.items():
        error[name].append(np.mean(np.abs(values - angles[test])))

print(f"\n{'degrees off, with':<28}" + "".join(f"{count:>8}" for count in counts) + " angles")
for name, values in error.items():
    print(f"{name:<28}" + "".join(f"{value:>8.1f}" for value in values))

# %%
# What pretraining is worth
# -------------------------
# Where the net from scratch needs hundreds of angles, the pretrained one needs some dozens. With
# the fewest a linear model does as well and costs nothing: look at it first, always.

# %%
# The picture
# -----------
# Left, some images. Right, how far off the angles of other digits are, in the mean.

figure = plt.figure(figsize=(9, 3.6), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[1, 1.3])
for ax, i in zip(left.subplots(3, 4).flat, test, strict=False):
    ax.imshow(X[i].reshape(8, 8), cmap="gray_r")
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"{angles[i]:.0f}°", fontsize=9)
ax = right.subplots()
for name, values in error.items():
    ax.semilogx(counts, values, "o-", label=name)
ax.set(xlabel="images whose angle is known", ylabel="degrees off", ylim=(0, None), xticks=counts)
ax.set_xticklabels([f"{count:,}" for count in counts])
ax.minorticks_off()
ax.legend()

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "few_numbers.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
