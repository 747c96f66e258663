"""
===============================
Two numbers: a plane to look at
===============================

Two codes of each sample are a plane that new samples can be put into, which t-SNE's cannot. With so few,
all depends on how far the decoder can bend. Beside PCA stand the plain
:class:`skae.AutoencoderTransformer`, and the deep one of :class:`skae.networks.Residual` with
``optimizer="muon"``.

Judged are samples that were not learned from: how often the five nearest learned samples tell the class,
and whether neighbors in the plane are neighbors among the pixels (trustworthiness). Where
Fashion-MNIST is not installed, scikit-learn's small digits stand in for it: a deep network has too
few samples there to be of use.
"""

# %%
# Samples to learn from, and others
# ------------------------------

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
# The same loss, the same number of epochs
# ----------------------------------------
# The residual network's blocks are square matrices, whose directions Muon treats alike. Of ten
# thousand images both networks learn the same; the deep one needs tens of thousands to be worth its
# time (``benchmarks/quality.py 11`` has 60,000).

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
    begin = perf_counter()
    codes = model.fit_transform(X)
    seconds = perf_counter() - begin
    new = model.transform(X_new)
    error = ((model.inverse_transform(new) - X_new) ** 2).mean()
    accuracy = KNeighborsClassifier(5).fit(codes, y).score(new, y_new)
    trust = trustworthiness(X_new, new, n_neighbors=15)
    print(f"{name:<10}{error:>8.4f}{accuracy:>16.3f}{trust:>18.4f}{seconds:>7.1f} s")

# %%
# The planes
# ----------

figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    LatentDisplay.from_estimator(model, X_new, y_new, ax=ax)
    ax.set_title(name)
    if name != "residual":
        ax.get_legend().remove()

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "plane.png"
figure.savefig(picture, dpi=120)
print(f"\npicture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
