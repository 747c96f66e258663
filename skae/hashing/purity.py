"""Label purity of hash buckets and Hamming balls."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from skae._typing import ArrayLike
from skae.hashing import _exact
from skae.hashing._retrieval import check_integer, encode_labels, read_labels, read_words

#: Centers of Hamming balls that are searched at a time.
_CENTERS = 4096


class HashPurity(NamedTuple):
    """Result of `hash_purity_score`."""

    #: mean Gini purity of the buckets or Hamming balls, in (0, 1]
    purity: float
    #: number of buckets that hold samples; with one bucket for each sample the purity of buckets
    #: is trivially 1
    n_buckets: int


def hash_purity_score(
    codes: ArrayLike, y: ArrayLike, radius: int = 0, *, packed: bool = False
) -> HashPurity:
    """Mean Gini purity of hash buckets or Hamming balls, and the number of buckets.

    A bucket holds the samples of one code. Its Hamming ball holds all samples whose codes differ
    from the bucket's code in at most `radius` bits. With the fraction p_c of samples of label c in
    the bucket (radius=0) or ball::

        purity = mean over buckets of sum_c p_c ** 2

    This is 1 minus the mean Gini impurity: the probability that two samples drawn from the same
    bucket have the same label. All buckets have the same weight, however many samples they hold.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        Codes of 0 and 1, or bytes if `packed`.
    y : array-like of shape (n_samples,)
        Labels: strings or numbers.
    radius : int, default=0
        Hamming radius, usually 0, 1 or 2. 0 evaluates buckets.
    packed : bool, default=False
        Whether codes are packed bytes of eight bits each.

    Returns
    -------
    purity : float
        In [1 / n_labels, 1]; higher is better.
    n_buckets : int
        Number of buckets. Compare the purity of models only at similar numbers of buckets: a
        bucket of one sample is pure, so that the purity increases with their number.

    Raises
    ------
    ValueError
        If codes do not hold bits (bytes if `packed`), y has another length, or `radius` is not in
        0..n_bits.

    Examples
    --------
    >>> from skae.hashing import hash_purity_score
    >>> hash_purity_score([[0, 0], [0, 0], [1, 1], [1, 1]], ["a", "b", "b", "b"])
    HashPurity(purity=0.75, n_buckets=2)
    """
    words, n_bits = read_words(codes, packed, "codes")
    check_integer("radius", radius, 0, n_bits)
    labels = encode_labels(read_labels(y, words, "y"))
    # Each code is viewed as one void value, so that np.unique compares whole codes.
    rows = np.ascontiguousarray(words.T)
    _, first, bucket = np.unique(
        rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel(),
        return_index=True,
        return_inverse=True,
    )
    shape = (len(first), labels.max() + 1)
    counts = csr_matrix((np.ones(len(labels)), (bucket, labels)), shape=shape)
    if radius == 0:
        return HashPurity(float(_gini_purity(counts).mean()), len(first))
    centers = words[:, first]
    tables = _exact.tables_for(centers, n_bits)
    total = 0.0
    for start in range(0, len(first), _CENTERS):
        queries = centers[:, start : start + _CENTERS]
        balls, _, members = _exact.within(centers, n_bits, tables, queries, radius)
        shape = (queries.shape[1], len(first))
        membership = csr_matrix((np.ones(len(balls)), (balls, members)), shape)
        total += _gini_purity(membership @ counts).sum()
    return HashPurity(float(total / len(first)), len(first))


def _gini_purity(counts: csr_matrix) -> NDArray[np.float64]:
    """Sum of squared label fractions of each row of label counts."""
    totals = np.asarray(counts.sum(axis=1)).ravel()
    return np.asarray(counts.multiply(counts).sum(axis=1)).ravel() / totals**2
