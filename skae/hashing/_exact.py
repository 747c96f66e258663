"""Exact search of any number of queries: in groups, over threads, by tables and by scanning.

Codes that were added since the tables were built are scanned.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from skae.hashing import _multi_index, _scan
from skae.hashing._top_k import MAX_QUERIES, Integers, smallest
from skae.hashing._words import Words

#: fewer codes are scanned sooner than they are sorted
_MIN_CODES = 1 << 14
#: share of codes without a place in the tables, above which these are built anew
_MAX_TAIL = 1 / 8
#: queries that share the blocks of a scan, and distances that they may hold at a time
_GROUP, _HELD = min(100, MAX_QUERIES), 1 << 21


def tables_for(words: Words, n_bits: int, algorithm: str, known: _multi_index.Tables | None = None):
    """Tables for these codes, those known if they still serve, or None."""
    n_codes = words.shape[1]
    if algorithm == "brute" or (algorithm == "auto" and n_codes < _MIN_CODES):
        return None
    if known is not None and n_codes - known[1].shape[1] <= _MAX_TAIL * n_codes:
        return known
    return _multi_index.build(words, n_bits)


def nearest(words, n_bits, tables, queries, k, n_jobs=1) -> tuple[Integers, Integers]:
    """The k nearest codes, ties by index: distances and indices of shape (n_queries, k)."""
    size = max(1, min(_GROUP, _HELD // max(512, 4 * k)))

    def of_group(group):
        n_sorted = 0 if tables is None else tables[1].shape[1]
        if n_sorted < k:
            return _scan.nearest(words, group, k)
        found = _multi_index.nearest(words[:, :n_sorted], n_bits, tables, group, k)
        rest = words[:, n_sorted:]
        if not rest.shape[1]:
            return found
        distances, indices = _scan.nearest(rest, group, min(k, rest.shape[1]))
        distances = np.hstack([found[0], distances])
        indices = np.hstack([found[1], indices + n_sorted])
        distances, places = smallest(distances, k)
        return distances, np.take_along_axis(indices, places, axis=1)

    found = _of_groups(of_group, queries, size, n_jobs)
    distances, indices = zip(*found, strict=True)
    return np.concatenate(distances), np.concatenate(indices)


def within(words, n_bits, tables, queries, radius, n_jobs=1):
    """All codes within a radius: queries in order, distances, and indices in order."""

    def of_group(group):
        if tables is None:
            return ordered(_scan.within(words, group, radius))
        n_sorted = tables[1].shape[1]
        parts = _multi_index.within(words[:, :n_sorted], n_bits, tables, group, radius)
        rest = _scan.within(words[:, n_sorted:], group, radius)
        return ordered([*parts, *((sample, far, i + n_sorted) for sample, far, i in rest)])

    found = _of_groups(of_group, queries, _GROUP, n_jobs)
    starts = np.arange(len(found)) * _size(queries, _GROUP, n_jobs)
    samples = [samples + start for (samples, _, _), start in zip(found, starts, strict=True)]
    _, distances, indices = zip(*found, strict=True)
    return np.concatenate(samples), np.concatenate(distances), np.concatenate(indices)


def ordered(parts) -> tuple[Integers, Integers, Integers]:
    """Join (queries, distances, indices), in the order of queries and indices, each once."""
    empty = (np.zeros(0, np.int64),) * 3
    queries, distances, indices = (np.concatenate(c) for c in zip(empty, *parts, strict=True))
    order = np.lexsort((indices, queries))
    queries, distances, indices = queries[order], distances[order], indices[order]
    new = np.ones(len(order), bool)
    new[1:] = (queries[1:] != queries[:-1]) | (indices[1:] != indices[:-1])
    return queries[new], distances[new], indices[new]


def _size(queries, size, n_jobs):
    return max(1, min(size, -(-queries.shape[1] // n_jobs)))


def _of_groups(function: Callable, queries: Words, size: int, n_jobs: int) -> list:
    """Call a function on groups of queries: NumPy lets go of the lock where it computes."""
    size = _size(queries, size, n_jobs)
    groups = [queries[:, i : i + size] for i in range(0, queries.shape[1], size)]
    if n_jobs == 1 or len(groups) == 1:
        return [function(group) for group in groups]
    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(function, groups))
