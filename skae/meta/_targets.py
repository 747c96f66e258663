"""Validation and encoding of targets for semi-supervised learning, where some are missing."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from skae._typing import ArrayLike, MatrixLike
from skae.core.data.moments import refuse_beyond_squares
from skae.estimators.base.input_checks import read_weights
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.sklearn_compat import assert_all_finite, check_array

__all__ = [
    "Targets",
    "class_labels",
    "encode_labels",
    "labeled_subset",
    "numeric_targets",
    "sample_weights_by_class",
    "standardize_targets",
]


class Targets(NamedTuple):
    """Encoded targets.

    ``labeled`` of shape (n_samples,) is a mask of the samples that have a target and a positive
    weight. ``values`` of shape (n_samples, n_targets) and dtype float32 are class indices or
    standardized numbers, and 0 for all other samples. ``attributes`` are attributes of the fitted
    estimator.
    """

    labeled: np.ndarray
    values: np.ndarray
    attributes: dict[str, Any]


def _array_of(y, *, several: bool = False, warn: bool = False) -> np.ndarray:
    """`y` as an array of shape (n_samples,), or (n_samples, n_targets) if `several` are allowed."""
    refuse_masked(y, "y")
    if not several:
        return column_or_1d(y, warn=warn)
    y = check_array(y, dtype=None, ensure_2d=False, ensure_all_finite=False, input_name="y")
    return y if y.ndim == 2 and y.shape[1] > 1 else column_or_1d(y, warn=warn)


def _check_target(estimator, y, X, *, several=False):
    """`y` as an array with one entry or row for each sample."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None"
        )
    y = _array_of(y, several=several, warn=True)
    check_consistent_length(X, y)
    return y


def labeled_subset(
    X: MatrixLike, y: np.ndarray, unlabeled: Any, sample_weight: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Mask of the samples with a target, their targets and their weights, for `score`."""
    check_consistent_length(X, y)
    labeled = ~_is_unlabeled(y, unlabeled)
    if not labeled.any():
        raise ValueError(
            f"y has no targets to compare predictions with: all {len(y)} values equal "
            f"unlabeled={unlabeled!r}."
        )
    weight = None if sample_weight is None else read_weights(sample_weight, X)[labeled]
    return labeled, y[labeled], weight


def _is_unlabeled(y, unlabeled) -> np.ndarray:
    """Mask of the samples whose target, or all of whose targets, mark them as unlabeled."""
    if y.ndim == 2:
        return np.all([_is_unlabeled(column, unlabeled) for column in y.T], axis=0)
    if unlabeled is None:
        return np.zeros(len(y), bool)
    if _is_missing(unlabeled):
        return np.isnan(y) if y.dtype.kind == "f" else np.array(list(map(_is_missing, y)), bool)
    return np.asarray([value == unlabeled for value in y.tolist()], bool)


def _is_missing(value) -> bool:
    """Whether a value is None, NaN or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)  # Only NaN is not equal to itself.
    except TypeError:  # The truth value of pandas' NA is undefined.
        return True


def _masks(estimator, y, weight):
    """Mask of the samples with a target, and of those that also have a positive weight."""
    has_target = ~_is_unlabeled(y, estimator.unlabeled)
    if not has_target.any():
        raise ValueError(
            f"y contains only unlabeled samples: all {len(y)} values equal "
            f"unlabeled={estimator.unlabeled!r}. To learn from these, fit an autoencoder."
        )
    if not np.any(weight[has_target] > 0):
        raise ValueError(
            "sample_weight must be positive for at least one labeled sample, got only zeros."
        )
    return has_target, has_target & (weight > 0)


def encode_labels(estimator: Any, y: ArrayLike, X: MatrixLike, weight: np.ndarray) -> Targets:
    """Encode class labels as class indices.

    Raises
    ------
    ValueError
        There are no labels, labels of one class only, or continuous targets.
    """
    targets = _check_target(estimator, y, X)
    has_target, labeled = _masks(estimator, targets, weight)
    labels = targets[has_target]
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    if labels.dtype == object and any(map(_is_missing, labels)):
        raise ValueError(
            "y contains missing values. If these mark samples without a label, use "
            "unlabeled=np.nan."
        )
    check_classification_targets(labels)
    try:
        classes, indices = np.unique(targets[labeled], return_inverse=True)
    except TypeError as error:
        raise ValueError(
            f"y contains labels that cannot be sorted ({error}). Use labels of one type."
        ) from error
    if len(classes) < 2:
        raise ValueError(
            f"y contains only one class, {classes.tolist()[0]!r}, in {labeled.sum()} samples with "
            "a label and a positive weight. A classifier needs at least two classes."
        )
    _warn_of_marker(estimator, classes)
    values = np.zeros((len(labeled), 1), np.float32)
    values[labeled, 0] = indices
    return Targets(labeled, values, {"classes_": classes})


