"""Validation of samples and weights, and dtypes of results: the boundary to `skae.core`."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy import sparse

from skae._typing import ArrayLike, MatrixLike
from skae.core.data.samples import Samples
from skae.core.data.units import Units
from skae.core.losses import LOSSES
from skae.estimators.base.input_hints import explained_input, refuse_texts
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.sample_shape import flattened
from skae.estimators.base.sklearn_compat import (
    assert_all_finite,
    check_sample_weight,
    validate_data,
)
from skae.estimators.base.traced_arrays import refuse_traced

__all__ = [
    "as_dtype",
    "as_numpy_float",
    "check_finite",
    "check_while_reading",
    "output_dtype",
    "read_samples",
    "read_weights",
    "samples_in_units",
    "within_domain",
]


def read_samples(
    estimator: Any, X: MatrixLike, *, reset: bool, all_finite: bool = True, name: str = "X"
) -> Any:
    """Checked samples as an ndarray of any real dtype or as CSR, without a needless copy.

    With ``all_finite=False`` the values must still be checked: see `check_while_reading`. `name` is
    the argument's name in error messages. Images and sequences become rows: see `flattened`.
    """
    refuse_masked(X, name)
    refuse_traced(X, name)
    X = flattened(estimator, as_numpy_float(X), reset=reset, name=name)
    is_object = getattr(X, "dtype", None) == np.dtype(object)
    refuse_texts(X, type(estimator).__name__)
    with explained_input(type(estimator).__name__, name):
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
        raise ValueError(f"{name} must hold real numbers, got dtype {X.dtype}")
    return _canonical(X) if sparse.issparse(X) else X


def as_numpy_float(X: Any) -> Any:
    """`X`, or a float32 copy if its dtype is one of machine learning's, such as bfloat16.

    Neither NumPy nor scikit-learn can compute with these.
    """
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind == "V" and jnp.issubdtype(dtype, jnp.floating):
        return np.asarray(X).astype(np.float32)
    return X


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


def check_while_reading(read: Callable, X: np.ndarray, name: str) -> Callable:
    """A function that checks the values of a part of `X` and returns ``read(part)``.

    A pass over all values before encoding would take as long as encoding, above all if X is a
    memory-mapped file. This way each part is loaded into the processor's cache once for both.
    """

    def checking(part: slice) -> np.ndarray:
        check_finite(X[part], name)
        return read(part)

    return checking


def check_finite(X: Any, name: str) -> None:
    """Raise ValueError if the checked samples `X` contain NaN or infinity.

    `name` is the name of the estimator, for the error message.
    """
    with explained_input(name):
        assert_all_finite(X, estimator_name=name, input_name="X")


def within_domain(X: Any, loss: str) -> Any:
    """Samples for training in the domain of `loss`: X, or a copy without rounding errors.

    Raises ValueError if values are further outside the domain than rounding explains.
    """
    domain = LOSSES[loss].domain
    if domain is None or not X.size:
        return X
    values = X.data if sparse.issparse(X) else X
    low, high = _limits(values)
    if domain.low <= low and high <= domain.high:
        return X
    rounding = domain.rounding(values.dtype)
    if low < domain.low - rounding or high > domain.high + rounding:
        raise ValueError(
            f"loss={loss!r} needs X in {domain}, got values from {low} to {high}: {domain.remedy}"
        )
    clipped = np.clip(values, domain.low, domain.high)
    if not sparse.issparse(X):
        return clipped
    X = X.copy()
    X.data = clipped
    return X


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest value."""
    # minimum and maximum of a part while it is in the processor's cache
    step = max(1, 2**17 // max(1, values[:1].size))
    parts = [values[first : first + step] for first in range(0, len(values), step)]
    limits = [(part.min(), part.max()) for part in parts]
    return float(min(low for low, _ in limits)), float(max(high for _, high in limits))


def samples_in_units(X: Any, loss: str, units: Units, X_noisy: Any = None) -> Samples:
    """Samples in standardized units, or X itself if the loss does not standardize it.

    Their noisy versions, if any, are in the same units.
    """
    known = units if LOSSES[loss].standardized else None
    return Samples(X, known, targets=None if X_noisy is None else Samples(X_noisy, known))
