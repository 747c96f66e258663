"""Base class of all estimators of skae."""

import os
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.utils import estimator_html_repr

from skae._registry import CALLBACK_ATTRIBUTES
from skae.estimators.base.parameter_hints import explained
from skae.estimators.base.sklearn_compat import InvalidParameterError

__all__ = ["DOCUMENTATION", "SkaeEstimator"]

#: address of the documentation, to which scikit-learn's diagrams link
DOCUMENTATION = "https://skae.readthedocs.io/en/stable/"


class SkaeEstimator(BaseEstimator):
    """Adds the method `save`, and links to skae's documentation in scikit-learn's diagrams."""

    # scikit-learn's names: without them, diagrams link to scikit-learn's own documentation
    _doc_link_module = "skae"
    _doc_link_template = DOCUMENTATION + "api/{module}.{estimator_name}.html"
    # the module that users import the class from: its page of the reference has this name
    _public_module = "skae"

    def __getstate__(self) -> dict[str, Any]:
        """The state for copies and pickles: without callbacks while they observe a fit.

        A callback may copy, pickle or save the estimator that is being fitted.
        """
        state = super().__getstate__()
        if "_callback_fit_ctx" not in state:
            return state
        return {name: value for name, value in state.items() if name not in CALLBACK_ATTRIBUTES}

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
            A parameter cannot be stored in a file, such as a lambda, or the path is empty or not
            the path of a regular file.
        OSError
            The file cannot be written, for example because its folder does not exist.
        """
        # `import skae` and the fits need no serialization code
        from skae.persistence.models import write

        write(self, path)
        return self

    def _validate_params(self) -> None:
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            raise InvalidParameterError(explained(self, str(error))) from None

    def _check_loaded(self) -> None:
        """Raise if fitted attributes from a file are inconsistent."""

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        return {"module": self._public_module, "estimator_name": type(self).__name__}

    def _html_repr(self) -> str:
        return estimator_html_repr(self)

    # scikit-learn 1.6 does not call `_html_repr`, so both methods below call it
    def _repr_html_inner(self) -> str:
        return self._html_repr()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/html": self._repr_html_inner()} if "text/html" in bundle else bundle
