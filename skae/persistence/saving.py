"""What estimators inherit: nothing else is imported before something is saved."""

__all__ = ["SaveMixin"]


class SaveMixin:
    """Adds `save`."""

    def save(self, path):
        """Write the estimator to a file that `skae.load` reads.

        The file holds a header in JSON and plain arrays, and nothing that runs. It is written
        beside the path and renamed when it is whole, so that a crash leaves an earlier file there
        as it was. Callbacks are left out.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            A parameter that files cannot hold, such as a lambda.
        OSError
            The file cannot be written.
        """
        from skae.persistence.models import write

        write(self, path)
        return self
