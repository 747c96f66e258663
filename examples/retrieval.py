"""
================================================
Similarity search with binary codes and an index
================================================

A pipeline of two steps retrieves the samples most similar to a query: :class:`skae.SemanticHasher`
encodes each sample as a binary code, and :class:`skae.hashing.HammingIndex` finds the codes with
the smallest Hamming distance. The search needs only the codes: 64 bits, that is eight bytes, per
image.

The data are Fashion-MNIST images (see :func:`skae.datasets.load_fashion_mnist`) if installed, and
scikit-learn's digits otherwise. Codes and neighbors are computed without labels; labels are only
used to evaluate the neighbors.
"""

# %%
# Database and queries
# --------------------

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline

from skae import SemanticHasher
from skae.datasets import load_fashion_mnist
from skae.hashing import HammingIndex, hash_lookup_score, hash_purity_score, mean_average_precision

started = perf_counter()
try:
    fashion = load_fashion_mnist()
    images, kinds, side = fashion.data[:10_500], fashion.target[:10_500], 28
    print(f"Fashion-MNIST, from {fashion.source}")
except FileNotFoundError as error:
    print(f"{error}\nUsing scikit-learn's digits instead.")
    images, kinds = load_digits(return_X_y=True)
    images, side = (images / 16).astype(np.float32), 8
n_queries = len(images) // 21
X, y = images[n_queries:], kinds[n_queries:]
queries, y_queries = images[:n_queries], kinds[:n_queries]

# %%
# A pipeline from samples to neighbors
# ------------------------------------
# ``transform`` returns a sparse graph of distances with one entry per neighbor, nearest first. It
# can be the input of scikit-learn's estimators for precomputed neighbors graphs. The column indices
# of the entries are the neighbors.

k = 8
pipe = make_pipeline(SemanticHasher(64, max_iter=10, random_state=0), HammingIndex(k)).fit(X)
found = pipe.transform(queries).indices.reshape(-1, k)
print(f"{len(X)} samples of {X.shape[1]} features, {n_queries} queries, {k} neighbors each")
print(f"precision at {k}: {(y[found] == y_queries[:, None]).mean():.3f}")

# %%
# Comparison with exact search
# ----------------------------
# Binary codes reduce memory and search time. Exact nearest neighbors in the original features have
# a higher precision. To combine both, use the codes to select some hundred candidates and rank the
# candidates by their distance in the original features.

hasher, index = pipe
codes, query_codes = hasher.transform(X), hasher.transform(queries)
start = perf_counter()
index.kneighbors(query_codes)
codes_seconds = perf_counter() - start
exact = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(X)
start = perf_counter()
found_exact = exact.kneighbors(queries, return_distance=False)
exact_seconds = perf_counter() - start
precision_exact = (y[found_exact] == y_queries[:, None]).mean()
print(f"binary codes: {codes_seconds:.3f} s, {codes.shape[1] // 8 * len(X) / 1e6:.2f} MB")
print(f"features:     {exact_seconds:.3f} s, {X.nbytes / 1e6:.2f} MB, ", end="")
print(f"precision at {k}: {precision_exact:.3f}")

# %%
# Quality of the codes
# --------------------
# Read purity together with the number of buckets: one bucket per sample has a purity of 1.

print(f"mean average precision {mean_average_precision(codes, y, query_codes, y_queries):.3f}")
print(f"hash lookup, radius 2  {hash_lookup_score(codes, y, query_codes, y_queries):.3f}")
purity = hash_purity_score(codes, y)
print(f"bucket purity          {purity.purity:.3f}, {purity.n_buckets} buckets, {len(X)} samples")

# %%
# Queries and their nearest neighbors
# -----------------------------------
# Left column, in blue: one query of each class. Other columns: its neighbors, nearest first.

chosen = [int(np.flatnonzero(y_queries == kind)[0]) for kind in np.unique(y_queries)]
figure, axes = plt.subplots(
    len(chosen), k + 1, figsize=(k + 1, len(chosen)), squeeze=False, layout="constrained"
)
for row_axes, query in zip(axes, chosen, strict=True):
    row_axes[0].imshow(queries[query].reshape(side, side), cmap="Blues", vmin=0, vmax=1)
    for ax, i in zip(row_axes[1:], found[query], strict=True):
        ax.imshow(X[i].reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
    for ax in row_axes:
        ax.set(xticks=[], yticks=[])
figure.suptitle(f"Queries and their {k} nearest neighbors among {len(X)} images (64-bit codes)")

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "retrieval.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
