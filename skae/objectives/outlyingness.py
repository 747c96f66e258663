"""How odd samples are by their codes and errors, and the samples that a robust fit trains on.

Samples come as ``blocks()``, an iterator over ``(slice, codes, squares)``, squared errors by cells.
"""

from typing import NamedTuple

import numpy as np

from skae.core.data.moments import mean_and_scale
from skae.core.data.samples import Samples
from skae.core.initialization.principal_components import principal_components

__all__ = [
    "Trimmed",
    "compared",
    "geometric_mean",
    "outlyingness",
    "over_columns",
    "threshold",
    "trimmed_samples",
    "weighted_quantile",
]

_MAX_COMPONENTS = 64
# how much further than the samples that are kept the others may stretch a column's scale
_STRETCH = 4.0
# the least error of a column that is told from none, beside the mean over columns
_LEAST_CELL = 0.3
# relative variances and squared errors below these are rounding
_ROUNDING = 1e-6, 1e-8
# what the error counts beside the code
_ERROR_WEIGHT = 2.0
# where "auto" puts the threshold: so many spreads above the median, of logarithms
_SPREADS = 2.0
# of the scales of columns: squares of what is further away would not be told apart anyway
_FARTHEST = 1e30
_NARROW = ("float32", "float16", "uint8", "int8", "uint16", "int16", "bool")


class Trimmed(NamedTuple):
    """Which samples to train on (a mask), what to divide columns by, how many components to take."""

    kept: np.ndarray
    scale: np.ndarray
    n_components: int


