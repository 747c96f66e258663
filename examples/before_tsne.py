"""
=====================================
Dimensionality reduction before t-SNE
=====================================

t-SNE computes pairwise distances. Between images of 784 pixels these are noisy and slow to compute,
so the number of features is usually reduced by PCA first. This example replaces PCA by the codes of
a :class:`skae.DenoisingAutoencoder`.

Two measures evaluate the resulting embeddings: trustworthiness (whether neighbors in the embedding
are neighbors in pixel space) and the cross-validated accuracy of a 5-nearest-neighbors classifier
in the embedding. If Fashion-MNIST is not installed, scikit-learn's digits are used instead.
"""

# %%
# The data
# --------
# The encoders are fitted to all samples; t-SNE embeds the first 1,000 of them.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from skae import DenoisingAutoencoder
from skae.datasets import load_fashion_mnist

started = perf_counter()
try:
    images = load_fashion_mnist()
    X, y, n_codes = images.data[:6000], images.target[:6000], 30
    print(f"Fashion-MNIST from {images.source}")
except FileNotFoundError as error:
    print(f"digits instead of Fashion-MNIST: {error}")
    X, y = load_digits(return_X_y=True)
    X, n_codes = X / 16, 10
n_shown = 1000

# %%
# Codes, then t-SNE
# -----------------
# The autoencoder masks 30 % of the pixels of each input image and is trained to reconstruct all of
# them. Before t-SNE the codes are multiplied by the square root of the pullback metric, so that
# distances between codes approximate distances between reconstructions.

autoencoder = DenoisingAutoencoder(
    n_codes, noise="masking", noise_level=0.3, max_iter=15, random_state=0
)
codes = autoencoder.fit(X).transform(X[:n_shown])
inputs = {
    "pixels": X[:n_shown],
    "PCA": PCA(n_codes, random_state=0).fit(X).transform(X[:n_shown]),
    "autoencoder": codes @ autoencoder.pullback_metric(X[:n_shown], root=True),
}
print(f"\n{'':<14}{'trustworthiness':>18}{'5-NN accuracy':>16}{'t-SNE':>9}")
embeddings = {}
for name, samples in inputs.items():
    start = perf_counter()
    embedding = embeddings[name] = TSNE(random_state=0).fit_transform(samples)
    seconds = perf_counter() - start
    trust = trustworthiness(X[:n_shown], embedding, n_neighbors=15)
    accuracy = cross_val_score(KNeighborsClassifier(5), embedding, y[:n_shown]).mean()
    print(f"{name:<14}{trust:>18.4f}{accuracy:>16.3f}{seconds:>7.1f} s")

# %%
# The embeddings
# --------------

figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for ax, (name, embedding) in zip(axes, embeddings.items(), strict=True):
    points = ax.scatter(*embedding.T, c=y[:n_shown], s=4, cmap="tab10")
    ax.set(title=name, xticks=[], yticks=[])
figure.colorbar(points, ax=axes, label="class", ticks=range(10))

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "before_tsne.png"
figure.savefig(figure_path, dpi=120)
print(f"\nfigure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
