"""Deduplication of samples, and an order that depends on their content alone.

Equal samples become one sample with their summed weight. So a weight of 2 is equivalent to a
repeated sample, in any order, and a duplicate cannot be in the training set and in the validation
set at once.
"""

import numpy as np

from skae.core.data.moments import float64_blocks
from skae.core.data.samples import Samples

__all__ = ["canonical_samples"]


def canonical_samples(samples: Samples, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First occurrence of each distinct sample of positive weight, and summed weights.

    The order is that of a fixed random projection. It does not change when the samples are shifted
    or multiplied by a positive number. Samples that differ in their targets are distinct.

    Parameters
    ----------
    samples : Samples
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
    # Relative to one of the samples, so that a large offset costs no precision.
    origin = samples.raw(slice(0, 1))[0].astype(np.float64)
    for part, block in float64_blocks(samples):
        block += 0.0  # -0.0 equals 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            projection[part] = (block - origin) @ direction
        bits = block.view(np.uint64)
        # Small integers have zeros in the low bits, and a product would keep them: fold first.
        bits ^= bits >> np.uint64(29)
        hashes[part] = bits @ factor + _target_hashes(samples, part)
    return hashes, projection


def _target_hashes(samples, part):
    """Of each sample, an integer hash of its targets' bits; 0 where it has none."""
    rng = np.random.default_rng(20150427)
    factor = rng.integers(1, 2**63, samples.n_targets, dtype=np.uint64) | np.uint64(1)
    targets = samples.targets(part, raw=True).astype(np.float64)
    return (targets + 0.0).view(np.uint64) @ factor


def _same_as_previous(samples, order, hashes):
    """Whether each sample in `order` equals the one before it: hashes first, then all values."""
    same = np.zeros(len(order), bool)
    candidates = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]]) + 1
    for some in np.array_split(candidates, max(1, len(candidates) // 1024)):
        before = order[some - 1]
        same[some] = (samples.raw(order[some]) == samples.raw(before)).all(axis=1)
        targets, others = (samples.targets(i, raw=True) for i in (order[some], before))
        same[some] &= (targets == others).all(axis=1)
    return same
