"""The pullback metric of a fitted autoencoder in the user's units."""

from typing import Any

import numpy as np

from skae._typing import FloatArray, MatrixLike
from skae.core.pullback import pullback_metric

__all__ = ["mean_pullback_metric"]


def mean_pullback_metric(model: Any, X: MatrixLike, *, root: bool) -> FloatArray:
    """Mean pullback metric at the codes of checked samples, or its symmetric square root."""
    codes = model._codes(X, np.float64) / model._code_unit
    static = (model._network, model.architecture_["loss"])
    metric = pullback_metric(static, model.params_, codes, model._device)
    unit = model._units[1] / model._code_unit
    if not root:
        return metric * unit**2
    squares, directions = np.linalg.eigh(metric)
    # rounding may turn eigenvalues that are 0 negative
    return unit * (directions * np.sqrt(np.maximum(squares, 0)) @ directions.T)
