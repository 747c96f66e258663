"""Exact search by looking at every code, in blocks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from skae.hashing._top_k import Integers, Nearest, smallest
from skae.hashing._words import Words, distances

#: codes of a block: with 8 bytes each, and as many for what differs, half a MB
_BLOCK = 1 << 15
#: codes with which a search for the k nearest begins
_HEAD = 512


def nearest(words: Words, queries: Words, k: int, limits: Integers | None = None):
    """The k nearest codes of each query.

    Parameters
    ----------
    words, queries : ndarray of shape (n_words, n_codes) and (n_words, n_queries)
    k : int
        At most n_codes.
    limits : ndarray of int64 of shape (n_queries,), default=None
        Distances below which k codes are known to lie.

    Returns
    -------
    distances, indices : ndarray of int64 of shape (n_queries, k)
    """
    n_codes = words.shape[1]
    begin = min(n_codes, max(_HEAD, 4 * k))
    found = smallest(distances(words[:, None, :begin], queries[:, :, None]), k)
    if begin == n_codes:
        return found
    sooner = found[0][:, -1] + 1
    best = Nearest(sooner if limits is None else np.minimum(sooner, limits), k)
    samples, columns = np.nonzero(found[0] < best.bounds[:, None])
    best.offer(samples, found[0][samples, columns], found[1][samples, columns])
    for hits in _hits(words, queries, begin, lambda: best.bounds - 1):
        best.offer(*hits)
    return best.result()


def within(words: Words, queries: Words, radius: int):
    """All codes within a radius: arrays of queries, distances and indices, in no order."""
    bounds = np.full(queries.shape[1], radius)
    return list(_hits(words, queries, 0, lambda: bounds))


def _hits(
    words: Words, queries: Words, begin: int, bounds: Callable[[], Integers]
) -> Iterator[tuple[Integers, Integers, Integers]]:
    """What lies within the bounds, which may shrink from block to block."""
    dtype = np.uint8 if len(words) * words.itemsize * 8 <= 255 else np.uint16
    buffers = tuple(np.empty(_BLOCK, t) for t in (words.dtype, np.uint8, dtype))
    n_queries, n_codes = queries.shape[1], words.shape[1]
    cells = np.empty(n_queries * _BLOCK, bool)
    start = begin
    while start < n_codes:
        # as many codes as were seen before: then about as many hits as are kept
        block = words[:, start : start + min(_BLOCK, start if begin else _BLOCK)]
        size = block.shape[1]
        width = -(-size // 8) * 8
        found = cells[: n_queries * width].reshape(n_queries, width)
        found[:, size:] = False
        parts = [buffer[:size] for buffer in buffers]
        for query, bound, sample in zip(queries.T, bounds().tolist(), found[:, :size], strict=True):
            if bound < 0:
                sample[:] = False
            else:
                np.less_equal(_count(block, query, *parts), dtype(bound), sample)
        flat = _positions_of_true(found)
        if len(flat):
            samples, columns = np.divmod(flat, width)
            indices = start + columns
            yield samples, distances(words[:, indices], queries[:, samples]), indices
        start += size


def _count(block, query, differ, count, total):
    """Distances of a block's codes from one query, in whole numbers as narrow as they may be."""
    np.bitwise_xor(block[0], query[0], differ)
    np.bitwise_count(differ, count)
    if len(block) == 1:
        return count
    total[:] = count
    for words, word in zip(block[1:], query[1:], strict=True):
        np.bitwise_xor(words, word, differ)
        np.bitwise_count(differ, count)
        np.add(total, count, total)
    return total


def _positions_of_true(mask):
    """As np.flatnonzero, eight cells at a time: hardly any is true."""
    eights = np.flatnonzero(mask.reshape(-1).view(np.uint64) != 0)
    samples, columns = np.nonzero(mask.reshape(-1, 8)[eights])
    return eights[samples] * 8 + columns
