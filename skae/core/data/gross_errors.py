"""Gross errors: values so far from all others of their feature that they dominate squared errors.

A defective sensor, a wrong unit or a code for missing values, such as -9999, sets the scale, the
principal components and the validation loss alone. A fence around the median of each feature comes
from quantiles, which a few such values do not move. Training clips what lies beyond the fence to
the range of the other values of the feature.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from skae.core.data.moments import refuse_beyond_squares
from skae.core.data.samples import Clip, Samples

__all__ = ["Fence", "GrossErrors", "fence_of", "find_gross_errors"]

_MAX_ROWS, _MAX_ENTRIES = 2048, 2**22
# Quantiles of fewer distances from the median are not used.
_MIN_DISTANCES = 20
# Quantiles of the distances that the tail is extrapolated from. Up to a twentieth of the distances
# of a feature may be those of gross errors.
_INNER, _OUTER = 0.75, 0.95
# It is extrapolated to where so many values are expected. The fence is at least so many times the
# extrapolated distance, and so many times the spread of all features: smaller values do not
# dominate squared errors.
_EXPECTED, _TIMES_LARGEST, _TIMES_SPREAD = 0.01, 3.0, 20.0
_MAX_NAMED = 10


class Fence(NamedTuple):
    """Median of each feature, and the distance from it beyond which values are gross errors."""

    center: np.ndarray
    distance: np.ndarray


class GrossErrors(NamedTuple):
    """Number of gross errors, the features that contain them, and where training clips samples."""

    n_values: int
    features: np.ndarray
    clip: Clip

    def message(self, names: np.ndarray | None) -> str:
        """A warning that names the features, by index without `names`."""
        shown = [str(i) if names is None else repr(str(names[i])) for i in self.features]
        shown[_MAX_NAMED:] = ["..."] * (len(shown) > _MAX_NAMED)
        first = self.features[0]
        return (
            f"Extreme values in X: {self.n_values} in {len(self.features)} of {len(self.clip.low)} "
            f"features ({', '.join(shown)}), far from the median compared with the quantiles of "
            "the feature. Training clips them to the range of the feature's other values, for "
            f"feature {shown[0]} from {self.clip.low[first]:.6g} to {self.clip.high[first]:.6g}. "
            "If they are errors or codes for missing values, correct or impute them; if they are "
            "correct, transform X, for example with sklearn.preprocessing.QuantileTransformer."
        )


def fence_of(samples: Samples) -> Fence:
    """The fence of each feature, from at most 2,048 evenly spaced samples.

    The logarithm of the distances from the median is extrapolated linearly in normal scores from
    two of their quantiles, which is exact for log-normal tails and too far for lighter ones.
    Distances of 0 do not count, so that features which are nearly always 0 keep their rare values.
    """
    n_rows = min(samples.n_samples, _MAX_ROWS, max(64, _MAX_ENTRIES // samples.n_features))
    values = samples.raw(np.linspace(0, samples.n_samples - 1, n_rows).astype(np.intp))
    center = np.sort(values, axis=0)[n_rows // 2]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        distances = np.sort(_distances(values, center), axis=0)
        n_positive = np.count_nonzero(distances, axis=0)

        def quantile(q):
            place = n_rows - n_positive + (q * n_positive).astype(np.intp)
            return np.take_along_axis(distances, np.minimum(place, n_rows - 1)[None], axis=0)[0]

        inner, outer = quantile(_INNER), quantile(_OUTER)
        n_values = np.maximum(n_positive * (samples.n_samples / n_rows), _MIN_DISTANCES)
        steps = (-ndtri(_EXPECTED / n_values) - ndtri(_OUTER)) / (ndtri(_OUTER) - ndtri(_INNER))
        largest = outer * (outer / inner) ** steps
        spread = np.sqrt(np.mean(np.square(np.minimum(distances, outer))))
        distance = np.maximum(_TIMES_LARGEST * largest, _TIMES_SPREAD * spread)
    return Fence(center, np.where(n_positive < _MIN_DISTANCES, np.inf, distance))


def find_gross_errors(samples: Samples, fence: Fence) -> GrossErrors | None:
    """The gross errors of samples; None if no value lies beyond the fence.

    Raises
    ------
    ValueError
        For values beyond 1e150.
    """
    features = _features_beyond(samples, fence)
    if not len(features):
        return None
    center, distance = fence.center[features], fence.distance[features]
    low, high, count = center.copy(), center.copy(), 0
    for _, block in samples.blocks(samples.raw):
        values = block[:, features]
        is_gross = _distances(values, center) > distance
        count += int(np.count_nonzero(is_gross))
        values = np.where(is_gross, center, values)
        np.minimum(low, values.min(axis=0), out=low)
        np.maximum(high, values.max(axis=0), out=high)
    return GrossErrors(count, features, Clip.of_features(samples, features, low, high))


def _features_beyond(samples, fence):
    """Indices of the features with a value beyond the fence, in one pass."""
    low, high = np.full(samples.n_features, np.inf), np.full(samples.n_features, -np.inf)
    for _, block in samples.blocks(samples.raw):
        with np.errstate(over="ignore"):  # of long doubles
            np.minimum(low, block.min(axis=0), out=low)
            np.maximum(high, block.max(axis=0), out=high)
    refuse_beyond_squares(float(max(high.max(), -low.min())), "X")
    farthest = np.maximum(_distances(high, fence.center), _distances(low, fence.center))
    return np.flatnonzero(farthest > fence.distance)


def _distances(values, center):
    return np.abs(np.subtract(values, center, dtype=np.float64, casting="same_kind"))
