"""Exact search that looks only where near codes can be: multi-index hashing.

A code is cut into m substrings, with one table each: codes in the order of their substring. Two
codes that differ in at most ``m * s + a - 1`` bits differ in at most s bits of one of the first a
substrings, or in at most s - 1 of one of the others. So a search opens, substring by substring and
shell by shell, the buckets that lie t = 0, 1, 2, ... bits away, and after each step knows that
nothing nearer is left [1]_. A search that has cost as much as a scan gives up and scans: so it
never takes longer than twice the sooner way.

.. [1] Norouzi, Punjani and Fleet (2012). Fast search in Hamming space with multi-index hashing.
   CVPR 2012.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise

import numpy as np

from skae.hashing import _scan
from skae.hashing._top_k import Integers, Nearest
from skae.hashing._words import Words, to_bytes

#: bits of a substring: 2 ** 16 buckets are sorted and kept at little cost
_WIDTH = 16
#: codes that a scan looks at in the time of one candidate, one bucket, one kept in a step
_CANDIDATE, _BUCKET, _KEPT = 10, 2, 50
#: candidates gathered at a time
_CHUNK = 1 << 16

#: starts of buckets (n_tables, n_buckets + 1), indices and words of codes in their order
Tables = tuple[np.ndarray, np.ndarray, np.ndarray]


def build(words: Words, n_bits: int) -> Tables:
    """Sort the codes by each substring: 4 bytes and the code itself, for each code and table."""
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


def nearest(words: Words, n_bits: int, tables: Tables, queries: Words, k: int):
    """As `_scan.nearest`, by the tables as long as they pay."""
    best = Nearest(np.full(queries.shape[1], n_bits + 1), k)
    keys, width = _substrings(queries, n_bits)
    active, given_up = np.arange(queries.shape[1]), [np.zeros(0, np.int64)]
    spent = np.zeros(queries.shape[1], np.int64)
    for step in range(len(keys) * (width + 1)):
        if not len(active):
            break
        spent += _KEPT * k
        worth, hits = _open(tables, queries, keys, active, step, best.bounds, spent)
        given_up.append(active[~worth])
        active = active[worth]
        best.offer(*hits)
        active = active[best.bounds[active] > step]
    scanned = np.concatenate(given_up)
    found = best.result()
    if len(scanned):
        limits = best.bounds[scanned] + 1
        for mine, theirs in zip(
            found, _scan.nearest(words, queries[:, scanned], k, limits), strict=True
        ):
            mine[scanned] = theirs
    return found


def within(words: Words, n_bits: int, tables: Tables, queries: Words, radius: int):
    """As `_scan.within`, by the tables where they pay; a code may be found more than once."""
    keys, width = _substrings(queries, n_bits)
    bounds = np.full(queries.shape[1], radius)
    active, parts = np.arange(queries.shape[1]), []
    spent = np.zeros(queries.shape[1], np.int64)
    for step in range(min(radius + 1, len(keys) * (width + 1))):
        worth, hits = _open(tables, queries, keys, active, step, bounds, spent)
        given_up, active = active[~worth], active[worth]
        parts.append(hits)
        if len(given_up):
            scanned = _scan.within(words, queries[:, given_up], radius)
            parts += [(given_up[samples], *found) for samples, *found in scanned]
        if not len(active):
            break
    return parts


def _substrings(words: Words, n_bits: int) -> tuple[np.ndarray, int]:
    """Keys of shape (n_tables, n_codes), and their bits: as many in each, but for the last."""
    n_tables = -(-n_bits // _WIDTH)
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
def _shell(width: int, n_flips: int) -> np.ndarray:
    """All numbers of so many bits of which so many are 1."""
    ones = [sum(1 << place for place in places) for places in combinations(range(width), n_flips)]
    return np.sort(np.array(ones, np.uint16))


def _open(tables, queries, keys, active, step, bounds, spent):
    """Open a step's buckets, for queries that so spend no more than on a scan: which, and hits."""
    starts, indices, codes = tables
    n_flips, j = divmod(step, len(keys))
    width = int(starts.shape[1] - 1).bit_length() - 1
    buckets = (keys[j, active, None] ^ _shell(width, n_flips)).astype(np.intp)
    begin = starts[j][buckets]
    size = starts[j][buckets + 1] - begin
    totals = size.sum(axis=1)
    spent[active] += _CANDIDATE * totals + _BUCKET * buckets.shape[1]
    worth = spent[active] < indices.shape[1]
    active, begin, size, totals = active[worth], begin[worth], size[worth], totals[worth]
    hits = []
    for part in _parts(totals):
        some, counts = active[part], totals[part]
        places = _ranges(begin[part].ravel(), size[part].ravel())
        differ = _differing(codes[j], places, queries[:, some], counts)
        limits = np.minimum(bounds[some], np.iinfo(differ.dtype).max).astype(differ.dtype)
        near = np.flatnonzero(differ <= np.repeat(limits, counts))
        samples = some[np.searchsorted(np.cumsum(counts), near, side="right")]
        hits.append((samples, differ[near].astype(np.int64), indices[j][places[near]]))
    empty = (np.zeros(0, np.int64),) * 3
    return worth, tuple(np.concatenate(column) for column in zip(empty, *hits, strict=True))


def _differing(codes, places, queries, counts):
    """Distances of each query from as many codes; takes and repeats, for speed, no indexing."""
    total = None
    for words, query in zip(codes, queries, strict=True):
        differ = words.take(places)
        differ ^= np.repeat(query, counts)
        count = np.bitwise_count(differ)
        total = count if total is None else np.add(total, count, dtype=np.uint16)
    return total


def _parts(totals: Integers) -> list[slice]:
    """Cut queries into runs of about `_CHUNK` candidates."""
    ends = np.flatnonzero(np.diff(np.cumsum(totals) // _CHUNK)) + 1
    cuts = [0, *ends.tolist(), len(totals)]
    return [slice(a, b) for a, b in pairwise(cuts) if a < b]


def _ranges(begin: Integers, size: Integers) -> Integers:
    """All of begin[i], ..., begin[i] + size[i] - 1, one range after the other."""
    ends = np.cumsum(size)
    return np.repeat(begin - ends + size, size) + np.arange(ends[-1] if len(ends) else 0)
