"""Exact search by a linear scan over all codes, in blocks that fit into the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from skae.hashing._top_k import Integers, TopK, smallest
from skae.hashing._words import Words, distances

#: Codes of a block. With words of 8 bytes, codes and XOR results take half a MB.
_BLOCK = 1 << 15
#: Codes of which the first k nearest are selected, to get bounds for the blocks that follow.
_HEAD = 512

#: queries, distances and indices of neighbors, three arrays of the same length
Hits = tuple[Integers, Integers, Integers]


def nearest(
    words: Words, queries: Words, k: int, limits: Integers | None = None
) -> tuple[Integers, Integers]:
    """Return the k nearest codes of each query, ties broken by index.

    Parameters
    ----------
    words, queries : ndarray of shape (n_words, n_codes) and (n_words, n_queries)
    k : int
        At most n_codes.
    limits : ndarray of int64 of shape (n_queries,), default=None
        Upper bounds: at least k codes are known to be nearer than this distance.

    Returns
    -------
    distances, indices : ndarray of int64 of shape (n_queries, k)
    """
    n_codes = words.shape[1]
    begin = min(n_codes, max(_HEAD, 4 * k))
    head = smallest(distances(words[:, None, :begin], queries[:, :, None]), k)
    if begin == n_codes:
        return head
    head_limits = head[0][:, -1] + 1
    top_k = TopK(head_limits if limits is None else np.minimum(head_limits, limits), k)
    rows, columns = np.nonzero(head[0] < top_k.bounds[:, None])
    top_k.update(rows, head[0][rows, columns], head[1][rows, columns])
    for hits in _scan_blocks(words, queries, begin, lambda: top_k.bounds - 1):
        top_k.update(*hits)
    return top_k.result()


def within(words: Words, queries: Words, radius: int) -> list[Hits]:
    """Return all codes within a radius, unordered, in one tuple of arrays for each block."""
    bounds = np.full(queries.shape[1], radius)
    return list(_scan_blocks(words, queries, 0, lambda: bounds))


def _scan_blocks(
    words: Words, queries: Words, begin: int, bounds: Callable[[], Integers]
) -> Iterator[Hits]:
    """Yield the codes within `bounds()`, which may decrease from block to block."""
    dtype = np.uint8 if len(words) * words.itemsize * 8 <= 255 else np.uint16
    buffers = tuple(np.empty(_BLOCK, t) for t in (words.dtype, np.uint8, dtype))
    n_queries, n_codes = queries.shape[1], words.shape[1]
    mask_buffer = np.empty(n_queries * _BLOCK, bool)
    start = begin
    while start < n_codes:
        # A block is at most as long as all blocks before it: about as many codes then lie within
        # the bounds as are kept.
        block = words[:, start : start + min(_BLOCK, start if begin else _BLOCK)]
        size = block.shape[1]
        width = -(-size // 8) * 8
        mask = mask_buffer[: n_queries * width].reshape(n_queries, width)
        mask[:, size:] = False
        views = [buffer[:size] for buffer in buffers]
        for query, bound, row in zip(queries.T, bounds().tolist(), mask[:, :size], strict=True):
            if bound < 0:
                row[:] = False
            else:
                np.less_equal(_block_distances(block, query, *views), dtype(bound), row)
        flat = _flatnonzero(mask)
        if len(flat):
            rows, columns = np.divmod(flat, width)
            indices = start + columns
            yield rows, distances(words[:, indices], queries[:, rows]), indices
        start += size


def _block_distances(
    block: Words, query: Words, xor: Words, count: NDArray[np.uint8], total: np.ndarray
) -> np.ndarray:
    """Distances of a block's codes from one query, in the narrowest dtype, written to buffers."""
    np.bitwise_xor(block[0], query[0], xor)
    np.bitwise_count(xor, count)
    if len(block) == 1:
        return count
    total[:] = count
    for words, word in zip(block[1:], query[1:], strict=True):
        np.bitwise_xor(words, word, xor)
        np.bitwise_count(xor, count)
        np.add(total, count, total)
    return total


def _flatnonzero(mask: NDArray[np.bool_]) -> Integers:
    """Equivalent of np.flatnonzero for sparse masks.

    It tests eight entries at a time by viewing them as one uint64.
    """
    eights = np.flatnonzero(mask.reshape(-1).view(np.uint64) != 0)
    rows, columns = np.nonzero(mask.reshape(-1, 8)[eights])
    return eights[rows] * 8 + columns
