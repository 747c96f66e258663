"""Names of scikit-learn that are private, missing in old releases, or warn; imported only here."""

from collections.abc import Callable, Iterable
from functools import wraps
from numbers import Integral, Real
from typing import Any, Self, TypeVar

import numpy as np
from sklearn import utils
from sklearn.base import _fit_context
from sklearn.utils import validation
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
)
from sklearn.utils._set_output import ADAPTERS_MANAGER, _get_output_config
from sklearn.utils.validation import _check_feature_names_in

try:
    from sklearn.callback import CallbackSupportMixin, ProgressBar

    # It only counts tasks. Other callbacks may read the fitted estimator or stop the training.
    _COUNTING_CALLBACKS: tuple[type, ...] = (ProgressBar,)
except ImportError:  # scikit-learn < 1.9 has no callbacks
    _COUNTING_CALLBACKS = ()

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Replacement for releases before scikit-learn 1.9, which have no callbacks."""

        def set_callbacks(self, *callbacks: Any) -> Self:
            """Raise NotImplementedError: callbacks need scikit-learn >= 1.9.

            Parameters
            ----------
            *callbacks : callback instances
                Ignored.

            Returns
            -------
            self : estimator
                Never returned.
            """
            raise NotImplementedError("callbacks need scikit-learn >= 1.9: upgrade scikit-learn")


def needs_epoch_results(callbacks: Iterable[Any]) -> bool:
    """Whether training must wait for these callbacks after each epoch."""
    return any(type(callback) not in _COUNTING_CALLBACKS for callback in callbacks)


def in_container(values: Any, X: Any, estimator: Any) -> Any:
    """Samples as the data frame that `set_output` or the global configuration requests.

    It has the names of the features in `fit`, and the index of the argument `X`. Arrays of images
    and sequences stay arrays.
    """
    container = _get_output_config("transform", estimator)["dense"]
    if container == "default" or values.ndim > 2:
        return values
    names = _check_feature_names_in(estimator)
    return ADAPTERS_MANAGER.adapters[container].create_container(values, X, columns=names)


# Programs count in int32 and compute in float32.
_LARGEST_INTEGER = 2**31 - 1
_LARGEST_FLOAT = float(np.finfo(np.float32).max)


def integers_from(lowest: int) -> Interval:
    """The constraint of a parameter that is an integer of at least `lowest`."""
    return Interval(Integral, lowest, _LARGEST_INTEGER, closed="both")


def reals_from(lowest: float) -> Interval:
    """The constraint of a parameter that is a finite number of at least `lowest`."""
    return Interval(Real, lowest, _LARGEST_FLOAT, closed="both")


def reals_above(lowest: float) -> Interval:
    """The constraint of a parameter that is a finite number greater than `lowest`."""
    return Interval(Real, lowest, _LARGEST_FLOAT, closed="right")


Check = TypeVar("Check", bound=Callable)


def _without_warnings_of_sums(check: Check) -> Check:
    """scikit-learn sums all values to see whether one is not finite; huge values overflow then."""

    @wraps(check)
    def checked(*args: Any, **options: Any) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            return check(*args, **options)

    return checked  # type: ignore[return-value]


assert_all_finite = _without_warnings_of_sums(utils.assert_all_finite)
check_array = _without_warnings_of_sums(utils.check_array)
validate_data = _without_warnings_of_sums(validation.validate_data)
check_sample_weight = _without_warnings_of_sums(validation._check_sample_weight)
fit_context = _fit_context

__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "StrOptions",
    "assert_all_finite",
    "check_array",
    "check_sample_weight",
    "fit_context",
    "in_container",
    "integers_from",
    "needs_epoch_results",
    "reals_above",
    "reals_from",
    "validate_data",
]