def weighted_quantile(values, weight, share: float) -> float:
    """The least of `values` that, with those below, has at least this share of the weight."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    place = np.searchsorted(below, share * below[-1] * (1 - 1e-12))
    return float(values[order[min(place, len(order) - 1)]])


# ---- how odd samples are


def compared(blocks, weight, kept, width: int, n_features: int, unit: float) -> tuple:
    """Describe the samples that are kept, and compare all samples with them.

    Parameters
    ----------
    blocks : callable
        Called twice; gives blocks in order.
    weight : ndarray of shape (n_samples,)
    kept : ndarray of bool, of shape (n_samples,)
    width : int
        Of the codes.
    n_features : int
    unit : float
        Root mean square of the centered samples, beside which errors are rounding or not.

    Returns
    -------
    reference : dict of ndarray and float
        "center" and "whitening" of codes, mean squared error of each column in "cells", medians of
        the squared "length" of codes and of the "error".
    odd : ndarray of shape (n_samples,)
    """
    weight, codes, cells = weight * kept, np.empty((len(weight), width)), np.zeros(n_features)
    for part, some_codes, squares in blocks():
        codes[part] = some_codes
        cells += weight[part] @ squares
    cells /= weight.sum()
    cells = np.maximum(cells, max(_LEAST_CELL * cells.mean(), _ROUNDING[1] * unit**2))
    reference = {**_whitened(codes, weight / weight.sum()), "cells": cells}
    parts = np.empty((2, len(weight)))
    for part, some_codes, squares in blocks():
        parts[:, part] = _length_and_error(reference, some_codes, squares)
    length, error = (weighted_quantile(sample[kept], weight[kept], 0.5) for sample in parts)
    reference |= {"length": max(length, 1e-30), "error": max(error, 1e-30)}
    return reference, _sum(reference, *parts)


def outlyingness(reference, codes, squares) -> np.ndarray:
    """How odd samples are: ``(length / median + 2 error / median) / 3``, about 1 for ordinary ones."""
    return _sum(reference, *_length_and_error(reference, codes, squares))


def geometric_mean(odd) -> np.ndarray:
    """How odd samples are by several, of shape (n, n_samples), as one number a sample."""
    return np.exp(np.log(np.maximum(odd, 1e-30)).mean(axis=0))


def _sum(reference, length, error):
    by_error = _ERROR_WEIGHT * error / reference["error"]
    return (length / reference["length"] + by_error) / (1 + _ERROR_WEIGHT)


def _length_and_error(reference, codes, squares):
    # the bits of a matrix product depend on how many samples there are, those of sums do not
    white = np.zeros((len(codes), reference["whitening"].shape[1]))
    centered = codes - reference["center"]
    for column, direction in zip(centered.T, reference["whitening"], strict=True):
        white += column[:, None] * direction
    length = np.square(white).sum(axis=1)
    return length, (squares / reference["cells"]).mean(axis=1)


def _whitened(codes, share):
    center = share @ codes
    centered = codes - center
    values, vectors = np.linalg.eigh((centered * share[:, None]).T @ centered)
    largest = values.max(initial=0.0)
    if largest <= 1e-12 * max(1e-300, float(center @ center)):
        # one code for all samples: it tells nothing
        return {"center": center, "whitening": np.zeros_like(vectors)}
    return {
        "center": center,
        "whitening": vectors / np.sqrt(np.maximum(values, _ROUNDING[0] * largest)),
    }


def threshold(odd, weight, contamination) -> float:
    """Above which samples are outliers: so many of them, or those some spreads above the median."""
    if contamination == "auto":
        logs = np.log(np.maximum(odd, 1e-30))
        middle, upper = (weighted_quantile(logs, weight, share) for share in (0.5, 0.75))
        return float(np.exp(middle + _SPREADS * (upper - middle) / 0.6745))
    order = np.argsort(-odd, kind="stable")
    odd, weight = odd[order], weight[order]
    # between the last that is an outlier and the first that is not
    middles = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    n_outliers = int(np.searchsorted(middles, contamination, side="right"))
    if n_outliers in (0, len(odd)):
        return float(odd[0])
    return float(0.5 * (odd[n_outliers - 1] + odd[n_outliers]))


# ---- samples to train on


def over_columns(data, scale):
    """Columns divided by their scales, at most 1e30 of them; what is sparse stays so."""
    dtype = np.float32 if data.dtype.name in _NARROW else np.float64
    if isinstance(data, np.ndarray):
        return _quotients(data, scale).astype(dtype, copy=False)
    scaled = data.astype(dtype)
    scaled.data[:] = _quotients(scaled.data, scale[scaled.indices])
    return scaled


def _quotients(cells, scale):
    with np.errstate(over="ignore"):
        return np.clip(np.divide(cells, scale, dtype=np.float64), -_FARTHEST, _FARTHEST)


def trimmed_samples(data, weight, *, standardize, n_rounds, share, explained, rng) -> Trimmed:
    """Leave out the samples that are oddest by principal components of those that are kept.

    Parameters
    ----------
    data : ndarray or CSR array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Positive.
    standardize : bool
        Whether columns are divided by their half ranges.
    n_rounds : int
        How many times components are fitted to what is kept, and samples chosen anew.
    share : float
        Of the weight of all samples, left out in each round.
    explained : float
        Share of the variance that the components explain.
    rng : numpy.random.Generator
        For the components of very wide samples.
    """
    kept = np.ones(data.shape[0], bool)
    for _ in range(n_rounds if share > 0 else 0):
        scale = _scales(data, weight, kept, standardize)
        samples, vectors = _components(data, scale, weight, kept, explained, rng)

        def blocks(samples=samples, vectors=vectors):
            for part, block in samples.blocks():
                codes = block @ vectors
                yield part, codes, np.square(block - codes @ vectors.T)

        _, odd = compared(blocks, weight, kept, vectors.shape[1], samples.n_features, 1.0)
        kept = odd <= weighted_quantile(odd, weight, 1 - share)
    scale = _scales(data, weight, kept, standardize)
    _, vectors = _components(data, scale, weight, kept, explained, rng)
    return Trimmed(kept, scale, vectors.shape[1])


def _scales(data, weight, kept, standardize) -> np.ndarray:
    """Half the range of each column, or 1 where there is none.

    Standard deviations would blow up what is rarely on, as pixels at a margin are. That of all
    samples, but at most some times that of the samples that are kept.
    """
    if not standardize:
        return np.ones(data.shape[1])
    samples, share = Samples(data), weight * kept / weight[kept].sum()
    origin = samples.raw(slice(0, 1))[0].astype(np.float64)
    mean, of_kept, of_all = np.zeros((3, samples.n_features))
    for part, block in samples.blocks(lambda part: samples.raw(part) - origin):
        mean += share[part] @ block
    for part, block in samples.blocks(lambda part: np.abs(samples.raw(part) - origin - mean)):
        of_all = np.maximum(of_all, block.max(axis=0))
        of_kept = np.maximum(of_kept, (block * kept[part, None]).max(axis=0))
    varies = of_kept > 1e-9 * of_all
    scale = np.where(varies, np.minimum(of_all, _STRETCH * of_kept), of_all)
    return np.where(scale > 0, scale, 1.0)


def _components(data, scale, weight, kept, explained, rng):
    """All samples about the center of those that are kept, and these samples' components."""
    samples = Samples(over_columns(data, scale))
    index, weight = np.flatnonzero(kept), weight[kept] / weight[kept].mean()
    samples = samples.centered(*mean_and_scale(samples.select(index), weight))
    some, width = samples.select(index), min(_MAX_COMPONENTS, samples.n_features)
    vectors, deviations = principal_components(
        some.blocks, some.n_samples, samples.n_features, weight, width, rng
    )
    variance = np.cumsum(np.square(deviations, dtype=np.float64))
    enough = int(np.searchsorted(variance, explained * samples.n_features)) + 1
    return samples, vectors[:, :enough]
