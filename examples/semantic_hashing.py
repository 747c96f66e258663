"""
================
Semantic hashing
================

:class:`skae.SemanticHasher` encodes each sample as a short binary code (hash), such that similar
samples have equal or similar codes. A similarity search compares bytes instead of samples, and
samples with the same hash are retrieved by a hash table lookup, without a search.

This example hashes Fashion-MNIST images to 16 bits (two bytes instead of 784) and shows the largest
buckets: images with the same hash. No labels are used for training.

Without Fashion-MNIST the example uses scikit-learn's digits.
"""

# %%
# Hashing
# -------

from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import SemanticHasher
from skae.datasets import load_fashion_mnist
from skae.display import HashBucketDisplay

started = perf_counter()
try:
    fashion = load_fashion_mnist()
    X, y, names = fashion.data[:8_000], fashion.target[:8_000], np.array(fashion.target_names)
    queries, y_queries = fashion.data[-1000:], fashion.target[-1000:]
except FileNotFoundError as error:
    print(f"{error}\nscikit-learn's digits are used instead.")
    X, y = load_digits(return_X_y=True)
    X, queries, y, y_queries = train_test_split(X / 16, y, random_state=0)
    names = np.arange(10)
side = int(np.sqrt(X.shape[1]))

hasher = SemanticHasher(16, max_iter=10, random_state=0).fit(X)
hashes = hasher.hash(X)
print(f"{len(X)} images of {X.shape[1]} pixels -> {hashes.shape[1]} bytes each")
share = hasher.bit_balance_
print(f"bit balance: each bit is set in {share.min():.0%} to {share.max():.0%} of the images")

# %%
# Search by Hamming distance
# --------------------------
# The Hamming distance is the number of bits set in the exclusive or of two hashes. Do not subtract
# hashes: 0 - 1 is 255 in uint8. Precision is the fraction of the nearest 100 images that have the
# class of the query. The baseline is iterative quantization (ITQ), the initialization of training.


def precision(hasher):
    """Fraction of the nearest 100 images that have the class of the query."""
    hashes, query_hashes = hasher.hash(X), hasher.hash(queries)
    distances = np.bitwise_count(query_hashes[:, None] ^ hashes).sum(axis=2, dtype=np.uint8)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :100]
    return (y[nearest] == y_queries[:, None]).mean()


itq = SemanticHasher(16, max_iter=0, random_state=0).fit(X)
print(f"precision at 100, SemanticHasher: {precision(hasher):.3f}")
print(f"precision at 100, ITQ:            {precision(itq):.3f}")

# %%
# Images with the same hash
# -------------------------
# Each row shows one bucket, the largest first. Left column, in blue: the image decoded from the
# hash alone, that is, from two bytes.

display = HashBucketDisplay.from_estimator(
    hasher, X, names[y], n_buckets=10, n_rows=12, image_shape=(side, side)
)

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "semantic_hashing.png"
display.figure_.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
