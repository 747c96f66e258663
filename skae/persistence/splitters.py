"""Splitters of scikit-learn in files: their class, from a closed list, and their parameters."""

import inspect
from typing import Any

from skae.persistence.registry import InvalidContent

__all__ = ["described_splitter", "is_splitter", "rebuilt_splitter"]

# Classes of `sklearn.model_selection` that a file may name.
_SPLITTERS = frozenset(
    {
        "GroupKFold",
        "GroupShuffleSplit",
        "KFold",
        "LeaveOneGroupOut",
        "LeaveOneOut",
        "LeavePGroupsOut",
        "LeavePOut",
        "PredefinedSplit",
        "RepeatedKFold",
        "RepeatedStratifiedKFold",
        "ShuffleSplit",
        "StratifiedGroupKFold",
        "StratifiedKFold",
        "StratifiedShuffleSplit",
        "TimeSeriesSplit",
    }
)


def is_splitter(value: Any) -> bool:
    """Whether a value is an instance of one of these classes."""
    cls = type(value)
    return cls.__name__ in _SPLITTERS and cls.__module__.startswith("sklearn.model_selection.")


def described_splitter(splitter: Any) -> tuple[str, dict[str, Any]]:
    """The name of the class and the parameters of the constructor."""
    # as in scikit-learn's repr: splitters that repeat another one keep its parameters in `cvargs`
    further = getattr(splitter, "cvargs", {})
    names = inspect.signature(type(splitter)).parameters
    parameters = {name: getattr(splitter, name, further.get(name)) for name in names}
    return type(splitter).__name__, parameters


def rebuilt_splitter(name: Any, parameters: dict[str, Any]) -> Any:
    """Inverse of `described_splitter`, for the content of an untrusted file."""
    if not isinstance(name, str) or name not in _SPLITTERS:
        raise InvalidContent("it contains a splitter that is not one of scikit-learn's")
    from sklearn import model_selection

    return getattr(model_selection, name)(**parameters)
