"""The user's samples on their way in and out: checks, dtypes, weights. The boundary to the core."""

from collections.abc import Callable

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite

from skae.core.data.samples import Samples
from skae.core.losses import LOSSES
from skae.estimators.base.sklearn_compat import check_sample_weight, validate_data

__all__ = [
    "as_dtype",
    "check_values",
    "check_range",
    "check_while_reading",
    "output_dtype",
    "read_samples",
    "read_weights",
]


def read_samples(estimator, X, *, reset: bool, all_finite: bool = True):
    """Checked samples as they came: an ndarray (any real dtype) or CSR; never copied needlessly.

    Without `all_finite` their cells are still to be looked at: see `check_while_reading`.
    """
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
        # a dtype that does not come back: what is not floating gives float32
        X = X.astype(np.longdouble)
    if X.dtype.kind not in "fiub":
        raise ValueError(f"X must hold real numbers, got dtype {X.dtype}")
    return _canonical(X) if sparse.issparse(X) else X


def _canonical(X):
    """CSR samples whose cells stand once each: what is looked at must be what is trained on."""
    samples = sparse.csr_array(X)
    if not samples.has_canonical_format:
        samples = samples.copy()
        samples.sum_duplicates()
    return samples


def output_dtype(X) -> np.dtype:
    """Floating dtypes come back as they went in; anything else gives float32."""
    dtype = X.dtype.newbyteorder("=")
    return dtype if dtype in (np.float16, np.float32, np.float64) else np.dtype(np.float32)


def as_dtype(values, scale, shift, dtype) -> np.ndarray:
    """``values * scale + shift`` in `dtype`, at most its largest number.

    float32 and float16 are given for what may hold larger ones: objects, wide integers, samples
    beside which a reconstruction is a little off. `values` may be written over.
    """
    if shift is None and values.dtype == dtype:
        if scale == 1:
            return values
        # in place: memory that is new costs as much as the codes of samples that are narrow
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


# of a sample's weight over the largest
_LEAST_WEIGHT = 1e-20


def read_weights(sample_weight, X) -> np.ndarray:
    """Checked sample weights, float64; ones where none are given.

    A sample that weighs less than 1e-20 of another weighs nothing: training is in float32.
    """
    weight = check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True, copy=False
    )
    if not np.any(weight > 0):
        raise ValueError("sample_weight must be positive for at least one sample, got zeros only")
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            raise ValueError("sample_weight has no finite sum: divide it by its largest value")
    return np.where(weight > _LEAST_WEIGHT * weight.max(), weight, 0.0)


def check_while_reading(read: Callable, X: np.ndarray, loss: str | None, name: str) -> Callable:
    """``read(part)`` that looks at the cells of a part of `X` first.

    Samples may come from a file, and be many: to look at all of them beforehand takes as long as to
    encode them. A part comes into the cache once for both.
    """

    def checking(part):
        check_values(X[part], loss, name, whole=X)
        return read(part)

    return checking


def check_values(X, loss: str | None, name: str, *, whole=None) -> None:
    """Raise where `X` holds what is no number, or what `loss` cannot compare.

    Parameters
    ----------
    X : ndarray or CSR array
    loss : str or None
        None where nothing is compared with `X`.
    name : str
        Of the estimator, for the message.
    whole : ndarray, optional
        What `X` is a part of, for the message.
    """
    domain = None if loss is None else LOSSES[loss].domain
    if domain is None:
        assert_all_finite(X, estimator_name=name, input_name="X")
    elif not domain.contains(X.data if sparse.issparse(X) else X):
        assert_all_finite(X, estimator_name=name, input_name="X")
        check_range(X if whole is None else whole, loss)


def check_range(X, loss: str) -> None:
    """Raise where `X` is outside of the loss's domain."""
    domain = LOSSES[loss].domain
    if domain is None or not X.size:
        return
    cells = X.data if sparse.issparse(X) else X
    # both of a part while it is in the cache
    step = max(1, 2**17 // max(1, cells[:1].size))
    parts = [cells[first : first + step] for first in range(0, len(cells), step)]
    ends = [(part.min(), part.max()) for part in parts]
    low, high = (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0, 0)
    if low < domain.low or high > domain.high:
        raise ValueError(
            f"loss={loss!r} needs X in {domain}, got values from {low} to {high}: {domain.remedy}"
        )


def samples_in_units(X, loss: str, mean, scale) -> Samples:
    """Samples as the network sees them: centered and scaled, unless the loss compares X itself."""
    return Samples(X, mean, scale) if LOSSES[loss].standardized else Samples(X)
