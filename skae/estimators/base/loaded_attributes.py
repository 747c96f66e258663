"""Checks of single fitted attributes that come from a file."""

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = [
    "check_array_attribute",
    "check_array_list",
    "check_history",
    "check_integers",
    "check_names",
    "check_numbers",
    "invalid",
    "is_fitted",
]

# Entries of `history_` of shape (n_runs, n_epochs).
_CURVES_OF_SEVERAL_RUNS = ("pretraining_loss", "fold_validation_loss")


def is_fitted(estimator: Any) -> bool:
    """Whether the file has fitted attributes; their names end with an underscore."""
    return any(name.endswith("_") and not name.startswith("_") for name in vars(estimator))


def invalid(name: str, problem: str) -> Exception:
    """The error for an attribute of a file."""
    # Fits and `import skae` need no serialization code.
    from skae.persistence.registry import InvalidContent

    return InvalidContent(f"its attribute {name:.100} {problem}")


def check_array_attribute(model: Any, name: str, shape: tuple[int, ...], kinds: str = "f") -> None:
    """Check an attribute that is an array of finite numbers."""
    array = getattr(model, name, None)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in kinds or array.shape != shape:
        raise invalid(name, f"does not match: it must be an array of the shape {shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise invalid(name, "is not finite")


def check_numbers(model: Any, names: Iterable[str]) -> None:
    """Check attributes that are finite real numbers."""
    for name in names:
        value = getattr(model, name, None)
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise invalid(name, "does not match: it must be a finite number")


def check_integers(model: Any, names: Iterable[str]) -> None:
    """Check attributes that count something."""
    for name in names:
        value = getattr(model, name, None)
        if (
            isinstance(value, bool)
            or not isinstance(value, Integral)
            or not 0 <= int(value) < 2**63
        ):
            raise invalid(name, "is not a nonnegative integer")


def check_history(model: Any) -> None:
    """Check the training curves and the times of a fit."""
    history, times = getattr(model, "history_", None), getattr(model, "fit_time_", None)
    if not isinstance(history, dict) or "loss" not in history:
        raise invalid("history_", "is not a dict with the training loss")
    for name, curve in history.items():
        n_axes = 2 if name in _CURVES_OF_SEVERAL_RUNS else 1
        is_curve = isinstance(curve, np.ndarray) and curve.dtype.kind == "f"
        if not (isinstance(name, str) and is_curve and curve.ndim == n_axes):
            raise invalid("history_", "is not a dict of curves")
    if not isinstance(times, dict) or "total" not in times:
        raise invalid("fit_time_", "is not a dict with the total time")
    for name, seconds in times.items():
        if not (isinstance(name, str) and isinstance(seconds, float)):
            raise invalid("fit_time_", "is not a dict of numbers")


def check_names(model: Any) -> None:
    """Check the names of features and the shape of samples, where the samples had these."""
    if "feature_names_in_" in vars(model):
        check_array_attribute(model, "feature_names_in_", (model.n_features_in_,), "OU")
    if "sample_shape_" in vars(model):
        shape = model.sample_shape_
        is_shape = isinstance(shape, tuple) and all(isinstance(n, int) and n > 0 for n in shape)
        if not is_shape or math.prod(shape) != model.n_features_in_:
            raise invalid("sample_shape_", "does not match the number of features")


def check_array_list(model: Any, name: str) -> None:
    """Check an attribute that is a list of arrays."""
    values = getattr(model, name, None)
    if not isinstance(values, list) or not all(isinstance(v, np.ndarray) for v in values):
        raise invalid(name, "is not a list of arrays")
