"""The decorator of `fit` and `partial_fit`: validation of parameters and of keyword arguments."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from skae.estimators.base.sklearn_compat import fit_context as _fit_context

__all__ = ["fit_context"]

F = TypeVar("F", bound=Callable)

# Keyword arguments of other libraries, and the parameters here.
_ALIASES = {
    "epochs": "max_iter",
    "n_epochs": "max_iter",
    "num_epochs": "max_iter",
    "nb_epoch": "max_iter",
    "max_epochs": "max_iter",
    "lr": "learning_rate",
    "patience": "n_iter_no_change",
    "validation_split": "validation_fraction",
    "validation_data": "X_val",
    "eval_set": "X_val",
    "X_valid": "X_val",
    "sample_weights": "sample_weight",
}


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[F], F]:
    """scikit-learn's decorator of `fit`, with an error that explains unknown keyword arguments.

    Users type ``fit(X, epochs=5)``. Python's own error names the class that defines `fit`.
    """
    decorate = _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)

    def decorator(fit: F) -> F:
        names, validated = list(inspect.signature(fit).parameters)[1:], decorate(fit)

        @functools.wraps(fit)
        def wrapper(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            for name, value in kwargs.items():
                if name not in names:
                    unexpected = (
                        f"{type(estimator).__name__}.{fit.__name__}() got an unexpected keyword "
                        f"argument {name!r}."
                    )
                    raise TypeError(unexpected + _hint(estimator, names, name, value))
            return validated(estimator, *args, **kwargs)

        return cast(F, wrapper)

    return decorator


def _hint(estimator: Any, names: list[str], name: str, value: Any) -> str:
    parameters, cls = estimator.get_params(deep=False), type(estimator).__name__
    if name == "callbacks" and hasattr(estimator, "set_callbacks"):
        return " Use set_callbacks(...) before fit."
    meant = _ALIASES.get(name, name)
    if meant not in [*names, *parameters]:
        near = difflib.get_close_matches(meant, [*names, *parameters], n=1, cutoff=0.8)
        meant = near[0] if near else meant
    if meant in names:
        return f" Did you mean {meant}=...?"
    if meant in parameters:
        shown = repr(value) if isinstance(value, str | int | float) else "..."
        return f" Set the parameter {meant} of the estimator: {cls}({meant}={shown})."
    if "autoencoder" in parameters and name == "groups":
        return (
            f" {cls} selects the samples to which it fits its autoencoder; set validation_splitter "
            "on its parameter autoencoder, or early_stopping=False."
        )
    if "autoencoder" in parameters:
        return " Set the parameters of training on its parameter autoencoder."
    return f" Its arguments are {', '.join(names)}."
