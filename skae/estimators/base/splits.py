"""Groups of the samples of a fit, and the splits of a splitter, checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d

from skae._typing import ArrayLike
from skae.estimators.base.masked_arrays import refuse_masked

__all__ = ["Pair", "Splits", "read_splits"]

#: indices of the training samples and of the validation samples
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Splits:
    """How to split a validation set off the samples of a fit; at random if there is nothing here.

    ``groups`` is an integer for each sample. ``pairs`` are the splits of a splitter, of which
    ``first`` is the first; they can be read once.
    """

    groups: np.ndarray | None = None
    first: Pair | None = None
    pairs: Iterator[Pair] | None = None


def read_splits(estimator: Any, X: Any, y: object, groups: ArrayLike | None, X_val: Any) -> Splits:
    """Check `groups`, and the first split of the parameter `validation_splitter`.

    X and `X_val` hold checked samples; y is what `fit` received.
    """
    if groups is not None and not estimator.early_stopping:
        raise ValueError(
            "groups are groups of the validation set for early stopping, which "
            "early_stopping=False disables: omit groups or set early_stopping=True"
        )
    if groups is not None and X_val is not None:
        raise ValueError(
            "X_val is the validation set, so groups are not used to split one off X: omit one of "
            "the two"
        )
    codes = None if groups is None else _read_groups(groups, X)
    splitter, fraction = estimator.validation_splitter, estimator.validation_fraction
    if splitter is None or X_val is not None or not estimator.early_stopping:
        return Splits(codes)
    if fraction != "auto":
        raise ValueError(
            f"validation_fraction={fraction} and validation_splitter={splitter!r} both define the "
            "validation set: set validation_fraction='auto', or validation_splitter=None"
        )
    pairs = _checked_pairs(splitter, X, y, groups, codes)
    first = next(pairs)
    return Splits(codes, first, chain([first], pairs))


def _read_groups(groups: ArrayLike, X: Any) -> np.ndarray:
    """An integer for the group of each sample."""
    refuse_masked(groups, "groups")
    try:
        groups = column_or_1d(groups)
        check_consistent_length(X, groups)
        return np.unique(groups, return_inverse=True)[1]
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"groups must be one label for each of the {X.shape[0]} samples, all of one type: "
            f"{error}"
        ) from error


def _checked_pairs(
    splitter: Any, X: Any, y: object, groups: ArrayLike | None, codes: np.ndarray | None
) -> Iterator[Pair]:
    """The splits of a splitter; raises ValueError for a split that is not valid."""
    pairs, n_pairs = None, 0
    while True:
        try:
            pairs = iter(splitter.split(X, y, groups)) if pairs is None else pairs
            pair = next(pairs, None)
            if pair is not None:
                training, validation = (np.arange(X.shape[0])[part] for part in pair)
        except (IndexError, TypeError, ValueError) as error:
            needs_groups = groups is None and "groups" in str(error)
            hint = " Pass groups to fit: fit(X, groups=...)." if needs_groups else ""
            raise _invalid(splitter, f"cannot split {X.shape[0]} samples: {error}{hint}") from error
        if pair is None:
            break
        _check_pair(splitter, training, validation, codes)
        yield np.unique(training), np.unique(validation)
        n_pairs += 1
    if n_pairs == 0:
        raise _invalid(splitter, f"returns no split of {X.shape[0]} samples")


def _check_pair(
    splitter: Any, training: np.ndarray, validation: np.ndarray, codes: np.ndarray | None
) -> None:
    for name, part in (("training", training), ("validation", validation)):
        if not len(part):
            raise _invalid(splitter, f"returns a split without {name} samples")
    if len(common := np.intersect1d(training, validation)):
        raise _invalid(
            splitter, f"puts sample {common[0]} in the training set and in the validation set"
        )
    if codes is not None and len(np.intersect1d(codes[training], codes[validation])):
        raise _invalid(
            splitter,
            "puts samples of one group in the training set and in the validation set: omit groups, "
            "or use a splitter that respects them, such as GroupShuffleSplit or GroupKFold",
        )


def _invalid(splitter: Any, problem: str) -> ValueError:
    return ValueError(f"validation_splitter={splitter!r} {problem}")
