"""The samples of a fit: validated arguments of `fit` and `partial_fit`."""

from copy import copy
from typing import Any, NamedTuple, TypeVar

from skae._typing import ArrayLike, FloatArray, MatrixLike
from skae.estimators.base.input_checks import read_samples, read_weights, within_domain
from skae.estimators.base.samples_as_y import refuse_samples_as_y
from skae.estimators.base.splits import Splits

__all__ = ["FitInput", "read_input"]

T = TypeVar("T", bound=Any)


class FitInput(NamedTuple):
    """Checked training samples, their weights, and the validation set, if there is one.

    ``X_noisy`` and ``X_val_noisy`` are recorded noisy versions of ``X`` and ``X_val``. ``splits``
    define how to split a validation set off ``X``.
    """

    X: Any
    weight: FloatArray
    X_val: Any = None
    X_noisy: Any = None
    X_val_noisy: Any = None
    splits: Splits = Splits()


def read_input(
    estimator: T,
    X: MatrixLike,
    y: object,
    sample_weight: ArrayLike | None,
    *,
    reset: bool,
    X_val: MatrixLike | None = None,
    X_noisy: MatrixLike | None = None,
    X_val_noisy: MatrixLike | None = None,
) -> tuple[T, FitInput]:
    """Checked input of a fit.

    The first value returned is a copy of the estimator that has the names and the number of
    features. So a fit that fails leaves the estimator unchanged.
    """
    checked = copy(estimator)
    if reset:  # an earlier fit says nothing about the shape of these samples
        vars(checked).pop("architecture_", None)
    X = read_samples(checked, X, reset=reset)
    refuse_samples_as_y(y, X, type(estimator).__name__)
    weight = read_weights(sample_weight, X)
    X = within_domain(X, estimator.loss)
    if X_val is not None:
        if not estimator.early_stopping:
            raise ValueError(
                "X_val is the validation set for early stopping, which early_stopping=False "
                "disables: omit X_val or set early_stopping=True"
            )
        X_val = read_samples(checked, X_val, reset=False, name="X_val")
        X_val = within_domain(X_val, estimator.loss)
    if X_noisy is not None:
        X_noisy = _read_noisy(checked, X_noisy, X, "X")
    if X_val_noisy is not None:
        if X_val is None:
            raise ValueError("X_val_noisy holds noisy versions of X_val, but X_val is None")
        X_val_noisy = _read_noisy(checked, X_val_noisy, X_val, "X_val")
    if X_val is not None and (X_noisy is None) != (X_val_noisy is None):
        raise ValueError(
            "X_noisy and X_val_noisy belong together: with X_val, pass both or neither, so that "
            "training and validation compute the same loss"
        )
    return checked, FitInput(X, weight, X_val, X_noisy, X_val_noisy)


def _read_noisy(checked: Any, X_noisy: MatrixLike, X: Any, clean: str) -> Any:
    """Checked noisy versions of the checked samples `X`; `clean` is their name."""
    name = f"{clean}_noisy"
    X_noisy = read_samples(checked, X_noisy, reset=False, name=name)
    if X_noisy.shape != X.shape:
        raise ValueError(
            f"{name} of shape {X_noisy.shape} must have the shape of {clean}, {X.shape}: each row "
            f"is the noisy version of the same row of {clean}"
        )
    return X_noisy
