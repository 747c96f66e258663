"""Base class of network specifications, and validation of sizes."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

__all__ = ["NetworkSpecification", "size_of", "sizes_of"]


class NetworkSpecification(BaseEstimator, ABC):
    """Base of network specifications; supports `get_params`, `clone` and parameter searches."""

    _choices: ClassVar[dict[str, tuple]] = {}

    def describe(self, n_features: int) -> dict:
        """The network for samples with `n_features` features, in plain Python.

        Parameters
        ----------
        n_features : int
            Number of features of X.

        Returns
        -------
        description : dict
            "kind", and the arguments that the kind's encoder and decoder are built from.

        Raises
        ------
        ValueError
            If a parameter is out of range or a shape does not match `n_features`.
        """
        for name, choices in self._choices.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {choices}")
        return self._describe(int(n_features))

    @abstractmethod
    def _describe(self, n_features: int) -> dict: ...


def sizes_of(name: str, sizes: Any) -> tuple[int, ...]:
    """The sizes as a tuple of ints; raises ValueError if they are not integers of at least 1."""
    if not isinstance(sizes, tuple | list) or not sizes or not all(map(_is_size, sizes)):
        raise ValueError(
            f"{name}={sizes!r} must be a tuple of integers of at least 1, such as (16, 32)"
        )
    return tuple(int(size) for size in sizes)


def size_of(name: str, size: Any, minimum: int = 1) -> int:
    """The size as an int; raises ValueError if it is not an integer of at least `minimum`."""
    if not _is_size(size) or size < minimum:
        raise ValueError(f"{name}={size!r} must be an integer of at least {minimum}")
    return int(size)


def _is_size(size: Any) -> bool:
    return hasattr(size, "__index__") and not isinstance(size, bool) and size >= 1
