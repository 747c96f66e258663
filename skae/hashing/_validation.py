"""Validation of binary codes, given as bits or as packed bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skae.hashing._top_k import MAX_BITS
from skae.hashing._words import pack


def packed_codes(X: np.ndarray, packed: bool, name: str = "X") -> NDArray[np.uint8]:
    """Validate codes and return them as packed bytes.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Numeric, without NaN.
    packed : bool
        Whether X holds bytes instead of bits.
    name : str
        Name of the parameter, for error messages.

    Raises
    ------
    ValueError
        If X does not hold bits (bytes if packed).
    """
    if X.dtype.kind in "if" and X.min() < 0:
        raise ValueError(
            f"Negative values in data passed to {name}: codes must be 0 and 1, or bytes if "
            "packed=True (for codes of -1 and 1, pass X > 0)"
        )
    if packed:
        if not _is_integer_in_range(X, 255):
            raise ValueError(
                f"{name} must hold bytes, integers from 0 to 255, as returned by "
                "SemanticHasher.hash or numpy.packbits; for bits use packed=False"
            )
        return np.ascontiguousarray(X, dtype=np.uint8)
    if not _is_integer_in_range(X, 1):
        raise ValueError(
            f"{name} must hold bits, 0 or 1; for bytes of eight bits each, as returned by "
            "SemanticHasher.hash or numpy.packbits, use packed=True"
        )
    return pack(X)


def check_n_bits(n_bits: int) -> None:
    """Raise ValueError if distances of such codes overflow the sort keys of `TopK`."""
    if n_bits > MAX_BITS:
        raise ValueError(f"codes have {n_bits} bits, but at most {MAX_BITS} bits are supported")


def check_is_packed(codes: NDArray[np.uint8]) -> None:
    """Raise ValueError if codes passed with packed=True hold only 0 and 1.

    Unpacked bits would give correct neighbors, but need eight times the memory and time.
    """
    if codes.shape[1] >= 16 and codes.max() == 1 and len(codes) > 1:
        raise ValueError(
            "X holds only 0 and 1, so it is not packed: use packed=False, or pack it with "
            "numpy.packbits(X, axis=1)"
        )


def _is_integer_in_range(X: np.ndarray, largest: int) -> bool:
    """Return whether all values are integers from 0 to `largest`."""
    if X.dtype == bool:
        return True
    bounded = X.min() >= 0 and X.max() <= largest
    return bool(bounded and (X.dtype.kind in "iu" or (X.astype(np.uint8) == X).all()))
