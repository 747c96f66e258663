"""Validation of samples and weights, and dtypes of results: the boundary to `skae.core`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite

from skae._typing import ArrayLike, MatrixLike
from skae.core.data.samples import Samples
from skae.core.data.units import Units
from skae.core.losses import LOSSES
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.sklearn_compat import check_sample_weight, validate_data

__all__ = [
    "as_dtype",
    "check_range",
    "check_values",
    "check_while_reading",
    "output_dtype",
    "read_samples",
    "read_weights",
]


def read_samples(estimator: Any, X: MatrixLike, *, reset: bool, all_finite: bool = True) -> Any:
    """Checked samples as an ndarray of any real dtype or as CSR, without a needless copy.

    With ``all_finite=False`` the values must still be checked: see `check_while_reading`.
    """
    refuse_masked(X, "X")
    is_object = getattr(X, "dtype", None) == np.dtype(object)
    X = validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse="csr",
        dtype="numeric",
        ensure_all_finite=all_finite,
        ensure_min_features=1,
    )
    if is_object:
        # holds Python integers beyond int64; results are float32, as for all that is not floating
        X = X.astype(np.longdouble)
    if X.dtype.kind not in "fiub":
        raise ValueError(f"X must hold real numbers, got dtype {X.dtype}")
    return _canonical(X) if sparse.issparse(X) else X


def _canonical(X: Any) -> Any:
    """CSR samples without duplicate entries: the values checked must be those trained on."""
    samples = sparse.csr_array(X)
    if not samples.has_canonical_format:
        samples = samples.copy()
        samples.sum_duplicates()
    return samples


def output_dtype(X: Any) -> np.dtype:
    """Floating dtype of results for X: that of X, or float32 if X is not floating."""
    dtype = X.dtype.newbyteorder("=")
    return dtype if dtype in (np.float16, np.float32, np.float64) else np.dtype(np.float32)


def as_dtype(
    values: np.ndarray, scale: float, shift: np.ndarray | None, dtype: np.dtype
) -> np.ndarray:
    """``values * scale + shift`` in `dtype`, clipped to its finite range.

    float32 and float16 can overflow: X may hold objects or wide integers, and a reconstruction may
    slightly exceed the largest values of X. `values` may be overwritten.
    """
    if shift is None and values.dtype == dtype:
        if scale == 1:
            return values
        # in place: with few features, allocating memory takes as long as encoding
        largest = max(1.0, values.max(initial=0), -values.min(initial=0))
        if float(largest) * float(scale) <= np.finfo(dtype).max:
            return np.multiply(values, dtype.type(scale), out=values)
    try:
        with np.errstate(over="raise"):
            scaled = values.astype(dtype, copy=False) * dtype.type(scale)
            return scaled if shift is None else scaled + shift.astype(dtype)
    except FloatingPointError:
        with np.errstate(over="ignore"):
            wide = values.astype(np.float64) * scale + (0.0 if shift is None else shift)
        limits = np.finfo(dtype)
        return np.clip(wide, limits.min, limits.max).astype(dtype)


# relative to the largest weight
_MIN_WEIGHT = 1e-20


def read_weights(sample_weight: ArrayLike | None, X: MatrixLike) -> np.ndarray:
    """Checked sample weights in float64; ones if `sample_weight` is None.

    Weights below 1e-20 of the largest become 0, since training is in float32.
    """
    refuse_masked(sample_weight, "sample_weight")
    weight = check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True, copy=False
    )
    if not np.any(weight > 0):
        raise ValueError("sample_weight must be positive for at least one sample, got only zeros")
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            raise ValueError("the sum of sample_weight overflows float64: divide it by its maximum")
    return np.where(weight > _MIN_WEIGHT * weight.max(), weight, 0.0)


def check_while_reading(read: Callable, X: np.ndarray, loss: str | None, name: str) -> Callable:
    """A function that checks the values of a part of `X` and returns ``read(part)``.

    A pass over all values before encoding would take as long as encoding, above all if X is a
    memory-mapped file. This way each part is loaded into the processor's cache once for both.
    """

    def checking(part: slice) -> np.ndarray:
        check_values(X[part], loss, name, whole=X)
        return read(part)

    return checking


def check_values(X: Any, loss: str | None, name: str, *, whole: Any = None) -> None:
    """Raise ValueError if `X` has NaN, infinity, or values outside the domain of `loss`.

    Parameters
    ----------
    X : ndarray or CSR array
    loss : str or None
        None: any finite values are accepted.
    name : str
        Name of the estimator, for the error message.
    whole : ndarray, optional
        The array that `X` is a part of, for the error message.
    """
    if loss is None or (domain := LOSSES[loss].domain) is None:
        assert_all_finite(X, estimator_name=name, input_name="X")
    elif not domain.contains(X.data if sparse.issparse(X) else X):
        assert_all_finite(X, estimator_name=name, input_name="X")
        check_range(X if whole is None else whole, loss)


def check_range(X: Any, loss: str) -> None:
    """Raise ValueError if `X` has values outside the domain of `loss`."""
    domain = LOSSES[loss].domain
    if domain is None or not X.size:
        return
    values = X.data if sparse.issparse(X) else X
    # minimum and maximum of a part while it is in the processor's cache
    step = max(1, 2**17 // max(1, values[:1].size))
    parts = [values[first : first + step] for first in range(0, len(values), step)]
    limits = [(part.min(), part.max()) for part in parts]
    low, high = (min(x[0] for x in limits), max(x[1] for x in limits)) if limits else (0, 0)
    if low < domain.low or high > domain.high:
        raise ValueError(
            f"loss={loss!r} needs X in {domain}, got values from {low} to {high}: {domain.remedy}"
        )


def samples_in_units(X: Any, loss: str, units: Units) -> Samples:
    """Samples in standardized units, or X itself if the loss does not standardize it."""
    return Samples(X, units) if LOSSES[loss].standardized else Samples(X)
