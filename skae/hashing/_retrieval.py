"""Codes and labels of a measure as the user gives them, checked."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_array, column_or_1d

from skae.hashing._validation import packed_codes, refuse_long
from skae.hashing._words import Words, to_words


class RetrievalTask:
    """What is searched and what for: codes as words, labels as whole numbers.

    `own` says that the codes are their own queries, each among the others.
    """

    def __init__(self, codes, y, queries, y_queries, packed: bool) -> None:
        self.words, self.n_bits = read_words(codes, packed, "codes")
        labels = read_labels(y, self.words, "y")
        self.own = queries is None
        if self.own:
            if y_queries is not None:
                raise ValueError("y_queries was given without queries")
            self.queries, wanted = self.words, labels
        else:
            self.queries, n_bits = read_words(queries, packed, "queries")
            if n_bits != self.n_bits:
                raise ValueError(f"queries have {n_bits} bits, but codes have {self.n_bits}")
            wanted = read_labels(y_queries, self.queries, "y_queries")
        if (labels.dtype.kind in "US") != (wanted.dtype.kind in "US"):
            raise ValueError("y and y_queries hold labels of different kinds, names and numbers")
        both = encoded(np.concatenate([labels, wanted]))
        self.labels, self.wanted = both[: len(labels)], both[len(labels) :]
        #: samples that a query can find
        self.n_ranked = len(labels) - self.own
        if not self.n_ranked:
            raise ValueError("a single code has no others to be found")


def read_words(codes, packed: bool, name: str) -> tuple[Words, int]:
    """Codes as planes of words, and their number of bits."""
    codes = check_array(codes, dtype="numeric", input_name=name)
    n_bits = codes.shape[1] * (8 if packed else 1)
    refuse_long(n_bits)
    return to_words(packed_codes(codes, packed, name)), n_bits


def read_labels(y, words: Words, name: str) -> np.ndarray:
    """One label for each code."""
    if y is None:
        raise ValueError(f"{name} is None: give one label for each code")
    labels = column_or_1d(y)
    if len(labels) != words.shape[1]:
        raise ValueError(f"{name} has {len(labels)} labels for {words.shape[1]} codes")
    return labels


def encoded(labels: np.ndarray) -> np.ndarray:
    """Labels as whole numbers from 0 on."""
    try:
        gaps = np.not_equal(labels, labels).any()
        numbers = np.unique(labels, return_inverse=True)[1]
    except TypeError as error:
        raise ValueError(f"labels have no order, or some are missing ({error})") from error
    if gaps:
        raise ValueError("labels hold NaN: leave samples without a label out")
    return numbers


def check_whole(name: str, value, smallest: int, largest: int | None = None) -> int:
    """Check a whole number within its bounds, or raise an error that names it."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    value = int(value)
    if value < smallest or (largest is not None and value > largest):
        bounds = f"at least {smallest}" if largest is None else f"in {smallest}..{largest}"
        raise ValueError(f"{name} must be {bounds}, got {value}")
    return value
