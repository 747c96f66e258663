"""Running k nearest neighbors of a group of queries, with ties broken by index.

A neighbor is encoded as one int64 key that holds the query, the distance and the index, from the
highest bits to the lowest. Sorting the keys therefore orders neighbors by query, then distance,
then index.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: positions in the key of the lowest bit of the query and of the distance
_QUERY_SHIFT, _DISTANCE_SHIFT = 56, 40
_DISTANCE_MASK = (1 << (_QUERY_SHIFT - _DISTANCE_SHIFT)) - 1
_INDEX_MASK = (1 << _DISTANCE_SHIFT) - 1

#: most queries of a group and most bits of a code that fit into the key
MAX_QUERIES = 1 << (63 - _QUERY_SHIFT)
MAX_BITS = _DISTANCE_MASK - 1

Integers = NDArray[np.int64]


class TopK:
    """The k nearest neighbors found so far.

    Parameters
    ----------
    limits : ndarray of int64 of shape (n_queries,)
        Only neighbors nearer than this distance are searched for.
    k : int
    """

    def __init__(self, limits: Integers, k: int) -> None:
        self._queries = np.arange(len(limits)) << _QUERY_SHIFT
        self._ranks = np.arange(k)
        # Placeholders at the distance `limits`: they sort behind every neighbor that is added.
        self._keys = (self._queries + (limits << _DISTANCE_SHIFT))[:, None] + self._ranks

    @property
    def bounds(self) -> Integers:
        """Distance of the k-th neighbor; the limit while fewer than k have been found."""
        return (self._keys[:, -1] >> _DISTANCE_SHIFT) & _DISTANCE_MASK

    def update(self, queries: Integers, distances: Integers, indices: Integers) -> None:
        """Add neighbors, each nearer than its query's limit; duplicates are ignored."""
        if not len(queries):
            return
        new = np.sort((queries << _QUERY_SHIFT) + (distances << _DISTANCE_SHIFT) + indices)
        # Both parts are sorted already: a stable sort detects and merges sorted runs.
        keys = np.sort(np.concatenate([self._keys.ravel(), new]), kind="stable")
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        self._keys = keys[np.searchsorted(keys, self._queries)[:, None] + self._ranks]

    def result(self) -> tuple[Integers, Integers]:
        """Return distances and indices, each of shape (n_queries, k)."""
        return (self._keys >> _DISTANCE_SHIFT) & _DISTANCE_MASK, self._keys & _INDEX_MASK


def smallest(distances: Integers, k: int) -> tuple[Integers, Integers]:
    """Return the k smallest distances of each row and their columns, ties broken by column."""
    keys = (distances << _DISTANCE_SHIFT) + np.arange(distances.shape[1])
    if k < keys.shape[1]:
        keys = np.partition(keys, k - 1, axis=1)[:, :k]
    keys.sort(axis=1)
    return keys >> _DISTANCE_SHIFT, keys & _INDEX_MASK


def self_matches(indices: Integers) -> NDArray[np.bool_]:
    """Mask that marks one neighbor in each row i of a self-query: code i itself.

    If code i is missing from its row, because enough equal codes with lower indices fill it, the
    last neighbor is marked instead.
    """
    matches = indices == np.arange(len(indices))[:, None]
    matches[:, -1] |= ~matches.any(axis=1)
    return matches
