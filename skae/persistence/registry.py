"""Registry of the classes that a file may name, and the user's trusted objects.

The registry is closed: no other class is imported because a file names it. If a class is renamed,
its old name must stay in `CLASSES`, so that older files load.
"""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from skae._registry import CALLBACK_ATTRIBUTES, ESTIMATORS
from skae.core.networks.own_modules import import_path
from skae.persistence.container import safe_repr

__all__ = [
    "CLASSES",
    "InvalidContent",
    "TrustedObjects",
    "class_name",
    "find_class",
    "import_name",
    "is_fitted_attribute",
]

# Module of each class that a file may name.
CLASSES = {
    **ESTIMATORS,
    "Convolutional": "skae.networks.convolutional",
    "FrozenEstimator": "sklearn.frozen._frozen",
    "HammingIndex": "skae.hashing.index",
    "Recurrent": "skae.networks.recurrent",
    "Residual": "skae.networks.residual",
}

# Attributes that scikit-learn sets on estimators independently of fitting.
_SKLEARN_ATTRIBUTES = {*CALLBACK_ATTRIBUTES, "_metadata_request"}


class InvalidContent(Exception):
    """Why the content of a file cannot be decoded; `decode_content` adds the path."""


def class_name(cls: type) -> str | dict[str, str]:
    """Encoded name of a class: its name in the registry, or the import name of a user's class."""
    if CLASSES.get(cls.__name__) == cls.__module__:
        return cls.__name__
    return {"trusted": import_name(cls, "the estimator")}


def find_class(name: Any, trusted: "TrustedObjects") -> type:
    """The estimator class that a file names; inverse of `class_name`."""
    if isinstance(name, dict):
        cls = trusted.find(name["trusted"])
        if not (isinstance(cls, type) and hasattr(cls, "get_params")):
            raise InvalidContent(
                f"trusted[{name['trusted']!r}] is {cls!r}, which is not an estimator class"
            )
        return cls
    if name not in CLASSES:
        raise InvalidContent(
            f"it contains a {safe_repr(name)}, a class that this version of skae does not have"
        )
    return getattr(importlib.import_module(CLASSES[name]), name)


def is_fitted_attribute(cls: type, name: str) -> bool:
    """Whether a file may set this attribute: only attributes that the class does not define.

    Attributes of the class are code, or code relies on their values, such as the template of the
    links in the HTML diagram.
    """
    return not (hasattr(cls, name) or name.startswith("__") or name in _SKLEARN_ATTRIBUTES)


def import_name(function_or_class: Any, where: str) -> str:
    """``module:name`` of a function or class that must be passed as `trusted` to `load`."""
    return import_path(function_or_class, f"{where} cannot be saved: it")


class TrustedObjects:
    """Functions and classes that the user passes to `load`, by the names that files use for them.

    Parameters
    ----------
    trusted : None, mapping of names to objects, or iterable of objects
        Names of objects in an iterable are ``module:name``.
    """

    def __init__(self, trusted: Mapping[str, Any] | Iterable[Any] | None):
        if isinstance(trusted, Mapping):
            self.objects = dict(trusted)
        elif isinstance(trusted, str) or not isinstance(trusted, Iterable | None):
            raise TypeError(
                f"trusted={trusted!r} must be a list of functions and classes, or a dict from "
                "names to functions and classes."
            )
        else:
            self.objects = {_trusted_name(item): item for item in trusted or ()}

    def find(self, name: str) -> Any:
        """The object with this name in the file."""
        if name not in self.objects:
            raise InvalidContent(f"it needs {safe_repr(name)}, which is not in trusted")
        return self.objects[name]

    def import_path(self, name: str) -> str:
        """Current ``module:name`` of the object with this name in the file."""
        return import_path(self.find(name), f"trusted[{name!r}]")


def _trusted_name(item):
    if isinstance(item, str) or not hasattr(item, "__qualname__"):
        raise TypeError(
            f"trusted contains {item!r}, which is not a function or class. Pass the objects "
            "themselves, not their names."
        )
    return import_path(item, "trusted")
