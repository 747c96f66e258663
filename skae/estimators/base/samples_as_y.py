"""Refuses samples passed as the argument `y`, which autoencoders ignore."""

from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["refuse_samples_as_y"]


def refuse_samples_as_y(y: Any, X: Any, estimator: str) -> None:
    """Raise ValueError if `y` holds samples with the features of the checked samples `X`.

    Other libraries take targets or a validation set in this position. Labels stay accepted and
    ignored, as scikit-learn's conventions require: 1-d, of one column, or not numeric.

    Parameters
    ----------
    y : object
        The argument `y` of `fit`.
    X : ndarray or CSR array
    estimator : str
        Name of the estimator, for the error message.
    """
    shape = () if y is None else _shape(y)
    if len(shape) != 2 or shape[1] != X.shape[1] or not _is_numeric(y):
        return
    if shape[0] != X.shape[0]:
        raise ValueError(
            f"y of shape {shape} has the {shape[1]} features of X, but {estimator} is trained "
            "without targets: pass a validation set as fit(X, X_val=...)"
        )
    if shape[1] > 1:
        raise ValueError(
            f"y has the shape of X, {shape}, but {estimator} always reconstructs X itself: omit y. "
            "Pass a validation set as X_val=... To denoise, use "
            "DenoisingAutoencoder().fit(X_clean, X_noisy=X_noisy) with recorded pairs, or "
            "DenoisingAutoencoder(noise=...).fit(X_clean)."
        )


def _shape(values: Any) -> tuple[int, ...]:
    try:
        return tuple(values.shape if hasattr(values, "shape") else np.asarray(values).shape)
    except ValueError:  # a ragged list
        return ()


def _is_numeric(values: Any) -> bool:
    """Whether an array-like, a data frame or a sparse matrix holds real numbers."""
    values = values.data if sparse.issparse(values) else np.asarray(values)
    if values.dtype == object:  # a data frame with columns of several dtypes, for example
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            return False
    return values.dtype.kind in "fiub"
