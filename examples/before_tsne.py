"""
===================================
Thirty codes on the way to t-SNE
===================================

t-SNE looks at distances, and distances between images of 784 pixels are noisy and slow to compute.
So one puts PCA before it. Codes of a :class:`skae.DenoisingAutoencoder` take PCA's place.

Judged are the planes: trustworthiness (are neighbors in the plane neighbors among the pixels?)
and how often the five nearest neighbors in the plane tell what a piece of clothing is. Where
Fashion-MNIST is not installed, scikit-learn's small digits stand in for it.
"""

# %%
# Samples to learn from, and fewer to look at
# ----------------------------------------

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
# Codes first, then the plane
# ---------------------------
# The codes learn from all samples; the plane shows some of them. Each image loses a third of its
# pixels on the way in, and the autoencoder must give all of them back. Its codes go into t-SNE as
# far apart as its reconstructions are: ``pullback_metric`` says how codes are stretched.

autoencoder = DenoisingAutoencoder(
    n_codes, noise="masking", noise_level=0.3, max_iter=15, random_state=0
)
codes = autoencoder.fit(X).transform(X[:n_shown])
before = {
    "pixels": X[:n_shown],
    "PCA": PCA(n_codes, random_state=0).fit(X).transform(X[:n_shown]),
    "autoencoder": codes @ autoencoder.pullback_metric(X[:n_shown], root=True),
}
print(f"\n{'':<14}{'trustworthiness':>18}{'5-NN accuracy':>16}{'t-SNE':>9}")
planes = {}
for name, samples in before.items():
    begin = perf_counter()
    plane = planes[name] = TSNE(random_state=0).fit_transform(samples)
    seconds = perf_counter() - begin
    trust = trustworthiness(X[:n_shown], plane, n_neighbors=15)
    neighbors = cross_val_score(KNeighborsClassifier(5), plane, y[:n_shown]).mean()
    print(f"{name:<14}{trust:>18.4f}{neighbors:>16.3f}{seconds:>7.1f} s")

# %%
# The planes
# ----------

figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for ax, (name, plane) in zip(axes, planes.items(), strict=True):
    points = ax.scatter(*plane.T, c=y[:n_shown], s=4, cmap="tab10")
    ax.set(title=name, xticks=[], yticks=[])
figure.colorbar(points, ax=axes, label="class", ticks=range(10))

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "before_tsne.png"
figure.savefig(picture, dpi=120)
print(f"\npicture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
