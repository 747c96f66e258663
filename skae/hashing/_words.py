"""Codes as whole words of a machine: packed bits in, planes of words out.

Knows no index, no label and no backend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: shape (n_words, n_codes): word j of all codes lies together, so that a scan reads it in order
Words = NDArray[np.unsignedinteger]


def pack(bits: np.ndarray) -> NDArray[np.uint8]:
    """Eight bits a byte, the first bit highest, as `SemanticHasher.hash` does."""
    return np.packbits(bits.astype(bool, copy=False), axis=1)


def to_words(packed: NDArray[np.uint8]) -> Words:
    """Planes of the smallest words that hold the bytes; what is left over is 0."""
    n_codes, n_bytes = packed.shape
    size = next((size for size in (1, 2, 4) if n_bytes <= size), 8)
    n_words = -(-n_bytes // size)
    whole = np.zeros((n_codes, n_words * size), np.uint8)
    whole[:, :n_bytes] = packed
    return np.ascontiguousarray(whole.view(f"u{size}").T)


def to_bytes(words: Words, n_bytes: int) -> NDArray[np.uint8]:
    """Undo `to_words`."""
    codes = np.ascontiguousarray(words.T).view(np.uint8)
    return np.ascontiguousarray(codes[:, :n_bytes])


def distances(words: Words, others: Words) -> NDArray[np.int64]:
    """Bits that differ between codes of two sets, of shapes that broadcast behind the words."""
    counts = np.bitwise_count(words[0] ^ others[0]).astype(np.int64)
    for one, other in zip(words[1:], others[1:], strict=True):
        counts += np.bitwise_count(one ^ other)
    return counts
