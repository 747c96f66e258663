"""Errors about strings and missing values in X, with the transformer that prepares such data."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["explained_input", "refuse_texts"]

_CATEGORIES = (
    " Encode categories with sklearn.preprocessing.OneHotEncoder, and texts with "
    "sklearn.feature_extraction.text.TfidfVectorizer."
)


def refuse_texts(X: Any, estimator: str) -> None:
    """Raise ValueError if `X` is a sequence of strings, as scikit-learn's vectorizers take it."""
    is_sequence = isinstance(X, list | tuple) or len(getattr(X, "shape", ())) == 1
    if is_sequence and isinstance(next(iter(X), None), str | bytes):
        raise ValueError(
            f"X is a sequence of strings, but {estimator} needs numeric features: compute them "
            "with sklearn.feature_extraction.text.TfidfVectorizer, as in "
            f"make_pipeline(TfidfVectorizer(), {estimator}())"
        )


@contextmanager
def explained_input(estimator: str, name: str = "X") -> Iterator[None]:
    """Complete scikit-learn's errors about missing values and about strings.

    scikit-learn recommends supervised models that support missing values, and writes "X" whatever
    the argument is: `name` is the argument.
    """
    try:
        yield
    except ValueError as error:
        message = str(error)
        for start in ("Input X contains", "X has"):
            if message.startswith(start):
                message = message.replace("X", name, 1)
        if message.startswith(f"Input {name} contains NaN"):
            raise ValueError(
                f"Input {name} contains NaN: fill missing values with "
                f"sklearn.impute.SimpleImputer, as in make_pipeline(SimpleImputer(), {estimator}())"
            ) from None
        if "could not convert string" in message or "arrays of bytes/strings" in message:
            raise ValueError(message.rstrip(".") + "." + _CATEGORIES) from None
        if message != str(error):
            raise ValueError(message) from None
        raise
