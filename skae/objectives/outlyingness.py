"""Anomaly scores from codes and reconstruction errors, and the threshold of outliers.

A sample's anomaly score combines the squared length of its whitened code with its reconstruction
error (Hawkins et al. 2002, replicator neural networks).

Lengths and errors are read block by block: ``blocks()`` returns an iterator over
``(slice, lengths, squared_errors)``, with the squared reconstruction error of each feature value.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "Block",
    "anomaly_scores",
    "anomaly_threshold",
    "bounded",
    "calibrated_threshold",
    "code_lengths",
    "fit_reference",
    "geometric_mean",
    "weighted_quantile",
    "whitening",
]

Block: TypeAlias = tuple[slice, np.ndarray, np.ndarray]

# Lower bound of a feature's mean squared error, relative to the mean over features. Without it, a
# feature that is reconstructed nearly exactly would dominate the score.
_MIN_RELATIVE_ERROR = 0.3
# Relative squared errors grow logarithmically beyond this, about three standard deviations of the
# error, so that a single feature, such as a drifting sensor, does not determine the score.
ERROR_BOUND = 10.0
# Variances and squared errors below these, relative to the largest, are rounding errors.
_MIN_RELATIVE_VARIANCE, _MIN_RELATIVE_SQUARE = 1e-6, 1e-8
# Weight of the reconstruction error in the score; the code has weight 1.
ERROR_WEIGHT = 2.0
# contamination="auto" puts the threshold this many spreads above the median of log scores.
_THRESHOLD_SPREADS = 2.0
# The upper quartile of a standard normal distribution.
_NORMAL_QUARTILE = 0.6745
# Lower bound of scores whose logarithm or quotient is computed.
TINY = 1e-30


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
    blocks: Callable[[], Iterable[Block]], weight: np.ndarray, n_features: int, scale: float
) -> tuple[dict[str, Any], np.ndarray]:
    """Compute the statistics of inliers that scores are relative to, and score all samples.

    Parameters
    ----------
    blocks : callable
        Called twice; each call iterates over all samples in order.
    weight : ndarray of shape (n_samples,)
        0 for samples that are no inliers: they do not enter the statistics.
    n_features : int
    scale : float
        Root mean square of the centered samples, which bounds rounding errors.

    Returns
    -------
    reference : dict of ndarray and float
        The mean squared error of each feature in "cells", and the medians "length" of the squared
        code length and "error" of the reconstruction error.
    scores : ndarray of shape (n_samples,)
        Anomaly scores, higher for outliers.
    """
    feature_errors = np.zeros(n_features)
    for part, _, squared_errors in blocks():
        feature_errors += weight[part] @ squared_errors
    feature_errors /= weight.sum()
    lowest = max(_MIN_RELATIVE_ERROR * feature_errors.mean(), _MIN_RELATIVE_SQUARE * scale**2)
    reference: dict[str, Any] = {"cells": np.maximum(feature_errors, lowest)}
    parts = np.empty((2, len(weight)))
    for part, lengths, squared_errors in blocks():
        parts[:, part] = lengths, _errors(reference, squared_errors)
    inliers = weight > 0
    medians = [weighted_quantile(values[inliers], weight[inliers], 0.5) for values in parts]
    reference["length"], reference["error"] = (max(median, TINY) for median in medians)
    return reference, _combined(reference, *parts)


def anomaly_scores(
    reference: dict[str, Any], lengths: np.ndarray, squared_errors: np.ndarray
) -> np.ndarray:
    """Anomaly scores ``(length / median + 2 error / median) / 3``, about 1 for typical samples."""
    return _combined(reference, lengths, _errors(reference, squared_errors))


def geometric_mean(scores: Any) -> np.ndarray:
    """Scores of an ensemble, of shape (n_autoencoders, n_samples), as one score per sample."""
    return np.exp(np.log(np.maximum(scores, TINY)).mean(axis=0))


def bounded(relative_errors: np.ndarray) -> np.ndarray:
    """Relative squared errors, nearly unchanged up to 10 and logarithmic beyond."""
    return ERROR_BOUND * np.log1p(relative_errors / ERROR_BOUND)


def _combined(reference, lengths, errors):
    relative_error = ERROR_WEIGHT * errors / reference["error"]
    return (lengths / reference["length"] + relative_error) / (1 + ERROR_WEIGHT)


def _errors(reference, squared_errors):
    return bounded(squared_errors / reference["cells"]).mean(axis=1)


def code_lengths(statistics: dict[str, np.ndarray], codes: np.ndarray) -> np.ndarray:
    """Squared lengths of codes that are whitened with the result of `whitening`."""
    # A loop over components, not a matrix product: the rounding of a matrix product depends on the
    # number of samples, so a sample's score would depend on the samples beside it.
    whitened = np.zeros((len(codes), statistics["whitening"].shape[1]))
    centered = codes - statistics["center"]
    for column, direction in zip(centered.T, statistics["whitening"], strict=True):
        whitened += column[:, None] * direction
    return np.square(whitened).sum(axis=1)


def whitening(codes: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """Mean of the codes, and the matrix that transforms centered codes to unit covariance."""
    share = weight / weight.sum()
    center = share @ codes
    centered = codes - center
    variances, vectors = np.linalg.eigh((centered * share[:, None]).T @ centered)
    largest = variances.max(initial=0.0)
    if largest <= 1e-12 * max(1e-300, float(center @ center)):
        # All codes are equal up to rounding: codes do not contribute to the score.
        return {"center": center, "whitening": np.zeros_like(vectors)}
    deviations = np.sqrt(np.maximum(variances, _MIN_RELATIVE_VARIANCE * largest))
    return {"center": center, "whitening": vectors / deviations}


# ---- threshold


def anomaly_threshold(scores: np.ndarray, weight: np.ndarray, contamination: float | str) -> float:
    """The score above which samples are outliers.

    A float `contamination` is the share of outliers. "auto" estimates the spread of log scores
    from the upper quartile, which outliers hardly influence.
    """
    if isinstance(contamination, str):
        log_scores = np.log(np.maximum(scores, TINY))
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


def calibrated_threshold(
    scores: np.ndarray,
    weight: np.ndarray,
    held_out: np.ndarray,
    held_out_weight: np.ndarray,
    contamination: float | str,
) -> float:
    """The score above which about the share `contamination` of new samples lies.

    Parameters
    ----------
    scores, weight : ndarray of shape (n_samples,)
        Anomaly scores of the training samples by the final autoencoders, and sample weights.
    held_out, held_out_weight : ndarray of shape (n_held_out,)
        Scores of training samples by autoencoders that were not trained on them, and weights.
    contamination : float or "auto"
        Share of outliers.

    Returns
    -------
    threshold : float
        That of the training samples if the share of held-out scores above it differs from
        `contamination` by at most two standard errors, and at most by half of `contamination`.
        Otherwise that of the held-out scores.
    """
    if not isinstance(contamination, str):
        threshold = anomaly_threshold(scores, weight, contamination)
        share = held_out_weight[held_out > threshold].sum() / held_out_weight.sum()
        standard_error = np.sqrt(contamination * (1 - contamination) / len(held_out))
        if abs(share - contamination) <= min(2 * standard_error, contamination / 2):
            return threshold
    return anomaly_threshold(held_out, held_out_weight, contamination)
