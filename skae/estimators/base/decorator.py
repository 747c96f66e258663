"""The class decorator of all autoencoders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform, overload

from skae.estimators.base.docstrings import complete_docstring

__all__ = ["autoencoder"]

T = TypeVar("T", bound=type)


@overload
def autoencoder(cls: T) -> T: ...
@overload
def autoencoder(
    *, network: type | str | None = None, notes: dict[str, str] | None = None
) -> Callable[[T], T]: ...


@dataclass_transform(eq_default=False, kw_only_default=True)
def autoencoder(cls: Any = None, *, network: Any = None, notes: Any = None) -> Any:
    """Class decorator that makes an autoencoder of a class with annotated parameters.

    The class becomes a dataclass: its annotated fields are the parameters of the constructor,
    keyword-only and with their defaults. Their constraints in ``_parameter_constraints`` are added
    to those that the class inherits. In the docstring, the lines ``{parameters}`` and
    ``{attributes}`` are replaced by the documentation that all autoencoders share.

    Parameters
    ----------
    cls : type
        A subclass of `BaseAutoencoder`.
    network : type or str, optional
        Documentation of the network's parameters, where it is not the dense network: a
        specification of `skae.networks`, whose parameters the class has, or the text itself.
    notes : dict of str, optional
        Text added to the documentation of a shared parameter, by the parameter's name.
    """

    def decorate(cls: Any) -> Any:
        docstring = cls.__doc__  # None under `python -OO`
        # scikit-learn compares and prints estimators by their parameters itself
        cls = dataclass(kw_only=True, eq=False, repr=False)(cls)
        cls._parameter_constraints = _merged_constraints(cls)
        if docstring is not None:
            cls.__doc__ = complete_docstring(cls, docstring, network, notes or {})
        return cls

    return decorate if cls is None else decorate(cls)


def _merged_constraints(cls: type) -> dict[str, Any]:
    """Constraints of the parameters of a class and of all its bases."""
    # from the most general class on, so that a class can replace a constraint that it inherits
    merged: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        merged |= vars(base).get("_parameter_constraints", {})
    return merged
