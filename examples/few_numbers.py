"""
===========================================
Semi-supervised regression with few targets
===========================================

:class:`skae.PretrainedRegressor` trains an autoencoder on all samples, and a regressor on the
samples with a target value. Here the target is the rotation angle of a digit: many images are
available, and the angle is available for a few dozen of them. This example measures the benefit of
pretraining.
"""

# %%
# Rotated digits
# --------------
# Each seven of scikit-learn's digits is rotated by eight random angles between -45 and 45 degrees.
# The split is grouped by original digit: otherwise rotated copies of the same digit would leak from
# the training set into the test set.

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
print(f"{len(train)} training images, {len(test)} test images of other digits")

# %%
# Pretraining on all images, without targets
# ------------------------------------------

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
print(f"pretraining: {denoiser.fit_time_['total']:.0f} s")

# %%
# Fine-tuning with an increasing number of targets
# ------------------------------------------------
# NaN marks images without a target. Two baselines: the same network from its random initial
# weights, and ridge regression on the pixels with its penalty chosen by cross-validation.

models = {
    "pretrained": PretrainedRegressor(denoiser),
    "from scratch": PretrainedRegressor(untrained, learning_rate=1e-3),
}
for model in models.values():
    model.set_params(prefit=True, unlabeled=np.nan, random_state=0)

counts = (20, 50, 200, len(train))
error = {name: [] for name in (*models, "ridge on pixels")}
order = rng.permutation(train)
for count in counts:
    labeled = order[:count]
    targets = np.full(len(X), np.nan)
    targets[labeled] = angles[labeled]
    predicted = {
        name: model.fit(X[train], targets[train]).predict(X[test]) for name, model in models.items()
    }
    ridge = RidgeCV(np.geomspace(1e-3, 1e3, 13)).fit(X[labeled], angles[labeled])
    predicted["ridge on pixels"] = ridge.predict(X[test])
    for name, values in predicted.items():
        error[name].append(np.mean(np.abs(values - angles[test])))

print("\nmean absolute error in degrees, by number of targets")
print(f"{'':<18}" + "".join(f"{count:>8}" for count in counts))
for name, values in error.items():
    print(f"{name:<18}" + "".join(f"{value:>8.1f}" for value in values))

# %%
# Benefit of pretraining
# ----------------------
# The network trained from scratch needs hundreds of targets to reach the error that the pretrained
# network reaches with a few dozen. With the fewest targets, ridge regression is as good as the
# pretrained network at a fraction of the cost: always try a linear model first.

# %%
# Plot
# ----
# Left: some test images and their angles. Right: the mean absolute error on test images.

figure = plt.figure(figsize=(9, 3.6), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[1, 1.3])
for ax, i in zip(left.subplots(3, 4).flat, test, strict=False):
    ax.imshow(X[i].reshape(8, 8), cmap="gray_r")
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"{angles[i]:.0f}°", fontsize=9)
ax = right.subplots()
for name, values in error.items():
    ax.semilogx(counts, values, "o-", label=name)
ax.set(xlabel="training images with a target", ylabel="mean absolute error (degrees)")
ax.set(ylim=(0, None), xticks=counts)
ax.set_xticklabels([f"{count:,}" for count in counts])
ax.minorticks_off()
ax.legend()

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "few_numbers.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
