"""
========================================
Two-dimensional embedding of new samples
========================================

An autoencoder with two components is an embedding for visualization. Unlike t-SNE, it can embed new
samples. With so narrow a bottleneck, the result depends on the flexibility of the decoder. This
example compares PCA, the default network of :class:`skae.AutoencoderTransformer`, and the deep
network :class:`skae.networks.Residual` with ``optimizer="muon"``.

Two measures evaluate the embedding of test samples: the accuracy of a 5-nearest-neighbors
classifier fitted to the training embedding, and trustworthiness (whether neighbors in the embedding
are neighbors in pixel space). If Fashion-MNIST is not installed, scikit-learn's digits are used
instead; they are too few to train a deep network well.
"""

# %%
# The data
# --------

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist
from skae.display import LatentDisplay
from skae.networks import Residual

started = perf_counter()
try:
    images = load_fashion_mnist()
    X, y = images.data[:12000], images.target[:12000]
    print(f"Fashion-MNIST from {images.source}")
except FileNotFoundError as error:
    print(f"digits instead of Fashion-MNIST: {error}")
    X, y = load_digits(return_X_y=True)
    X = X / 16
X, X_new, y, y_new = train_test_split(X, y, test_size=0.15, random_state=0)

# %%
# Same loss, same number of epochs
# --------------------------------
# The residual blocks have square weight matrices, for which Muon orthogonalizes the updates. With
# ten thousand images both networks give similar results; the deep network needs several times as
# many to justify its cost (``benchmarks/quality.py 11`` uses 60,000).

models = {
    "PCA": PCA(2, random_state=0),
    "plain": AutoencoderTransformer(2, max_iter=15, random_state=0),
    "residual": AutoencoderTransformer(
        2,
        network=Residual(width=128, n_blocks=3),
        optimizer="muon",
        max_iter=15,
        random_state=0,
    ),
}
print(f"\n{'':<10}{'error':>8}{'5-NN accuracy':>16}{'trustworthiness':>18}{'fit':>9}")
for name, model in models.items():
    start = perf_counter()
    codes = model.fit_transform(X)
    seconds = perf_counter() - start
    codes_new = model.transform(X_new)
    error = ((model.inverse_transform(codes_new) - X_new) ** 2).mean()
    accuracy = KNeighborsClassifier(5).fit(codes, y).score(codes_new, y_new)
    trust = trustworthiness(X_new, codes_new, n_neighbors=15)
    print(f"{name:<10}{error:>8.4f}{accuracy:>16.3f}{trust:>18.4f}{seconds:>7.1f} s")

# %%
# The embeddings
# --------------

figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    LatentDisplay.from_estimator(model, X_new, y_new, ax=ax)
    ax.set_title(name)
    if name != "residual":
        ax.get_legend().remove()

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "plane.png"
figure.savefig(figure_path, dpi=120)
print(f"\nfigure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
