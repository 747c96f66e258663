"""
========================================
PCA with an autoencoder: from 3-d to 2-d
========================================

With linear layers and squared error the best that an autoencoder can do is PCA: its codes span the
plane of the first principal components [1]_. The first exercise of every course on autoencoders is
to see it happen, from random weights, in three dimensions that can be looked at.

.. [1] Baldi and Hornik (1989). Neural networks and principal component analysis: learning from
   examples without local minima. Neural Networks 2, 53-58.
"""

# %%
# Three measurements of 150 flowers
# ---------------------------------

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import orthogonal_procrustes, subspace_angles
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer

started = perf_counter()
iris = load_iris()
X, names = iris.data[:, :3], iris.feature_names[:3]

# %%
# No hidden layer, no activation, random weights
# ----------------------------------------------
# ``init="random"`` leaves out the linear path that starts at PCA in skae: nothing is given away.
# ``early_stopping=False`` trains on all samples, as PCA does.

autoencoder = AutoencoderTransformer(
    2,
    hidden_layer_sizes=(),
    init="random",
    learning_rate=2e-2,
    max_iter=300,
    early_stopping=False,
    random_state=0,
)
codes = autoencoder.fit_transform(X)
pca = PCA(2).fit(X)
components = pca.transform(X)

# %%
# The same error, the same plane
# ------------------------------

X_pca = pca.inverse_transform(components)
X_auto = autoencoder.inverse_transform(codes)
errors = {name: np.mean((X - samples) ** 2) for name, samples in (("PCA", X_pca), ("auto", X_auto))}
directions = np.linalg.svd(X_auto - X_auto.mean(axis=0), full_matrices=False)[2][:2]
angle = np.rad2deg(subspace_angles(directions.T, pca.components_.T).max())
print(f"mean squared error, autoencoder / PCA: {errors['auto'] / errors['PCA']:.6f}")
print(f"largest angle between the two planes: {angle:.3f} degrees")

# %%
# The same codes, but for how the plane is turned
# -----------------------------------------------
# Any two directions in the plane rebuild samples equally well, so the autoencoder has no reason to
# choose the principal ones: its codes are the components, stretched and turned. PCA's come in
# order and uncorrelated; that is what its closed form gives beyond the plane.

correlation = np.corrcoef(codes.T)[0, 1]
print(f"correlation between the two codes: {correlation:.2f}; PCA's are uncorrelated")
whitened = codes - codes.mean(axis=0)
whitened = whitened @ np.linalg.pinv(whitened) @ components  # the best linear map onto PCA's
rotation, _ = orthogonal_procrustes(whitened, components)
matched = whitened @ rotation
print(f"largest difference once mapped: {np.abs(matched - components).max():.4f} cm")

# %%
# The plane in three dimensions, and both codes
# ---------------------------------------------

figure = plt.figure(figsize=(12, 4), layout="constrained")
ax = figure.add_subplot(1, 3, 1, projection="3d")
ax.scatter(*X.T, c=iris.target, s=8)
corners = pca.inverse_transform([[a, b] for a in (-3.5, 4) for b in (-1.5, 1.5)])
ax.plot_surface(*corners.T.reshape(3, 2, 2), alpha=0.3)
ax.set(xlabel=names[0], ylabel=names[1], zlabel=names[2], title="three numbers a flower")
ax.set_box_aspect(None, zoom=0.8)  # room for the labels
for place, (title, points) in enumerate({"PCA": components, "autoencoder": codes}.items(), 2):
    ax = figure.add_subplot(1, 3, place)
    ax.scatter(*points.T, c=iris.target, s=8)
    ax.set_title(f"two numbers by {title}")
    ax.set_aspect("equal", "datalim")

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "linear_is_pca.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