def _warn_of_marker(estimator, classes):
    """Warn if -1, which marks unlabeled samples in scikit-learn, is one of three or more classes.

    Two classes -1 and 1 are common labels.
    """
    is_marked = classes.dtype.kind in "fi" and classes[0] == -1 and len(classes) > 2
    if estimator.unlabeled is None and is_marked:
        warnings.warn(
            "y contains -1, which is a class like any other with unlabeled=None: pass "
            "unlabeled=-1 if it marks samples without a label",
            UserWarning,
            stacklevel=7,  # the caller of `fit`
        )


def class_labels(y: ArrayLike) -> np.ndarray:
    """Labels as an array of shape (n_samples,), for `score`."""
    return _array_of(y)


def numeric_targets(y: ArrayLike) -> np.ndarray:
    """Targets as numbers, of shape (n_samples,) or (n_samples, n_targets).

    Missing values in objects become NaN.
    """
    targets = _array_of(y, several=True)
    return targets if targets.dtype.kind in "fiub" else targets.astype(np.float64)


def standardize_targets(estimator: Any, y: ArrayLike, X: MatrixLike, weight: np.ndarray) -> Targets:
    """Standardize numeric targets to zero mean and unit variance, each column by itself."""
    targets = numeric_targets(_check_target(estimator, y, X, several=True))
    has_target, labeled = _masks(estimator, targets, weight)
    if np.isnan(targets[has_target]).any():
        partly = " A sample must have all of its targets or none." if targets.ndim == 2 else ""
        raise ValueError(
            "Input y contains NaN. If these mark samples without a target, use unlabeled=np.nan."
            + partly
        )
    assert_all_finite(targets[has_target], input_name="y")
    numbers = targets[labeled].astype(np.float64)
    refuse_beyond_squares(np.abs(numbers).max(), "y")
    share = weight[labeled] / weight[labeled].sum()
    columns = numbers[:, None] if numbers.ndim == 1 else numbers
    means, scales = np.transpose([_moments(column, share) for column in columns.T])
    values = np.zeros((len(labeled), columns.shape[1]), np.float32)
    values[labeled] = (columns - means) / scales
    if numbers.ndim == 1:
        means, scales = float(means[0]), float(scales[0])
    return Targets(labeled, values, {"target_mean_": means, "target_scale_": scales})


def _moments(numbers: np.ndarray, share: np.ndarray) -> tuple[float, float]:
    """Weighted mean and standard deviation; 1 as deviation of equal numbers."""
    if numbers.min() == numbers.max():  # The computed mean may differ by a rounding error.
        return float(numbers[0]), 1.0
    mean = float(share @ np.ascontiguousarray(numbers))
    return mean, float(np.sqrt(share @ np.square(numbers - mean))) or 1.0


def sample_weights_by_class(class_weight: Any, targets: Targets, weight: np.ndarray) -> np.ndarray:
    """Weight of each sample from the weight of its class, of shape (n_samples,).

    "balanced" uses weighted class frequencies, so that an integer sample weight is equivalent to
    repeating the sample.
    """
    factor = np.ones(len(weight))
    if class_weight is None:
        return factor
    classes, labeled = targets.attributes["classes_"], targets.labeled
    indices = targets.values[labeled, 0].astype(int)
    if class_weight == "balanced":
        frequencies = np.bincount(indices, weights=weight[labeled])
        by_class = frequencies.sum() / (len(frequencies) * frequencies)
    else:
        by_class = compute_class_weight(class_weight, classes=classes, y=classes[indices])
    with np.errstate(over="ignore", invalid="ignore"):
        total = weight[labeled] @ by_class[indices]
    if not (np.isfinite(total) and total > 0 and by_class.min() >= 0):
        raise ValueError(
            f"class_weight={class_weight!r} is invalid: class weights must be finite and "
            "nonnegative, and positive for a class with a sample of positive weight."
        )
    factor[labeled] = by_class[indices]
    return factor
