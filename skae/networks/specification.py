"""What a specification of a network is, and how its numbers are read."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

__all__ = ["NetworkSpecification", "size_of", "sizes_of"]


class NetworkSpecification(BaseEstimator, ABC):
    """What a network is made of, as an estimator's parameter: `get_params`, `clone`, searches."""

    _choices: ClassVar[dict[str, tuple]] = {}

    def describe(self, n_features: int) -> dict:
        """The network for samples of so many columns, in plain Python.

        Parameters
        ----------
        n_features : int
            Columns of X.

        Returns
        -------
        description : dict
            "kind", and what the parts of that kind are made of.

        Raises
        ------
        ValueError
            A parameter out of range, or a shape that does not fit the columns.
        """
        for name, choices in self._choices.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {choices}")
        return self._describe(int(n_features))

    @abstractmethod
    def _describe(self, n_features: int) -> dict: ...


def sizes_of(name: str, sizes: Any) -> tuple[int, ...]:
    """The sizes as a tuple of ints; a ValueError where they are none."""
    if not isinstance(sizes, tuple | list) or not sizes or not all(map(_is_size, sizes)):
        raise ValueError(f"{name}={sizes!r} must hold integers of at least 1, such as (16, 32)")
    return tuple(int(size) for size in sizes)


def size_of(name: str, size: Any, least: int = 1) -> int:
    """The size as an int; a ValueError where it is none, or below the least."""
    if not _is_size(size) or size < least:
        raise ValueError(f"{name}={size!r} must be an integer of at least {least}")
    return int(size)


def _is_size(size: Any) -> bool:
    return hasattr(size, "__index__") and not isinstance(size, bool) and size >= 1
