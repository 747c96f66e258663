"""Anomaly scores from codes and reconstruction errors, and trimming for a robust fit.

A sample's anomaly score combines the squared length of its whitened code with its reconstruction
error (Hawkins et al. 2002, replicator neural networks). Outliers in the training data would
distort the model and be reconstructed well. So a robust fit trims them first: it repeatedly fits
principal components, and leaves out the samples with the highest anomaly scores, as the
concentration steps of least trimmed squares do (Rousseeuw and Van Driessen 2006). Trimming uses
principal components alone, so no program is compiled for it.

Codes and errors are read block by block: ``blocks()`` returns an iterator over
``(slice, codes, squared_errors)``, with the squared reconstruction error of each feature value.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from skae.core.data.moments import weighted_units
from skae.core.data.samples import Samples
from skae.core.initialization.principal_components import principal_components

__all__ = [
    "TrimmedSamples",
    "anomaly_scores",
    "anomaly_threshold",
    "fit_reference",
    "geometric_mean",
    "scale_features",
    "trim_samples",
    "weighted_quantile",
]

Block: TypeAlias = tuple[slice, np.ndarray, np.ndarray]

_MAX_COMPONENTS = 64
# A feature's scale over all samples is at most this multiple of its scale over inliers, so that
# outliers cannot shrink all other values of the feature.
_MAX_SCALE_RATIO = 4.0
# Lower bound of a feature's mean squared error, relative to the mean over features. Without it, a
# feature that is reconstructed nearly exactly would dominate the score.
_MIN_RELATIVE_ERROR = 0.3
# Variances and squared errors below these, relative to the largest, are rounding errors.
_MIN_RELATIVE_VARIANCE, _MIN_RELATIVE_SQUARE = 1e-6, 1e-8
# Weight of the reconstruction error in the score; the code has weight 1.
_ERROR_WEIGHT = 2.0
# contamination="auto" puts the threshold this many spreads above the median of log scores.
_THRESHOLD_SPREADS = 2.0
# The upper quartile of a standard normal distribution.
_NORMAL_QUARTILE = 0.6745
# Feature values are clipped at this multiple of the feature's scale. So they stay finite in float32
# and their squares in float64; such samples are outliers in any case.
_MAX_SCALED_VALUE = 1e30
_FLOAT32_DTYPES = ("float32", "float16", "uint8", "int8", "uint16", "int16", "bool")
# Lower bound of scores whose logarithm or quotient is computed.
_TINY = 1e-30


class TrimmedSamples(NamedTuple):
    """Result of trimming.

    ``support`` is a mask of the samples to train on, ``scale`` the scale of each feature, and
    ``n_components`` the number of principal components that explain the requested variance.
    """

    support: np.ndarray
    scale: np.ndarray
    n_components: int


def weighted_quantile(values: np.ndarray, weight: np.ndarray, q: float) -> float:
    """The smallest value whose cumulative weight reaches the share `q` of the total weight.

    An integer weight is equivalent to repeating the value.
    """
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weight[order])
    position = np.searchsorted(cumulative, q * cumulative[-1] * (1 - 1e-12))
    return float(values[order[min(position, len(order) - 1)]])


# ---- anomaly scores


def fit_reference(
    blocks: Callable[[], Iterable[Block]],
    weight: np.ndarray,
    support: np.ndarray,
    n_components: int,
    n_features: int,
    scale: float,
) -> tuple[dict[str, Any], np.ndarray]:
    """Compute the statistics of inliers that scores are relative to, and score all samples.

    Parameters
    ----------
    blocks : callable
        Called twice; each call iterates over all samples in order.
    weight : ndarray of shape (n_samples,)
    support : ndarray of bool, of shape (n_samples,)
        Inliers: only they enter the statistics.
    n_components : int
        Length of the codes.
    n_features : int
    scale : float
        Root mean square of the centered samples, which bounds rounding errors.

    Returns
    -------
    reference : dict of ndarray and float
        "center" and "whitening" of codes, the mean squared error of each feature in "cells", and
        the medians "length" of the squared code length and "error" of the reconstruction error.
    scores : ndarray of shape (n_samples,)
        Anomaly scores, higher for outliers.
    """
    weight = weight * support
    codes, feature_errors = np.empty((len(weight), n_components)), np.zeros(n_features)
    for part, some_codes, squared_errors in blocks():
        codes[part] = some_codes
        feature_errors += weight[part] @ squared_errors
    feature_errors /= weight.sum()
    lowest = max(_MIN_RELATIVE_ERROR * feature_errors.mean(), _MIN_RELATIVE_SQUARE * scale**2)
    reference = {
        **_whitening(codes, weight / weight.sum()),
        "cells": np.maximum(feature_errors, lowest),
    }
    parts = np.empty((2, len(weight)))
    for part, some_codes, squared_errors in blocks():
        parts[:, part] = _code_length_and_error(reference, some_codes, squared_errors)
    medians = [weighted_quantile(values[support], weight[support], 0.5) for values in parts]
    length, error = (max(median, _TINY) for median in medians)
    reference |= {"length": length, "error": error}
    return reference, _combined_score(reference, *parts)


def anomaly_scores(
    reference: dict[str, Any], codes: np.ndarray, squared_errors: np.ndarray
) -> np.ndarray:
    """Anomaly scores ``(length / median + 2 error / median) / 3``, about 1 for typical samples."""
    return _combined_score(reference, *_code_length_and_error(reference, codes, squared_errors))


def geometric_mean(scores: Any) -> np.ndarray:
    """Scores of an ensemble, of shape (n_autoencoders, n_samples), as one score per sample."""
    return np.exp(np.log(np.maximum(scores, _TINY)).mean(axis=0))


def _combined_score(reference, length, error):
    relative_error = _ERROR_WEIGHT * error / reference["error"]
    return (length / reference["length"] + relative_error) / (1 + _ERROR_WEIGHT)


def _code_length_and_error(reference, codes, squared_errors):
    # A loop over components, not a matrix product: the rounding of a matrix product depends on the
    # number of samples, so a sample's score would depend on the samples beside it.
    whitened = np.zeros((len(codes), reference["whitening"].shape[1]))
    centered = codes - reference["center"]
    for column, direction in zip(centered.T, reference["whitening"], strict=True):
        whitened += column[:, None] * direction
    length = np.square(whitened).sum(axis=1)
    return length, (squared_errors / reference["cells"]).mean(axis=1)


def _whitening(codes, share):
    """Mean of the codes, and the matrix that transforms centered codes to unit covariance."""
    center = share @ codes
    centered = codes - center
    variances, vectors = np.linalg.eigh((centered * share[:, None]).T @ centered)
    largest = variances.max(initial=0.0)
    if largest <= 1e-12 * max(1e-300, float(center @ center)):
        # All codes are equal up to rounding: codes do not contribute to the score.
        return {"center": center, "whitening": np.zeros_like(vectors)}
    deviations = np.sqrt(np.maximum(variances, _MIN_RELATIVE_VARIANCE * largest))
    return {"center": center, "whitening": vectors / deviations}


def anomaly_threshold(scores: np.ndarray, weight: np.ndarray, contamination: float | str) -> float:
    """The score above which samples are outliers.

    A float `contamination` is the share of outliers. "auto" estimates the spread of log scores
    from the upper quartile, which outliers hardly influence.
    """
    if contamination == "auto":
        log_scores = np.log(np.maximum(scores, _TINY))
        median, quartile = (weighted_quantile(log_scores, weight, q) for q in (0.5, 0.75))
        return float(np.exp(median + _THRESHOLD_SPREADS * (quartile - median) / _NORMAL_QUARTILE))
    order = np.argsort(-scores, kind="stable")
    scores, weight = scores[order], weight[order]
    midpoints = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    n_outliers = int(np.searchsorted(midpoints, contamination, side="right"))
    if n_outliers in (0, len(scores)):
        return float(scores[0])
    # Halfway between the lowest score of an outlier and the highest score of an inlier.
    return float(0.5 * (scores[n_outliers - 1] + scores[n_outliers]))


# ---- trimming


def scale_features(data: Any, scale: np.ndarray) -> Any:
    """Divide features by their scales and clip at 1e30; sparse data stay sparse."""
    dtype = np.float32 if data.dtype.name in _FLOAT32_DTYPES else np.float64
    if isinstance(data, np.ndarray):
        return _clipped_quotients(data, scale).astype(dtype, copy=False)
    scaled = data.astype(dtype)
    scaled.data[:] = _clipped_quotients(scaled.data, scale[scaled.indices])
    return scaled


def _clipped_quotients(values, scale):
    with np.errstate(over="ignore"):
        quotients = np.divide(values, scale, dtype=np.float64)
        return np.clip(quotients, -_MAX_SCALED_VALUE, _MAX_SCALED_VALUE)


def trim_samples(
    data: Any,
    weight: np.ndarray,
    *,
    standardize: bool,
    n_rounds: int,
    trim: float,
    explained_variance: float,
    rng: np.random.Generator,
) -> TrimmedSamples:
    """Leave out the samples with the highest anomaly scores under principal components.

    Parameters
    ----------
    data : ndarray or CSR array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Positive.
    standardize : bool
        Whether features are divided by their largest absolute deviation from the mean.
    n_rounds : int
        Number of rounds. Each fits components to the inliers of the round before, scores all
        samples, and selects the inliers anew.
    trim : float
        Share of the total weight that is left out in each round.
    explained_variance : float
        Share of the variance that the components explain.
    rng : numpy.random.Generator
        For randomized PCA of samples with many features.
    """
    support = np.ones(data.shape[0], bool)
    for _ in range(n_rounds if trim > 0 else 0):
        scale = _feature_scales(data, weight, support, standardize)
        samples, vectors = _components(data, scale, weight, support, explained_variance, rng)

        def blocks(samples=samples, vectors=vectors):
            for part, block in samples.blocks():
                codes = block @ vectors
                yield part, codes, np.square(block - codes @ vectors.T)

        n_components = vectors.shape[1]
        _, scores = fit_reference(blocks, weight, support, n_components, samples.n_features, 1.0)
        support = scores <= weighted_quantile(scores, weight, 1 - trim)
    scale = _feature_scales(data, weight, support, standardize)
    _, vectors = _components(data, scale, weight, support, explained_variance, rng)
    return TrimmedSamples(support, scale, vectors.shape[1])


@np.errstate(over="ignore")  # differences of values near the largest of float64
def _feature_scales(data, weight, support, standardize) -> np.ndarray:
    """Largest absolute deviation from the inliers' mean in each feature, 1 for constant features.

    The maximum is over all samples, but at most a multiple of the maximum over inliers. Standard
    deviations would amplify features that are rarely nonzero, such as pixels at the margin of an
    image.
    """
    if not standardize:
        return np.ones(data.shape[1])
    samples, share = Samples(data), weight * support / weight[support].sum()
    # Subtracting a sample first keeps the digits of features whose mean is far from 0.
    origin = samples.raw(slice(0, 1))[0].astype(np.float64)
    mean, of_inliers, of_all = np.zeros((3, samples.n_features))
    for part, block in samples.blocks(lambda part: samples.raw(part) - origin):
        mean += share[part] @ block
    for part, block in samples.blocks(lambda part: np.abs(samples.raw(part) - origin - mean)):
        of_all = np.maximum(of_all, block.max(axis=0))
        of_inliers = np.maximum(of_inliers, (block * support[part, None]).max(axis=0))
    varies = of_inliers > 1e-9 * of_all
    scale = np.where(varies, np.minimum(of_all, _MAX_SCALE_RATIO * of_inliers), of_all)
    return np.where(scale > 0, scale, 1.0)


def _components(data, scale, weight, support, explained_variance, rng):
    """All samples, centered at the mean of inliers, and the inliers' principal components."""
    samples = Samples(scale_features(data, scale))
    index, weight = np.flatnonzero(support), weight[support] / weight[support].mean()
    samples = samples.with_units(weighted_units(samples.select(index), weight))
    inliers, rank = samples.select(index), min(_MAX_COMPONENTS, samples.n_features)
    vectors, deviations = principal_components(
        inliers.blocks, inliers.n_samples, samples.n_features, weight, rank, rng
    )
    variance = np.cumsum(np.square(deviations, dtype=np.float64))
    # The mean square over all entries is 1, so the total variance is n_features.
    n_components = int(np.searchsorted(variance, explained_variance * samples.n_features)) + 1
    return samples, vectors[:, :n_components]
