"""Exact search by multi-index hashing, which compares only codes that share a substring bucket.

A code is divided into m substrings. One table for each substring holds the codes sorted by that
substring; codes with equal substrings form a bucket. Two codes that differ in at most
``m * s + a - 1`` bits differ in at most s bits of one of the first a substrings, or in at most
s - 1 bits of one of the others [1]_.

A search proceeds in steps: for t = 0, 1, 2, ... it opens the buckets at Hamming distance t from
the query's substring, one table after the other. By the bound above, after step number
``t * m + j`` (counted from 0) all codes at that distance or less have been found. A query whose
search has cost as much as a linear scan is scanned instead, so that no search takes longer than
about twice the faster of the two methods.

.. [1] Norouzi, Punjani and Fleet (2012). Fast search in Hamming space with multi-index hashing.
   CVPR 2012.
"""

from __future__ import annotations

from functools import cache, partial, reduce
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from skae.hashing import _scan
from skae.hashing._scan import Hits
from skae.hashing._top_k import Integers, TopK
from skae.hashing._words import Words, to_bytes

#: Bits of a substring: 2 ** 16 buckets are built and stored at low cost.
_SUBSTRING_BITS = 16
#: Cost of one candidate, one bucket and one kept neighbor of a step, in codes of a linear scan.
_CANDIDATE_COST, _BUCKET_COST, _KEPT_COST = 10, 2, 50
#: Candidates gathered at a time.
_CHUNK = 1 << 16

#: Starts of buckets (n_tables, n_buckets + 1); indices and words of the codes, sorted by table.
Tables = tuple[np.ndarray, np.ndarray, np.ndarray]


def build(words: Words, n_bits: int) -> Tables:
    """Sort the codes by each substring.

    The tables hold, for each code, the code itself and 4 bytes of index in each table.
    """
    keys, width = _substrings(words, n_bits)
    n_tables, n_codes = keys.shape
    starts = np.zeros((n_tables, (1 << width) + 1), np.int64)
    indices = np.empty(keys.shape, np.int32 if n_codes < 1 << 31 else np.int64)
    codes = np.empty((n_tables, *words.shape), words.dtype)
    for j, key in enumerate(keys):
        order = np.argsort(key, kind="stable")
        np.cumsum(np.bincount(key, minlength=1 << width), out=starts[j, 1:])
        indices[j] = order
        np.take(words, order, axis=1, out=codes[j])
    return starts, indices, codes


def nearest(
    words: Words, n_bits: int, tables: Tables, queries: Words, k: int
) -> tuple[Integers, Integers]:
    """Return the k nearest codes as `_scan.nearest` does, by the tables where they are faster."""
    top_k = TopK(np.full(queries.shape[1], n_bits + 1), k)
    keys, width = _substrings(queries, n_bits)
    active, dropped = np.arange(queries.shape[1]), [np.zeros(0, np.int64)]
    cost = np.zeros(queries.shape[1], np.int64)
    for step in range(len(keys) * (width + 1)):
        if not len(active):
            break
        cost += _KEPT_COST * k
        affordable, hits = _open_buckets(tables, queries, keys, active, step, top_k.bounds, cost)
        dropped.append(active[~affordable])
        active = active[affordable]
        top_k.update(*hits)
        # After this step, no code at a distance of `step` or less is missing.
        active = active[top_k.bounds[active] > step]
    scanned = np.concatenate(dropped)
    result = top_k.result()
    if len(scanned):
        limits = top_k.bounds[scanned] + 1
        by_scan = _scan.nearest(words, queries[:, scanned], k, limits)
        for values, scanned_values in zip(result, by_scan, strict=True):
            values[scanned] = scanned_values
    return result


def within(words: Words, n_bits: int, tables: Tables, queries: Words, radius: int) -> list[Hits]:
    """Return all codes within a radius as `_scan.within` does, possibly with duplicates.

    Uses the tables where they are faster.
    """
    keys, width = _substrings(queries, n_bits)
    bounds = np.full(queries.shape[1], radius)
    active = np.arange(queries.shape[1])
    parts: list[Hits] = []
    cost = np.zeros(queries.shape[1], np.int64)
    for step in range(min(radius + 1, len(keys) * (width + 1))):
        affordable, hits = _open_buckets(tables, queries, keys, active, step, bounds, cost)
        dropped, active = active[~affordable], active[affordable]
        parts.append(hits)
        if len(dropped):
            by_scan = _scan.within(words, queries[:, dropped], radius)
            parts += [(dropped[rows], distances, i) for rows, distances, i in by_scan]
        if not len(active):
            break
    return parts


