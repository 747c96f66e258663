"""Decoding of codes by a fitted autoencoder."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skae._typing import FloatArray
from skae.core.inference import decode
from skae.estimators.base.first_samples import check_is_fitted
from skae.estimators.base.functions import FARTHEST_CODE
from skae.estimators.base.input_checks import as_numpy_float, output_dtype
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.sample_shape import in_fitted_shape
from skae.estimators.base.sklearn_compat import check_array
from skae.estimators.base.traced_arrays import refuse_traced

__all__ = ["decoded"]


def decoded(model: Any, X: ArrayLike) -> FloatArray:
    """Samples for the codes `X`, as an array whatever the `set_output` configuration."""
    check_is_fitted(model)
    refuse_masked(X, "X")
    refuse_traced(X, "X")
    Z = check_array(as_numpy_float(X), dtype="numeric", input_name="X")
    if Z.shape[1] != model.n_components_:
        raise ValueError(
            f"X has {Z.shape[1]} columns, but codes of this {type(model).__name__} have "
            f"n_components={model.n_components_}: pass codes as transform returns them"
        )
    unit = model._code_unit

    def read(part: slice) -> FloatArray:
        with np.errstate(over="ignore"):
            z = Z[part].astype(np.float64) / unit
        return np.clip(z, -FARTHEST_CODE, FARTHEST_CODE)

    x_hat = model._run(decode, read, Z.shape, model.n_features_in_)
    return in_fitted_shape(model, model._in_units_of_X(x_hat, output_dtype(Z)))
