"""How well samples of a label are found by their codes.

Knows no backend: all measures are exact.
"""

from __future__ import annotations

import numpy as np

from skae.hashing import _exact
from skae.hashing._retrieval import RetrievalTask, check_whole
from skae.hashing._top_k import own_places
from skae.hashing._words import distances

#: queries whose hash balls are held at a time
_GROUP = 100


def mean_average_precision(codes, y, queries=None, y_queries=None, *, k=None, packed=False):
    """Mean average precision (mAP) of samples ranked by the Hamming distance of their codes.

    A sample is relevant to a query if it has the query's label. Samples are ranked by distance, ties by
    index, and with r_i = 1 where the sample in place i is relevant::

        AP = sum_{i <= k} r_i * (r_1 + ... + r_i) / i  /  sum_{i <= k} r_i

    0 where none of the first k is relevant; mAP is the mean over queries.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        Codes to search: 0 and 1, or bytes where packed.
    y : array-like of shape (n_samples,)
        Their labels, of any kind.
    queries : array-like of shape (n_queries, n_bits) or (n_queries, n_bytes), default=None
        Codes to search for. None: each of the codes, among the others.
    y_queries : array-like of shape (n_queries,), default=None
        Their labels; not with queries=None.
    k : int, default=None
        Places that count; None: all.
    packed : bool, default=False
        Whether codes are bytes of eight bits each.

    Returns
    -------
    score : float
        In [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If codes or queries do not hold bits (bytes where packed), their lengths differ, there is
        not one label for each, y_queries is given without queries, a single code is searched for
        others, or k is not in 1..n, where n samples can be found.
    TypeError
        If k is not an integer, or codes are sparse.

    Notes
    -----
    Short codes have many ties, and codes sorted by label would make them count: shuffle the samples.
    Others divide by all relevant samples, also for k below n_samples; that number is bounded by
    k / (number of relevant samples), and other than this one it rewards finding more of them.

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
        check_whole("k", k, 1, task.n_ranked)
    scores = []
    for relevant in _ranked_relevance(task):
        places = np.flatnonzero(relevant[:k])
        found = np.arange(1, len(places) + 1)
        scores.append((found / (places + 1)).mean() if len(places) else 0.0)
    return float(np.mean(scores))


def precision_at_k(codes, y, queries=None, y_queries=None, *, k=10, packed=False):
    """Share of the k nearest samples that have the query's label, averaged over queries.

    With r_i = 1 where the neighbor in place i has the query's label, else 0::

        precision at k = mean over queries of (r_1 + ... + r_k) / k

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        Codes to search: 0 and 1, or bytes where packed.
    y : array-like of shape (n_samples,)
        Their labels, of any kind.
    queries : array-like of shape (n_queries, n_bits) or (n_queries, n_bytes), default=None
        Codes to search for. None: each of the codes, among the others.
    y_queries : array-like of shape (n_queries,), default=None
        Their labels; not with queries=None.
    k : int, default=10
        Neighbors of a query, by Hamming distance, ties by index; at most as many as there are.
    packed : bool, default=False
        Whether codes are bytes of eight bits each.

    Returns
    -------
    score : float
        In [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If codes or queries do not hold bits (bytes where packed), their lengths differ, there is
        not one label for each, y_queries is given without queries, a single code is searched for
        others, or k is not in 1..n, where n samples can be found.
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
    check_whole("k", k, 1, task.n_ranked)
    tables = _exact.tables_for(task.words, task.n_bits, "auto")
    _, found = _exact.nearest(task.words, task.n_bits, tables, task.queries, k + task.own)
    relevant = task.labels[found] == task.wanted[:, None]
    if task.own:
        relevant = relevant[~own_places(found)]
    return float(relevant.mean())


def hash_lookup_score(codes, y, queries=None, y_queries=None, *, radius=2, packed=False):
    """Precision of looking up the hash ball, averaged over queries.

    Of the samples whose codes differ from the query's in at most `radius` bits, the share that has
    the query's label. With r_i = 1 where sample i has the query's label, else 0, and d_i the bits in
    which its code differs::

        score = mean over queries of  sum_{d_i <= radius} r_i  /  sum_{d_i <= radius} 1

    0 for a query that finds nothing.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits) or (n_samples, n_bytes)
        Codes to search: 0 and 1, or bytes where packed.
    y : array-like of shape (n_samples,)
        Their labels, of any kind.
    queries : array-like of shape (n_queries, n_bits) or (n_queries, n_bytes), default=None
        Codes to search for. None: each of the codes, among the others.
    y_queries : array-like of shape (n_queries,), default=None
        Their labels; not with queries=None.
    radius : int, default=2
        Bits that may differ, in 0..n_bits.
    packed : bool, default=False
        Whether codes are bytes of eight bits each.

    Returns
    -------
    score : float
        In [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If codes or queries do not hold bits (bytes where packed), their lengths differ, there is
        not one label for each, y_queries is given without queries, a single code is searched for
        others, or radius is not in 0..n_bits.
    TypeError
        If radius is not an integer, or codes are sparse.

    Examples
    --------
    >>> from skae.hashing import hash_lookup_score
    >>> codes, y = [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]], ["a", "b", "a", "b"]
    >>> hash_lookup_score(codes, y, [[0, 0, 0], [1, 0, 1]], ["a", "b"], radius=1)
    0.75
    """
    task = RetrievalTask(codes, y, queries, y_queries, packed)
    check_whole("radius", radius, 0, task.n_bits)
    tables = _exact.tables_for(task.words, task.n_bits, "auto")
    scores = []
    for start in range(0, len(task.wanted), _GROUP):
        some, wanted = task.queries[:, start : start + _GROUP], task.wanted[start : start + _GROUP]
        samples, _, found = _exact.within(task.words, task.n_bits, tables, some, radius)
        if task.own:
            others = samples + start != found
            samples, found = samples[others], found[others]
        relevant = task.labels[found] == wanted[samples]
        n_found = np.bincount(samples, minlength=len(wanted))
        n_relevant = np.bincount(samples, weights=relevant, minlength=len(wanted))
        scores.append(n_relevant / np.maximum(n_found, 1))
    return float(np.concatenate(scores).mean())


def _ranked_relevance(task):
    """Whether the samples have the query's label, in the order of their distance, by query."""
    # sorted by counting, which NumPy does for whole numbers as narrow as these
    dtype = np.uint8 if task.n_bits <= 255 else np.uint16
    for i, label in enumerate(task.wanted):
        differ = distances(task.words, task.queries[:, i, None]).astype(dtype)
        order = np.argsort(differ, kind="stable")
        if task.own:
            order = order[order != i]
        yield task.labels[order] == label
