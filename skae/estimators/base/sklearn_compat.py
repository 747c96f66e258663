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


check_sample_weight = _check_sample_weight
fit_context = _fit_context

__all__ = [
    "CallbackSupportMixin",
    "Interval",
    "Options",
    "StrOptions",
    "check_sample_weight",
    "fit_context",
    "is_awaited",
    "validate_data",
    "with_callbacks",
]
