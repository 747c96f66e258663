"""
==============================================
From samples to alike samples: hash, index, look up
==============================================

A pipeline of two steps finds samples like a given one: :class:`skae.SemanticHasher` makes a few bits
of each sample, and :class:`skae.hashing.HammingIndex` finds the codes that differ in the fewest bits.
The samples themselves are not needed any more: 64 bits, eight bytes, stand for an image.

Photographs of clothes, if they are found (see :func:`skae.datasets.load_fashion_mnist`), else the
small digits that come with scikit-learn. No label is used to make codes or to find neighbors;
labels only say how good the neighbors are.
"""

# %%
# Samples to search, and others to search for
# ----------------------------------------

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
# One pipeline from samples to neighbors
# ------------------------------------
# ``transform`` gives a sparse matrix with an entry for each neighbor, nearest first, so that
# scikit-learn's estimators for precomputed graphs can follow. Its indices are the samples found.

k = 8
pipe = make_pipeline(SemanticHasher(64, max_iter=10, random_state=0), HammingIndex(k)).fit(X)
found = pipe.transform(queries).indices.reshape(-1, k)
print(f"{len(X)} samples of {X.shape[1]} numbers, {n_queries} queries, {k} neighbors each")
print(f"of the query's kind: {(y[found] == y_queries[:, None]).mean():.3f} of the neighbors")

# %%
# The same by the samples themselves, which is what codes save: memory and time. Samples are the more
# exact; where that counts, let codes find some hundred candidates and rank these by their samples.

hasher, index = pipe
codes, query_codes = hasher.transform(X), hasher.transform(queries)
begin = perf_counter()
index.kneighbors(query_codes)
by_codes = perf_counter() - begin
samples = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(X)
begin = perf_counter()
found_by_samples = samples.kneighbors(queries, return_distance=False)
by_samples = perf_counter() - begin
print(f"by codes: {by_codes:.3f} s, {codes.shape[1] // 8 * len(X) / 1e6:.2f} MB to search")
print(f"by samples:  {by_samples:.3f} s, {X.nbytes / 1e6:.2f} MB to search,", end=" ")
print(f"{(y[found_by_samples] == y_queries[:, None]).mean():.3f} of the query's kind")

# %%
# How good are the codes?
# -----------------------
# Purity is told with the number of buckets: a bucket for each sample would be pure.

print(f"mean average precision {mean_average_precision(codes, y, query_codes, y_queries):.3f}")
print(f"look-up within 2 bits  {hash_lookup_score(codes, y, query_codes, y_queries):.3f}")
purity = hash_purity_score(codes, y)
print(f"purity of buckets      {purity.purity:.3f}, {purity.n_buckets} buckets of {len(X)} samples")

# %%
# What was looked for, and what was found
# ---------------------------------------
# On the left, in blue, one query of each kind; beside it its neighbors, the nearest first.

chosen = [int(np.flatnonzero(y_queries == kind)[0]) for kind in np.unique(y_queries)]
figure, axes = plt.subplots(
    len(chosen), k + 1, figsize=(k + 1, len(chosen)), squeeze=False, layout="constrained"
)
for line, query in zip(axes, chosen, strict=True):
    line[0].imshow(queries[query].reshape(side, side), cmap="Blues", vmin=0, vmax=1)
    for ax, i in zip(line[1:], found[query], strict=True):
        ax.imshow(X[i].reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
    for ax in line:
        ax.set(xticks=[], yticks=[])
figure.suptitle(f"Queries, and the {k} nearest of {len(X)} images by 64 bits each")

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "retrieval.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
