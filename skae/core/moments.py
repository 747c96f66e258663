"""Weighted moments of rows, merged duplicates and a canonical order; in float64, block by block.

Equal rows become one row with their summed weight, and rows are put into an order that depends
on their content alone. So a weight of 2 is the same as a row given twice, in whatever order.
"""

import numpy as np

from skae.core.batching import Rows

__all__ = ["canonical_rows", "mean_and_scale", "refuse_beyond_squares"]


def _float64(rows: Rows):
    return rows.blocks(lambda part: rows.raw(part).astype(np.float64))


# a sum of squares of such values is still a float64
_LARGEST = 1e150


def refuse_beyond_squares(largest: float, name: str) -> None:
    """Raise where the largest value of `name` is too large to be squared."""
    if not largest <= _LARGEST:
        raise ValueError(
            f"{name} holds values beyond {_LARGEST:.0e}, of which squares are no numbers any more: "
            f"divide {name} by what is usual in it"
        )


def mean_and_scale(rows: Rows, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Weighted mean of each column and the root mean square of ``rows - mean`` over all cells.

    Rows that are all equal (up to rounding of float64) have the scale 1.
    """
    share = weight / np.sum(weight, dtype=np.float64)
    origin = rows.raw(slice(0, 1))[0].astype(np.float64)
    mean = np.zeros(rows.n_features)
    with np.errstate(over="ignore", invalid="ignore"):
        for part, block in _float64(rows):
            mean += share[part] @ (block - origin)
        mean += origin
        largest = max(np.max(np.abs(block - mean), initial=0.0) for _, block in _float64(rows))
        refuse_beyond_squares(max(largest, np.max(np.abs(mean), initial=0.0)), "X")
    if not largest > 1e-14 * np.max(np.abs(mean), initial=0.0):
        return mean, 1.0
    square = 0.0
    for part, block in _float64(rows):
        square += float(share[part] @ np.square((block - mean) / largest).sum(axis=1))
    # nothing where all but one row have no weight to speak of
    return mean, float(largest * np.sqrt(square / rows.n_features)) or 1.0


def canonical_rows(rows: Rows, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First occurrence of each distinct row of positive weight, and summed weights.

    Parameters
    ----------
    rows : Rows
        With their mean and scale: the order is that of a fixed random projection of rows in units
        of training, so that it does not change when the data are shifted and scaled. Rows with
        other targets are other rows.
    weight : ndarray of shape (n_rows,)
        Not negative.

    Returns
    -------
    index : ndarray of shape (n_distinct,)
        In canonical order.
    merged : ndarray of shape (n_distinct,)
        Their weights; mean 1.
    """
    hashes, projection = _fingerprints(rows)
    used = np.flatnonzero(weight > 0)
    order = used[np.lexsort((used, hashes[used]))]
    first = ~_same_as_previous(rows, order, hashes)
    merged = np.bincount(np.cumsum(first) - 1, weights=weight[order])
    distinct = order[first]
    rank = np.lexsort((hashes[distinct], projection[distinct]))
    return distinct[rank], merged[rank] / merged.mean()


def _fingerprints(rows):
    """Of each row, an integer hash of its bits and a random projection."""
    rng = np.random.default_rng(20060728)
    factor = rng.integers(1, 2**63, rows.n_features, dtype=np.uint64) | np.uint64(1)
    direction = rng.standard_normal(rows.n_features)
    hashes = np.empty(rows.n_rows, np.uint64)
    projection = np.empty(rows.n_rows)
    for part, block in _float64(rows):
        block += 0.0  # -0.0 equals 0.0
        projection[part] = ((block - rows.mean) / rows.scale) @ direction
        bits = block.view(np.uint64)
        # small integers have zeros in the low bits, which a product would carry on: fold first
        bits ^= bits >> np.uint64(29)
        hashes[part] = bits @ factor + _bits_of_targets(rows, part)
    return hashes, projection


def _bits_of_targets(rows, part):
    """Of each row an integer hash of its targets' bits; 0 where it has none."""
    rng = np.random.default_rng(20150427)
    factor = rng.integers(1, 2**63, rows.n_targets, dtype=np.uint64) | np.uint64(1)
    return (rows.targets(part).astype(np.float64) + 0.0).view(np.uint64) @ factor


def _same_as_previous(rows, order, hashes):
    """Whether each row in `order` equals the one before it: hashes first, then the cells."""
    same = np.zeros(len(order), bool)
    candidates = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]]) + 1
    for some in np.array_split(candidates, max(1, len(candidates) // 1024)):
        before = order[some - 1]
        same[some] = (rows.raw(order[some]) == rows.raw(before)).all(axis=1)
        same[some] &= (rows.targets(order[some]) == rows.targets(before)).all(axis=1)
    return same
