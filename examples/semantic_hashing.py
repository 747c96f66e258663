"""
=================================
Finding alike samples by their hash
=================================

:class:`skae.SemanticHasher` makes a few bits of each sample, such that alike samples get the same bits or
nearly so. A search then compares bytes instead of samples, and samples with the very same hash are found
without any search: the hash is a key.

This example hashes photographs of clothes to 16 bits, two bytes instead of 784, and shows drawers
of the dictionary that this makes: images with the same hash. No label was used.

Without Fashion-MNIST the example runs on scikit-learn's digits, and says so.
"""

# %%
# Hashes of some thousand images
# ------------------------------

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
print(f"bits are set in {share.min():.0%} to {share.max():.0%} of the images")

# %%
# A search by Hamming distance
# ----------------------------
# Bits that differ are counted by an exclusive or. Never subtract hashes: 0 - 1 is 255 in uint8.
# How many of the nearest 100 images show the same kind of thing as the query? Beside it: ITQ, which
# is where training starts.


def precision(hasher):
    """Share of the nearest 100 images that are of the query's kind."""
    samples, wanted = hasher.hash(X), hasher.hash(queries)
    distances = np.bitwise_count(wanted[:, None] ^ samples).sum(axis=2, dtype=np.uint8)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :100]
    return (y[nearest] == y_queries[:, None]).mean()


itq = SemanticHasher(16, max_iter=0, random_state=0).fit(X)
print(f"of the nearest 100 images, of the query's kind: {precision(hasher):.3f}")
print(f"the same by ITQ: {precision(itq):.3f}")

# %%
# Images with the same hash
# -------------------------
# One drawer a line, the fullest first. On the left, in blue, what the decoder makes of the hash
# alone: all that two bytes say about an image.

display = HashBucketDisplay.from_estimator(
    hasher, X, names[y], n_buckets=10, n_rows=12, image_shape=(side, side)
)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "semantic_hashing.png"
display.figure_.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
