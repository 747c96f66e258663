"""The k nearest found so far of a group of queries, ties by index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# One whole number orders all that is found: query, then distance, then index.
_QUERY, _DISTANCE = 56, 40
_DISTANCES, _INDICES = (1 << (_QUERY - _DISTANCE)) - 1, (1 << _DISTANCE) - 1

#: what the numbers above have room for
MAX_QUERIES = 1 << (63 - _QUERY)
MAX_BITS = _DISTANCES - 1

Integers = NDArray[np.int64]


class Nearest:
    """The k nearest so far.

    Parameters
    ----------
    limits : ndarray of int64 of shape (n_queries,)
        Only what is nearer than this is wanted.
    k : int
    """

    def __init__(self, limits: Integers, k: int) -> None:
        self._queries = np.arange(len(limits)) << _QUERY
        self._places = np.arange(k)
        # places still free: they sort behind whatever may be offered
        self._keys = (self._queries + (limits << _DISTANCE))[:, None] + self._places

    @property
    def bounds(self) -> Integers:
        """Distance of the last of the k: the limit while fewer than k were found."""
        return (self._keys[:, -1] >> _DISTANCE) & _DISTANCES

    def offer(self, queries: Integers, distances: Integers, indices: Integers) -> None:
        """Take in codes, each nearer than its query's limit; known ones may come again."""
        if not len(queries):
            return
        new = np.sort((queries << _QUERY) + (distances << _DISTANCE) + indices)
        # two sorted runs, which a stable sort merges
        keys = np.sort(np.concatenate([self._keys.ravel(), new]), kind="stable")
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        self._keys = keys[np.searchsorted(keys, self._queries)[:, None] + self._places]

    def result(self) -> tuple[Integers, Integers]:
        """Distances and indices, each of shape (n_queries, k)."""
        return (self._keys >> _DISTANCE) & _DISTANCES, self._keys & _INDICES


def smallest(distances: Integers, k: int) -> tuple[Integers, Integers]:
    """The k smallest of each sample and where they are, ties by position."""
    keys = (distances << _DISTANCE) + np.arange(distances.shape[1])
    if k < keys.shape[1]:
        keys = np.partition(keys, k - 1, axis=1)[:, :k]
    keys.sort(axis=1)
    return keys >> _DISTANCE, keys & _INDICES


def own_places(indices: Integers) -> np.ndarray:
    """Where sample i found itself; its last place where more than all the others equal it."""
    own = indices == np.arange(len(indices))[:, None]
    own[:, -1] |= ~own.any(axis=1)
    return own
