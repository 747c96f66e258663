"""Validated input of retrieval metrics: codes, labels and queries."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, column_or_1d

from skae._typing import ArrayLike
from skae.estimators.base.masked_arrays import refuse_masked
from skae.hashing._top_k import Integers
from skae.hashing._validation import check_n_bits, packed_codes
from skae.hashing._words import Words, to_words


class RetrievalTask:
    """Codes to be searched, query codes, and the labels of both as integers.

    Parameters
    ----------
    codes, y, queries, y_queries, packed
        As in the public metrics, not validated.

    Attributes
    ----------
    words, queries : ndarray of shape (n_words, n_codes) and (n_words, n_queries)
    n_bits : int
    labels, query_labels : ndarray of int of shape (n_codes,) and (n_queries,)
    exclude_self : bool
        Whether the codes are the queries, too. A query then never retrieves itself.
    n_ranked : int
        Number of codes that a query can retrieve.
    """

    def __init__(
        self,
        codes: ArrayLike,
        y: ArrayLike,
        queries: ArrayLike | None,
        y_queries: ArrayLike | None,
        packed: bool,
    ) -> None:
        self.words, self.n_bits = read_words(codes, packed, "codes")
        labels = read_labels(y, self.words, "y")
        self.exclude_self = queries is None
        if queries is None:
            if y_queries is not None:
                raise ValueError("y_queries was passed without queries")
            self.queries, query_labels = self.words, labels
        else:
            self.queries, n_bits = read_words(queries, packed, "queries")
            if n_bits != self.n_bits:
                raise ValueError(f"queries have {n_bits} bits, but codes have {self.n_bits} bits")
            query_labels = read_labels(y_queries, self.queries, "y_queries")
        # NumPy would convert numbers to strings when both are concatenated.
        if (labels.dtype.kind in "US") != (query_labels.dtype.kind in "US"):
            raise ValueError(
                "y and y_queries must have labels of the same kind, strings or numbers, got dtypes "
                f"{labels.dtype} and {query_labels.dtype}"
            )
        all_labels = encode_labels(np.concatenate([labels, query_labels]))
        self.labels, self.query_labels = all_labels[: len(labels)], all_labels[len(labels) :]
        self.n_ranked = len(labels) - self.exclude_self
        if not self.n_ranked:
            raise ValueError("codes has a single sample and queries=None: nothing can be retrieved")


def read_words(codes: ArrayLike, packed: bool, name: str) -> tuple[Words, int]:
    """Validate codes and return them as machine words, with their number of bits."""
    refuse_masked(codes, name)
    checked = check_array(codes, dtype="numeric", input_name=name)
    n_bits = checked.shape[1] * (8 if packed else 1)
    check_n_bits(n_bits)
    return to_words(packed_codes(checked, packed, name)), n_bits


def read_labels(y: ArrayLike | None, words: Words, name: str) -> NDArray:
    """Return the labels as a 1-dimensional array of one label for each code."""
    if y is None:
        raise ValueError(f"{name} is None: pass one label for each code")
    refuse_masked(y, name)
    labels = column_or_1d(y)
    if len(labels) != words.shape[1]:
        raise ValueError(f"{name} has {len(labels)} labels for {words.shape[1]} codes")
    return labels


def encode_labels(labels: NDArray) -> Integers:
    """Encode labels as integers from 0, or raise ValueError for missing labels."""
    try:
        has_nan = np.not_equal(labels, labels).any()
        numbers = np.unique(labels, return_inverse=True)[1]
    except TypeError as error:
        raise ValueError(
            f"labels cannot be sorted: some are missing or of different types ({error})"
        ) from error
    if has_nan:
        raise ValueError("labels contain NaN: remove samples without a label")
    return numbers


def check_integer(name: str, value: object, smallest: int, largest: int | None = None) -> int:
    """Return an integer parameter, or raise an error if it is not an integer in its range."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    number = int(value)
    if number < smallest or (largest is not None and number > largest):
        bounds = f"at least {smallest}" if largest is None else f"in {smallest}..{largest}"
        raise ValueError(f"{name} must be {bounds}, got {number}")
    return number
