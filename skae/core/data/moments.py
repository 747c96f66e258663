"""Weighted moments of samples, merged duplicates and a canonical order; in float64, block by block.

Equal samples become one sample with their summed weight, and samples are put into an order that depends
on their content alone. So a weight of 2 is the same as a sample given twice, in whatever order.
"""

import numpy as np

from skae.core.data.samples import Samples

__all__ = ["canonical_samples", "mean_and_scale", "refuse_beyond_squares"]


def _float64(samples: Samples):
    return samples.blocks(lambda part: samples.raw(part).astype(np.float64))


# a sum of squares of such values is still a float64
_LARGEST = 1e150


def refuse_beyond_squares(largest: float, name: str) -> None:
    """Raise where the largest value of `name` is too large to be squared."""
    if not largest <= _LARGEST:
        raise ValueError(
            f"{name} holds values beyond {_LARGEST:.0e}, of which squares are no numbers any more: "
            f"divide {name} by what is usual in it"
        )


def mean_and_scale(samples: Samples, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Weighted mean of each column and the root mean square of ``samples - mean`` over all cells.

    Samples that are all equal (up to rounding of float64) have the scale 1.
    """
    share = weight / np.sum(weight, dtype=np.float64)
    origin = samples.raw(slice(0, 1))[0].astype(np.float64)
    mean = np.zeros(samples.n_features)
    with np.errstate(over="ignore", invalid="ignore"):
        for part, block in _float64(samples):
            mean += share[part] @ (block - origin)
        mean += origin
        largest = max(np.max(np.abs(block - mean), initial=0.0) for _, block in _float64(samples))
        refuse_beyond_squares(max(largest, np.max(np.abs(mean), initial=0.0)), "X")
    if not largest > 1e-14 * np.max(np.abs(mean), initial=0.0):
        return mean, 1.0
    square = 0.0
    for part, block in _float64(samples):
        square += float(share[part] @ np.square((block - mean) / largest).sum(axis=1))
    # nothing where all but one sample have no weight to speak of
    return mean, float(largest * np.sqrt(square / samples.n_features)) or 1.0


def canonical_samples(samples: Samples, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First occurrence of each distinct sample of positive weight, and summed weights.

    Parameters
    ----------
    samples : Samples
        With their mean and scale: the order is that of a fixed random projection of samples in units
        of training, so that it does not change when the data are shifted and scaled. Samples with
        other targets are other samples.
    weight : ndarray of shape (n_samples,)
        Not negative.

    Returns
    -------
    index : ndarray of shape (n_distinct,)
        In canonical order.
    merged : ndarray of shape (n_distinct,)
        Their weights; mean 1.
    """
    hashes, projection = _fingerprints(samples)
    used = np.flatnonzero(weight > 0)
    order = used[np.lexsort((used, hashes[used]))]
    first = ~_same_as_previous(samples, order, hashes)
    merged = np.bincount(np.cumsum(first) - 1, weights=weight[order])
    distinct = order[first]
    rank = np.lexsort((hashes[distinct], projection[distinct]))
    return distinct[rank], merged[rank] / merged.mean()


def _fingerprints(samples):
    """Of each sample, an integer hash of its bits and a random projection."""
    rng = np.random.default_rng(20060728)
    factor = rng.integers(1, 2**63, samples.n_features, dtype=np.uint64) | np.uint64(1)
    direction = rng.standard_normal(samples.n_features)
    hashes = np.empty(samples.n_samples, np.uint64)
    projection = np.empty(samples.n_samples)
    for part, block in _float64(samples):
        block += 0.0  # -0.0 equals 0.0
        projection[part] = ((block - samples.mean) / samples.scale) @ direction
        bits = block.view(np.uint64)
        # small integers have zeros in the low bits, which a product would carry on: fold first
        bits ^= bits >> np.uint64(29)
        hashes[part] = bits @ factor + _bits_of_targets(samples, part)
    return hashes, projection


def _bits_of_targets(samples, part):
    """Of each sample an integer hash of its targets' bits; 0 where it has none."""
    rng = np.random.default_rng(20150427)
    factor = rng.integers(1, 2**63, samples.n_targets, dtype=np.uint64) | np.uint64(1)
    return (samples.targets(part).astype(np.float64) + 0.0).view(np.uint64) @ factor


def _same_as_previous(samples, order, hashes):
    """Whether each sample in `order` equals the one before it: hashes first, then the cells."""
    same = np.zeros(len(order), bool)
    candidates = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]]) + 1
    for some in np.array_split(candidates, max(1, len(candidates) // 1024)):
        before = order[some - 1]
        same[some] = (samples.raw(order[some]) == samples.raw(before)).all(axis=1)
        same[some] &= (samples.targets(order[some]) == samples.targets(before)).all(axis=1)
    return same
