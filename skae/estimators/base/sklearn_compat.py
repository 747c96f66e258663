"""All that is not public, or not old, in scikit-learn: imported here and nowhere else."""

from functools import wraps

from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight, validate_data

try:
    from sklearn.callback import CallbackSupportMixin, ProgressBar, with_callbacks

    # it counts tasks; all others may ask for the fitted estimator, or answer that it is enough
    _ONLOOKERS: tuple[type, ...] = (ProgressBar,)
except ImportError:  # scikit-learn < 1.9 has no callbacks
    _ONLOOKERS = ()

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's: callbacks came with scikit-learn 1.9."""

        def set_callbacks(self, *callbacks):
            """Raise NotImplementedError: callbacks need scikit-learn >= 1.9.

            Parameters
            ----------
            *callbacks : callback instances
                Not used.

            Returns
            -------
            self : estimator
                Never.
            """
            raise NotImplementedError("callbacks need scikit-learn >= 1.9: upgrade scikit-learn")

    def with_callbacks(method):
        """Nothing to manage."""

        @wraps(method)
        def unchanged(*args, **kwargs):
            return method(*args, **kwargs)

        return unchanged


def is_awaited(callbacks) -> bool:
    """Whether training must wait for what these callbacks answer."""
    return any(type(callback) not in _ONLOOKERS for callback in callbacks)


# where our documentation stands, and what scikit-learn's diagrams make a link of
DOCUMENTATION = "https://skae.readthedocs.io/en/stable/"


class DocumentedInHTML:
    """Diagrams of estimators link to skae's documentation instead of scikit-learn's."""

    _doc_link_module = "skae"
    _doc_link_template = DOCUMENTATION + "api/{module}.{estimator_name}.html"
    # where users import it from: its page in the documentation is called so
    _public_module = "skae"

    def _doc_link_url_param_generator(self):
        return {"module": self._public_module, "estimator_name": type(self).__name__}


class ShownInHTML:
    """Notebooks show what `_html_repr` gives: scikit-learn 1.6 does not ask for it by itself."""

    def _repr_html_inner(self):
        return self._html_repr()  # type: ignore[attr-defined]

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        return {**bundle, "text/html": self._repr_html_inner()} if "text/html" in bundle else bundle


check_sample_weight = _check_sample_weight
fit_context = _fit_context

__all__ = [
    "DOCUMENTATION",
    "CallbackSupportMixin",
    "DocumentedInHTML",
    "Interval",
    "Options",
    "ShownInHTML",
    "StrOptions",
    "check_sample_weight",
    "fit_context",
    "is_awaited",
    "validate_data",
    "with_callbacks",
]
