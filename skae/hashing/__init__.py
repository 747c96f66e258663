"""Retrieval by codes of bits: an index for Hamming distances, and measures of what it finds.

Needs NumPy and scikit-learn only; knows of no autoencoder.
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
