"""Codes as the user gives them: bits or bytes, checked, as packed bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skae.hashing._top_k import MAX_BITS
from skae.hashing._words import pack


def packed_codes(X, packed: bool, name: str = "X") -> NDArray[np.uint8]:
    """Bytes of codes that were read into an array, or a ValueError that says what they are not.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Numeric, without NaN.
    packed : bool
        Whether X holds bytes instead of bits.
    name : str
        What the user calls X.
    """
    if X.dtype.kind in "if" and X.min() < 0:
        raise ValueError(
            f"Negative values in data passed to {name}: codes are 0 and 1, or bytes (of codes that "
            "are -1 and 1 give X > 0)"
        )
    if packed:
        return _bytes(X, name)
    if not _all_in(X, 1):
        raise ValueError(
            f"{name} must hold bits, 0 or 1; for bytes of eight bits each, as SemanticHasher.hash "
            "or numpy.packbits gives them, use packed=True"
        )
    return pack(X)


def refuse_long(n_bits: int) -> None:
    """Raise ValueError for codes whose distances have no room in what orders them."""
    if n_bits > MAX_BITS:
        raise ValueError(f"codes have {n_bits} bits, and at most {MAX_BITS} are searched")


def refuse_unpacked(codes: NDArray[np.uint8]) -> None:
    """Raise ValueError where bytes to be indexed are unpacked bits, told by their values.

    Nothing would be found wrong, but in eight times the memory and time.
    """
    if codes.shape[1] >= 16 and codes.max() == 1 and len(codes) > 1:
        raise ValueError(
            "X holds nothing but 0 and 1, so it is not packed: use packed=False, or pack it with "
            "numpy.packbits(X, axis=1)"
        )


def _bytes(X, name):
    if not _all_in(X, 255):
        raise ValueError(
            f"{name} must hold bytes, whole numbers from 0 to 255, as SemanticHasher.hash or "
            "numpy.packbits gives them; for bits use packed=False"
        )
    return np.ascontiguousarray(X, dtype=np.uint8)


def _all_in(X, largest):
    """Whether all values are whole numbers from 0 to the largest."""
    if X.dtype == bool:
        return True
    bounded = X.min() >= 0 and X.max() <= largest
    return bool(bounded and (X.dtype.kind in "iu" or (X.astype(np.uint8) == X).all()))
