"""Folds of samples whose scores calibrate the outlier detector."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

__all__ = ["held_out_folds"]

# With an integer `cv`, folds are held out until they have this many samples: they suffice for the
# threshold, and a fit to many samples then needs one more fit of the autoencoder, not `cv` more.
_ENOUGH_SAMPLES = 500


def held_out_folds(
    cv: Any, index: np.ndarray, n_rows: int, seed: np.random.SeedSequence
) -> list[np.ndarray]:
    """Indices into the distinct samples for each fold.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        An integer: random folds. A splitter or an iterable divides the rows of X.
    index : ndarray of shape (n_distinct,)
        Row in X of each distinct sample: its first occurrence.
    n_rows : int
        Number of rows of X.
    seed : numpy.random.SeedSequence
        Of the random folds.
    """
    if cv is None:
        return []
    if isinstance(cv, Integral):
        order = np.random.default_rng(seed).permutation(len(index))
        # Each autoencoder needs at least two samples.
        n_folds = min(int(cv), len(index) // 2)
        if n_folds < 2:
            return []
        folds = np.array_split(order, n_folds)
        n_samples = np.cumsum([len(fold) for fold in folds])
        return [np.sort(fold) for fold in folds[: np.searchsorted(n_samples, _ENOUGH_SAMPLES) + 1]]
    row_folds = [np.isin(index, test) for _, test in check_cv(cv).split(np.empty((n_rows, 1)))]
    return [np.flatnonzero(fold) for fold in row_folds if fold.any()]
