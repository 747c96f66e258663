"""What users say of samples: labels and numbers, some of them missing; checked."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from skae.core.data.moments import refuse_beyond_squares
from skae.estimators.base.input_checks import read_weights

__all__ = [
    "Targets",
    "as_numbers",
    "known_among",
    "read_labels",
    "read_numbers",
    "weights_of_classes",
]


class Targets(NamedTuple):
    """What is known of samples.

    ``known`` of shape (n_samples,), whether a sample is to be learned from; ``values`` of shape
    (n_samples, 1), float32, of use only where it is; ``attributes`` for the fitted estimator.
    """

    known: np.ndarray
    values: np.ndarray
    attributes: dict


def _column(estimator, y, X):
    """`y` as an array of shape (n_samples,)."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None"
        )
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    return y


def known_among(X, y, unlabeled, sample_weight) -> tuple:
    """Which of `y` are known, and these with their weights: what a score is about."""
    y = column_or_1d(y)
    check_consistent_length(X, y)
    known = ~_is_missing(y, unlabeled)
    if not known.any():
        raise ValueError(f"y holds nothing to compare with: all are unlabeled={unlabeled!r}")
    weight = None if sample_weight is None else read_weights(sample_weight, X)[known]
    return known, y[known], weight


def _is_missing(y, unlabeled) -> np.ndarray:
    """Whether each of `y` is the value that marks samples without a label."""
    if unlabeled is None:
        return np.zeros(len(y), bool)
    if _is_gap(unlabeled):
        return np.isnan(y) if y.dtype.kind == "f" else np.array(list(map(_is_gap, y)), bool)
    return np.asarray([value == unlabeled for value in y.tolist()], bool)


def _is_gap(value) -> bool:
    """Whether a value stands for nothing: None, NaN, pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN is the one value that is not itself
    except TypeError:  # NA does not say
        return True


def _known(estimator, y, weight):
    """Whether each sample has a label and a weight."""
    labeled = ~_is_missing(y, estimator.unlabeled)
    if not labeled.any():
        raise ValueError(
            f"y holds no labels at all: all {len(y)} are unlabeled={estimator.unlabeled!r}. An "
            "autoencoder alone needs none: fit that"
        )
    if not np.any(weight[labeled] > 0):
        raise ValueError("sample_weight must be positive for at least one labeled sample")
    return labeled & (weight > 0)


def read_labels(estimator, y, X, weight) -> Targets:
    """Labels of classes, as the classes' numbers.

    Raises
    ------
    ValueError
        No labels, labels of one class only, or numbers that are no labels.
    """
    y = _column(estimator, y, X)
    known = _known(estimator, y, weight)
    labels = y[~_is_missing(y, estimator.unlabeled)]
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    if labels.dtype == object and any(map(_is_gap, labels)):
        raise ValueError(
            "y holds gaps: if these are samples without a label, give unlabeled=np.nan"
        )
    check_classification_targets(labels)
    try:
        classes, numbers = np.unique(y[known], return_inverse=True)
    except TypeError as error:
        raise ValueError(f"y holds labels that have no order ({error})") from error
    if len(classes) < 2:
        raise ValueError(
            f"y has labels of one class, {classes.tolist()[0]!r}, in all {known.sum()} samples that "
            "have a label and a positive weight: a classifier needs at least two"
        )
    values = np.zeros((len(y), 1), np.float32)
    values[known, 0] = numbers
    return Targets(known, values, {"classes_": classes})


def as_numbers(y) -> np.ndarray:
    """One number a sample, of whatever dtype they came in; gaps are NaN."""
    y = column_or_1d(y)
    return y if y.dtype.kind in "fiub" else y.astype(np.float64)


def read_numbers(estimator, y, X, weight) -> Targets:
    """Numbers, in units of their standard deviation about their mean."""
    y = as_numbers(_column(estimator, y, X))
    known = _known(estimator, y, weight)
    assert_all_finite(y[~_is_missing(y, estimator.unlabeled)], input_name="y")
    numbers = y[known].astype(np.float64)
    refuse_beyond_squares(np.abs(numbers).max(), "y")
    share = weight[known] / weight[known].sum()
    mean = float(share @ numbers)
    scale = float(np.sqrt(share @ np.square(numbers - mean))) or 1.0
    if numbers.min() == numbers.max():  # not what rounding makes of the mean
        mean, scale = float(numbers[0]), 1.0
    values = np.zeros((len(y), 1), np.float32)
    values[known, 0] = (numbers - mean) / scale
    return Targets(known, values, {"target_mean_": mean, "target_scale_": scale})


def weights_of_classes(class_weight, targets: Targets, weight) -> np.ndarray:
    """Weight of each sample by its class, of shape (n_samples,).

    "balanced" counts samples by their weights, so that a weight of 2 is a sample given twice.
    """
    factor = np.ones(len(weight))
    if class_weight is None:
        return factor
    classes, known = targets.attributes["classes_"], targets.known
    numbers = targets.values[known, 0].astype(int)
    if class_weight == "balanced":
        sizes = np.bincount(numbers, weights=weight[known])
        of_class = sizes.sum() / (len(sizes) * sizes)
    else:
        of_class = compute_class_weight(class_weight, classes=classes, y=classes[numbers])
    with np.errstate(over="ignore", invalid="ignore"):
        total = weight[known] @ of_class[numbers]
    if not (np.isfinite(total) and total > 0 and of_class.min() >= 0):
        raise ValueError(
            f"class_weight={class_weight!r} must hold finite numbers that are not negative, and "
            "not 0 for all samples that have a weight"
        )
    factor[known] = of_class[numbers]
    return factor
