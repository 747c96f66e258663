"""Exact search for any number of queries, in groups that threads process in parallel.

Codes are searched by multi-index hashing where tables exist, and by a linear scan otherwise.
Codes that were added after the tables were built are scanned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skae.hashing import _multi_index, _scan
from skae.hashing._multi_index import Tables
from skae.hashing._scan import Hits
from skae.hashing._top_k import MAX_QUERIES, Integers, smallest
from skae.hashing._words import Words

#: Below this number of codes, a linear scan takes less time than building tables.
_MIN_CODES = 1 << 14
#: Share of codes that are not in the tables, above which the tables are rebuilt.
_MAX_UNSORTED = 1 / 8
#: Queries that are searched together, and distances that they may hold in memory at a time.
_GROUP, _MAX_DISTANCES = min(100, MAX_QUERIES), 1 << 21

Result = TypeVar("Result")


def tables_for(
    words: Words, n_bits: int, algorithm: str = "auto", previous: Tables | None = None
) -> Tables | None:
    """Return tables for multi-index hashing, or None if the codes are to be scanned.

    Parameters
    ----------
    words : ndarray of shape (n_words, n_codes)
    n_bits : int
    algorithm : {"auto", "brute", "multi_index"}
    previous : tuple of ndarray, default=None
        Tables of the first codes. They are returned unless too many codes were added since.
    """
    n_codes = words.shape[1]
    if algorithm == "brute" or (algorithm == "auto" and n_codes < _MIN_CODES):
        return None
    if previous is not None and n_codes - previous[1].shape[1] <= _MAX_UNSORTED * n_codes:
        return previous
    return _multi_index.build(words, n_bits)


def nearest(
    words: Words, n_bits: int, tables: Tables | None, queries: Words, k: int, n_jobs: int = 1
) -> tuple[Integers, Integers]:
    """Return distances and indices of the k nearest codes, each of shape (n_queries, k).

    Ties are broken by index.
    """
    # A scan starts with the distances of max(512, 4 * k) codes for each query of the group.
    size = max(1, min(_GROUP, _MAX_DISTANCES // max(512, 4 * k)))

    def search(group: Words) -> tuple[Integers, Integers]:
        n_sorted = 0 if tables is None else tables[1].shape[1]
        if tables is None or n_sorted < k:
            return _scan.nearest(words, group, k)
        distances, indices = _multi_index.nearest(words[:, :n_sorted], n_bits, tables, group, k)
        added = words[:, n_sorted:]
        if not added.shape[1]:
            return distances, indices
        added_distances, added_indices = _scan.nearest(added, group, min(k, added.shape[1]))
        distances = np.hstack([distances, added_distances])
        indices = np.hstack([indices, added_indices + n_sorted])
        distances, columns = smallest(distances, k)
        return distances, np.take_along_axis(indices, columns, axis=1)

    results = _map_groups(search, queries, size, n_jobs)
    distances, indices = zip(*results, strict=True)
    return np.concatenate(distances), np.concatenate(indices)


def within(
    words: Words, n_bits: int, tables: Tables | None, queries: Words, radius: int, n_jobs: int = 1
) -> Hits:
    """Return queries, distances and indices of all codes within a radius.

    They are sorted by query, then by index.
    """

    def search(group: Words) -> Hits:
        if tables is None:
            return sorted_hits(_scan.within(words, group, radius))
        n_sorted = tables[1].shape[1]
        parts = _multi_index.within(words[:, :n_sorted], n_bits, tables, group, radius)
        added = _scan.within(words[:, n_sorted:], group, radius)
        parts += [(rows, distances, indices + n_sorted) for rows, distances, indices in added]
        return sorted_hits(parts)

    results = _map_groups(search, queries, _GROUP, n_jobs)
    first_queries = np.arange(len(results)) * _group_size(queries, _GROUP, n_jobs)
    rows = [rows + first for (rows, _, _), first in zip(results, first_queries, strict=True)]
    _, distances, indices = zip(*results, strict=True)
    return np.concatenate(rows), np.concatenate(distances), np.concatenate(indices)


def sorted_hits(parts: Iterable[Hits]) -> Hits:
    """Concatenate hits, sorted by query and index, without duplicates."""
    empty = (np.zeros(0, np.int64),) * 3
    queries, distances, indices = (np.concatenate(c) for c in zip(empty, *parts, strict=True))
    order = np.lexsort((indices, queries))
    queries, distances, indices = queries[order], distances[order], indices[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (queries[1:] != queries[:-1]) | (indices[1:] != indices[:-1])
    return queries[is_first], distances[is_first], indices[is_first]


def split_by_query(
    queries: Integers, n_queries: int, distances: Integers, indices: Integers
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Split the distances and indices of sorted hits into one array for each query."""
    cuts = np.searchsorted(queries, np.arange(1, n_queries))
    # np.array would stack parts of equal length to a 2-dimensional array.
    split = np.empty((2, n_queries), object)
    for row, values in zip(split, (distances, indices), strict=True):
        row[:] = np.split(values, cuts)
    return split[0], split[1]


def _group_size(queries: Words, size: int, n_jobs: int) -> int:
    return max(1, min(size, -(-queries.shape[1] // n_jobs)))


def _map_groups(
    function: Callable[[Words], Result], queries: Words, size: int, n_jobs: int
) -> list[Result]:
    """Call a function on groups of queries, in threads.

    Threads run in parallel because NumPy releases the global interpreter lock in its loops.
    """
    size = _group_size(queries, size, n_jobs)
    groups = [queries[:, i : i + size] for i in range(0, queries.shape[1], size)]
    if n_jobs == 1 or len(groups) == 1:
        return [function(group) for group in groups]
    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(function, groups))
