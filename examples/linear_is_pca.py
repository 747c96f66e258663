"""
============================================
A linear autoencoder learns the PCA subspace
============================================

With linear layers and the squared error, the optimal autoencoder is equivalent to PCA: its codes
span the subspace of the first principal components [1]_. This example trains a linear autoencoder
from random weights on three-dimensional data and compares the two planes.

.. [1] Baldi and Hornik (1989). Neural networks and principal component analysis: learning from
   examples without local minima. Neural Networks 2, 53-58.
"""

# %%
# The data
# --------
# Three measurements of 150 flowers.

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
# Linear autoencoder with random initialization
# ---------------------------------------------
# Without hidden layers and activations the autoencoder is linear. ``init="random"`` disables the
# linear skip connection and its PCA initialization, so the PCA solution must be learned.
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
# Same error, same plane
# ----------------------

X_pca = pca.inverse_transform(components)
X_auto = autoencoder.inverse_transform(codes)
errors = {name: np.mean((X - X_hat) ** 2) for name, X_hat in (("PCA", X_pca), ("auto", X_auto))}
directions = np.linalg.svd(X_auto - X_auto.mean(axis=0), full_matrices=False)[2][:2]
angle = np.rad2deg(subspace_angles(directions.T, pca.components_.T).max())
print(f"mean squared error, autoencoder / PCA: {errors['auto'] / errors['PCA']:.6f}")
print(f"largest principal angle between the two planes: {angle:.3f} degrees")

# %%
# Same codes, up to a linear map
# ------------------------------
# Any basis of the plane gives the same reconstructions, so the autoencoder does not favor the
# principal directions. Its codes are an invertible linear transformation of the principal
# components. PCA's components are in addition uncorrelated and ordered by variance.

correlation = np.corrcoef(codes.T)[0, 1]
print(f"correlation of the two code entries: {correlation:.2f} (PCA: 0)")
centered = codes - codes.mean(axis=0)
mapped = centered @ np.linalg.pinv(centered) @ components  # least-squares map onto the components
rotation, _ = orthogonal_procrustes(mapped, components)
matched = mapped @ rotation
print(f"largest difference after the linear map: {np.abs(matched - components).max():.4f} cm")

# %%
# The plane in three dimensions, and both embeddings
# --------------------------------------------------

figure = plt.figure(figsize=(12, 4), layout="constrained")
ax = figure.add_subplot(1, 3, 1, projection="3d")
ax.scatter(*X.T, c=iris.target, s=8)
corners = pca.inverse_transform([[a, b] for a in (-3.5, 4) for b in (-1.5, 1.5)])
ax.plot_surface(*corners.T.reshape(3, 2, 2), alpha=0.3)
ax.set(xlabel=names[0], ylabel=names[1], zlabel=names[2], title="data and PCA plane")
ax.set_box_aspect(None, zoom=0.8)  # leaves space for the axis labels
for position, (title, points) in enumerate({"PCA": components, "autoencoder": codes}.items(), 2):
    ax = figure.add_subplot(1, 3, position)
    ax.scatter(*points.T, c=iris.target, s=8)
    ax.set_title(f"{title} codes")
    ax.set_aspect("equal", "datalim")

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "linear_is_pca.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
