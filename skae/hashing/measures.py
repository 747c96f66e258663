"""Retrieval metrics of binary codes: mean average precision, precision at k, hash lookup.

All metrics are computed by exact search, with NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from skae._typing import ArrayLike
from skae.hashing import _exact
from skae.hashing._retrieval import RetrievalTask, check_integer
from skae.hashing._top_k import self_matches
from skae.hashing._words import distances

#: Queries whose Hamming balls are held in memory at a time.
_GROUP = 100


def mean_average_precision(
    codes: ArrayLike,
    y: ArrayLike,
    queries: ArrayLike | None = None,
    y_queries: ArrayLike | None = None,
    *,
    k: int | None = None,
    packed: bool = False,
) -> float:
    """Mean average precision (mAP) of samples ranked by the Hamming distance of their codes.

    A sample is relevant to a query if both have the same label. Samples are ranked by distance,
    with ties broken by index. With r_i = 1 if the sample at rank i is relevant, else 0::

        AP = sum_{i <= k} r_i * (r_1 + ... + r_i) / i  /  sum_{i <= k} r_i

    AP is 0 if none of the first k samples is relevant. mAP is the mean of AP over queries.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        Codes to be searched: 0 and 1, or bytes if `packed`.
    y : array-like of shape (n_samples,)
        Labels of the codes: strings or numbers.
    queries : array-like of shape (n_queries, n_bits) or (n_queries, n_bytes), default=None
        Query codes. None: each of the codes is a query and retrieves the others.
    y_queries : array-like of shape (n_queries,), default=None
        Labels of the queries; None if `queries` is None.
    k : int, default=None
        Number of ranks that are evaluated. None: all.
    packed : bool, default=False
        Whether codes are packed bytes of eight bits each.

    Returns
    -------
    score : float
        In [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If codes or queries do not hold bits (bytes if `packed`) or differ in length, the labels
        are missing or differ in number from the codes, `y_queries` is passed without `queries`, a
        single code has no others to retrieve, or k is not in 1..n, where n samples can be
        retrieved.
    TypeError
        If k is not an integer, or codes are sparse.

    Notes
    -----
    Short codes have many ties. If the samples are sorted by label, breaking ties by index biases
    the score: shuffle the samples first.

    Some definitions divide by the number of all relevant samples, even for k below n_samples. That
    score is at most k / (number of relevant samples), and unlike this one it increases with the
    number of relevant samples among the first k.

    References
    ----------
    Manning, Raghavan and Schuetze (2008). Introduction to Information Retrieval, section 8.4.
    Cambridge University Press.

    Examples
    --------
    >>> from skae.hashing import mean_average_precision
    >>> codes, y = [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]], ["a", "b", "a", "b"]
    >>> mean_average_precision(codes, y, [[0, 0, 0]], ["a"])
    0.8333...
    """
    task = RetrievalTask(codes, y, queries, y_queries, packed)
    if k is not None:
        check_integer("k", k, 1, task.n_ranked)
    scores = []
    for relevant in _ranked_relevance(task):
        ranks = np.flatnonzero(relevant[:k]) + 1
        n_relevant = np.arange(1, len(ranks) + 1)
        scores.append((n_relevant / ranks).mean() if len(ranks) else 0.0)
    return float(np.mean(scores))


def precision_at_k(
    codes: ArrayLike,
    y: ArrayLike,
    queries: ArrayLike | None = None,
    y_queries: ArrayLike | None = None,
    *,
    k: int = 10,
    packed: bool = False,
) -> float:
    """Fraction of the k nearest samples that have the query's label, averaged over queries.

    With r_i = 1 if the i-th nearest sample has the query's label, else 0::

        precision at k = mean over queries of (r_1 + ... + r_k) / k

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        Codes to be searched: 0 and 1, or bytes if `packed`.
    y : array-like of shape (n_samples,)
        Labels of the codes: strings or numbers.
    queries : array-like of shape (n_queries, n_bits) or (n_queries, n_bytes), default=None
        Query codes. None: each of the codes is a query and retrieves the others.
    y_queries : array-like of shape (n_queries,), default=None
        Labels of the queries; None if `queries` is None.
    k : int, default=10
        Number of neighbors of a query by Hamming distance, with ties broken by index; at most the
        number of samples that can be retrieved.
    packed : bool, default=False
        Whether codes are packed bytes of eight bits each.

    Returns
    -------
    score : float
        In [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If codes or queries do not hold bits (bytes if `packed`) or differ in length, the labels
        are missing or differ in number from the codes, `y_queries` is passed without `queries`, a
        single code has no others to retrieve, or k is not in 1..n, where n samples can be
        retrieved.
    TypeError
        If k is not an integer, or codes are sparse.

    Examples
    --------
    >>> from skae.hashing import precision_at_k
    >>> codes, y = [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]], ["a", "b", "a", "b"]
    >>> precision_at_k(codes, y, [[0, 0, 0]], ["a"], k=2)
    0.5
    """
    task = RetrievalTask(codes, y, queries, y_queries, packed)
    check_integer("k", k, 1, task.n_ranked)
    tables = _exact.tables_for(task.words, task.n_bits)
    # Codes that are their own queries find themselves, too: one neighbor more is searched.
    n_searched = k + task.exclude_self
    _, indices = _exact.nearest(task.words, task.n_bits, tables, task.queries, n_searched)
    relevant = task.labels[indices] == task.query_labels[:, None]
    if task.exclude_self:
        relevant = relevant[~self_matches(indices)]
    return float(relevant.mean())


def hash_lookup_score(
    codes: ArrayLike,
    y: ArrayLike,
    queries: ArrayLike | None = None,
    y_queries: ArrayLike | None = None,
    *,
    radius: int = 2,
    packed: bool = False,
) -> float:
    """Precision of hash lookup within a Hamming radius, averaged over queries.

    The precision of a query is the fraction of samples with the query's label among the samples in
    its Hamming ball, those whose codes differ in at most `radius` bits. With r_i = 1 if sample i
    has the query's label, else 0, and d_i the Hamming distance of its code::

        score = mean over queries of  sum_{d_i <= radius} r_i  /  sum_{d_i <= radius} 1

    The precision is 0 for a query whose ball is empty.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        Codes to be searched: 0 and 1, or bytes if `packed`.
    y : array-like of shape (n_samples,)
        Labels of the codes: strings or numbers.
    queries : array-like of shape (n_queries, n_bits) or (n_queries, n_bytes), default=None
        Query codes. None: each of the codes is a query and retrieves the others.
    y_queries : array-like of shape (n_queries,), default=None
        Labels of the queries; None if `queries` is None.
    radius : int, default=2
        Largest Hamming distance, inclusive, in 0..n_bits.
    packed : bool, default=False
        Whether codes are packed bytes of eight bits each.

    Returns
    -------
    score : float
        In [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If codes or queries do not hold bits (bytes if `packed`) or differ in length, the labels
        are missing or differ in number from the codes, `y_queries` is passed without `queries`, a
        single code has no others to retrieve, or `radius` is not in 0..n_bits.
    TypeError
        If `radius` is not an integer, or codes are sparse.

    Examples
    --------
    >>> from skae.hashing import hash_lookup_score
    >>> codes, y = [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]], ["a", "b", "a", "b"]
    >>> hash_lookup_score(codes, y, [[0, 0, 0], [1, 0, 1]], ["a", "b"], radius=1)
    0.75
    """
    task = RetrievalTask(codes, y, queries, y_queries, packed)
    check_integer("radius", radius, 0, task.n_bits)
    tables = _exact.tables_for(task.words, task.n_bits)
    scores = []
    for start in range(0, len(task.query_labels), _GROUP):
        group = slice(start, start + _GROUP)
        queries, query_labels = task.queries[:, group], task.query_labels[group]
        found_by, _, indices = _exact.within(task.words, task.n_bits, tables, queries, radius)
        if task.exclude_self:
            others = found_by + start != indices
            found_by, indices = found_by[others], indices[others]
        relevant = task.labels[indices] == query_labels[found_by]
        n_found = np.bincount(found_by, minlength=len(query_labels))
        n_relevant = np.bincount(found_by, weights=relevant, minlength=len(query_labels))
        scores.append(n_relevant / np.maximum(n_found, 1))
    return float(np.concatenate(scores).mean())


def _ranked_relevance(task: RetrievalTask) -> Iterator[NDArray[np.bool_]]:
    """Yield, for each query, whether the samples are relevant, in the order of their distance."""
    # NumPy's stable sort is a radix sort for integers of at most 16 bits.
    dtype = np.uint8 if task.n_bits <= 255 else np.uint16
    for i, label in enumerate(task.query_labels):
        query_distances = distances(task.words, task.queries[:, i, None]).astype(dtype)
        order = np.argsort(query_distances, kind="stable")
        if task.exclude_self:
            order = order[order != i]
        yield task.labels[order] == label
