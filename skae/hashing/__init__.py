"""Retrieval with binary codes: a Hamming-distance index and retrieval metrics.

Importing this package imports NumPy and scikit-learn, but neither JAX nor faiss.
"""

from skae.hashing.index import HammingIndex
from skae.hashing.measures import hash_lookup_score, mean_average_precision, precision_at_k
from skae.hashing.purity import HashPurity, hash_purity_score

__all__ = [
    "HammingIndex",
    "HashPurity",
    "hash_lookup_score",
    "hash_purity_score",
    "mean_average_precision",
    "precision_at_k",
]
