"""Mixin with the method `save`; the serialization code is imported when it is called."""

import os
from typing import Self

__all__ = ["SaveMixin"]


class SaveMixin:
    """Adds the method `save` to an estimator."""

    def save(self, path: str | os.PathLike[str]) -> Self:
        """Save the estimator to a file; `skae.load` loads it.

        The file contains a JSON header and arrays, and no executable content. It is written to a
        temporary file in the same folder, which is renamed once it is complete: after a crash, an
        earlier file at this path is unchanged. Callbacks are not saved.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            A parameter cannot be stored in a file, such as a lambda.
        OSError
            The file cannot be written.
        """
        from skae.persistence.models import write

        write(self, path)
        return self