def _substrings(words: Words, n_bits: int) -> tuple[NDArray[np.uint16], int]:
    """Return substrings as integers of shape (n_tables, n_codes), and their number of bits.

    All substrings have the same number of bits; the last one is padded with 0.
    """
    n_tables = -(-n_bits // _SUBSTRING_BITS)
    width = -(-n_bits // n_tables)
    codes = np.pad(to_bytes(words, -(-n_bits // 8)), ((0, 0), (0, 4))).astype(np.uint32)
    keys = np.empty((n_tables, len(codes)), np.uint16)
    for j in range(n_tables):
        first, offset = divmod(j * width, 8)
        high, middle, low = (codes[:, first + i] for i in range(3))
        window = high << 16 | middle << 8 | low
        keys[j] = window >> (24 - offset - width) & ((1 << width) - 1)
    return keys, width


@cache
def _bit_patterns(width: int, n_ones: int) -> NDArray[np.uint16]:
    """Return all integers of `width` bits of which `n_ones` are 1."""
    patterns = [sum(1 << i for i in ones) for ones in combinations(range(width), n_ones)]
    return np.sort(np.array(patterns, np.uint16))


def _open_buckets(
    tables: Tables,
    queries: Words,
    keys: NDArray[np.uint16],
    active: Integers,
    step: int,
    bounds: Integers,
    cost: Integers,
) -> tuple[NDArray[np.bool_], Hits]:
    """Search the buckets of one step, for those active queries whose cost stays below a scan's.

    Adds the step to `cost` in place.

    Returns
    -------
    affordable : ndarray of bool of shape (n_active,)
        Active queries that cost less than a linear scan; only these are searched.
    hits : tuple of ndarray
        Queries, distances and indices of the codes within `bounds`.
    """
    starts, indices, codes = tables
    n_flips, j = divmod(step, len(keys))
    width = int(starts.shape[1] - 1).bit_length() - 1
    buckets = (keys[j, active, None] ^ _bit_patterns(width, n_flips)).astype(np.intp)
    begin = starts[j][buckets]
    size = starts[j][buckets + 1] - begin
    totals = size.sum(axis=1)
    cost[active] += _CANDIDATE_COST * totals + _BUCKET_COST * buckets.shape[1]
    affordable = cost[active] < indices.shape[1]
    active, begin, size, totals = (a[affordable] for a in (active, begin, size, totals))
    hits = []
    for chunk in _chunks(totals):
        searched, counts = active[chunk], totals[chunk]
        positions = _concatenated_ranges(begin[chunk].ravel(), size[chunk].ravel())
        distances = _candidate_distances(codes[j], positions, queries[:, searched], counts)
        limits = np.minimum(bounds[searched], np.iinfo(distances.dtype).max)
        near = np.flatnonzero(distances <= np.repeat(limits.astype(distances.dtype), counts))
        rows = searched[np.searchsorted(np.cumsum(counts), near, side="right")]
        hits.append((rows, distances[near].astype(np.int64), indices[j][positions[near]]))
    empty = (np.zeros(0, np.int64),) * 3
    queries_hit, distances_hit, indices_hit = (
        np.concatenate(arrays) for arrays in zip(empty, *hits, strict=True)
    )
    return affordable, (queries_hit, distances_hit, indices_hit)


def _candidate_distances(
    codes: Words, positions: Integers, queries: Words, counts: Integers
) -> np.ndarray:
    """Distances of each query from its own candidates, `counts` of them, at `positions`."""

    def word_distances(words: np.ndarray, query: np.ndarray) -> NDArray[np.uint8]:
        # take and repeat are faster than fancy indexing.
        xor = words.take(positions)
        xor ^= np.repeat(query, counts)
        return np.bitwise_count(xor)

    return reduce(partial(np.add, dtype=np.uint16), map(word_distances, codes, queries))


def _chunks(totals: Integers) -> list[slice]:
    """Divide queries into consecutive groups of about `_CHUNK` candidates."""
    ends = np.flatnonzero(np.diff(np.cumsum(totals) // _CHUNK)) + 1
    cuts = [0, *ends.tolist(), len(totals)]
    return [slice(a, b) for a, b in pairwise(cuts) if a < b]


def _concatenated_ranges(begin: Integers, size: Integers) -> Integers:
    """Concatenate the ranges begin[i], ..., begin[i] + size[i] - 1."""
    ends = np.cumsum(size)
    return np.repeat(begin - ends + size, size) + np.arange(ends[-1] if len(ends) else 0)
