"""Binary codes packed into machine words, and Hamming distances between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Shape (n_words, n_codes): word j of all codes is contiguous, so that a scan reads sequentially.
Words = NDArray[np.unsignedinteger]


def pack(bits: np.ndarray) -> NDArray[np.uint8]:
    """Pack eight bits into a byte, the first bit highest, as `SemanticHasher.hash` does."""
    return np.packbits(bits.astype(bool, copy=False), axis=1)


def to_words(packed: NDArray[np.uint8]) -> Words:
    """Convert packed bytes to the smallest word type that holds them, padded with 0."""
    n_codes, n_bytes = packed.shape
    size = next((size for size in (1, 2, 4) if n_bytes <= size), 8)
    n_words = -(-n_bytes // size)
    padded = np.zeros((n_codes, n_words * size), np.uint8)
    padded[:, :n_bytes] = packed
    return np.ascontiguousarray(padded.view(f"u{size}").T)


def to_bytes(words: Words, n_bytes: int) -> NDArray[np.uint8]:
    """Invert `to_words`."""
    codes = np.ascontiguousarray(words.T).view(np.uint8)
    return np.ascontiguousarray(codes[:, :n_bytes])


def distances(words: Words, others: Words) -> NDArray[np.int64]:
    """Hamming distances between two sets of codes.

    The axes after the first, which holds the words of a code, are broadcast.
    """
    counts = np.bitwise_count(words[0] ^ others[0]).astype(np.int64)
    for word, other in zip(words[1:], others[1:], strict=True):
        counts += np.bitwise_count(word ^ other)
    return counts
