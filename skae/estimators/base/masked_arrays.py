"""Refusal of masked arrays; imports no JAX, so that `skae.hashing` can use it."""

from typing import Any

import numpy as np

__all__ = ["refuse_masked"]


def refuse_masked(values: Any, name: str) -> None:
    """Raise ValueError if `values` is a `numpy.ma` masked array with masked entries.

    NumPy and scikit-learn drop the mask when they convert to a plain ndarray, so that the values
    below the mask would be used as data. A mask without masked entries is accepted.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        impute = (
            ", or impute them with sklearn.impute.SimpleImputer, which accepts "
            f"{name}.astype(float).filled(numpy.nan)"
        )
        raise ValueError(
            f"{name} is a masked array with {np.ma.count_masked(values)} masked entries, which "
            f"are not supported: fill them with {name}.filled(value)"
            + (impute if name.startswith("X") else "")
        )
