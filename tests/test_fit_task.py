"""A fit reads values, never the estimator: what its task refers to."""

import dataclasses
import functools
from types import FunctionType, MethodType

import pytest
from sklearn.base import BaseEstimator

from skae.estimators.base.task import make_task
from tests.discovery import AUTOENCODERS, fast


def referents(value):
    """The values that a record, a container or a function refers to."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple | set):
        return list(value)
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, MethodType):
        return [value.__self__]
    if isinstance(value, FunctionType):
        return [cell.cell_contents for cell in value.__closure__ or ()]
    return []


def reachable(value, seen=None):
    seen = {} if seen is None else seen
    if id(value) not in seen:
        seen[id(value)] = value
        for other in referents(value):
            reachable(other, seen)
    return list(seen.values())


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_the_task_of_a_fit_does_not_refer_to_the_estimator(cls, X):
    estimator = fast(cls)
    estimator.n_features_in_ = X.shape[1]
    task = make_task(estimator, estimator, X, None, None)
    found = [value for value in reachable(task) if isinstance(value, BaseEstimator)]
    assert not found, f"the task refers to {found}: hooks must return pure functions of values"


def test_a_bound_method_is_found(X):
    estimator = fast(AUTOENCODERS[0])
    assert estimator in reachable({"hook": functools.partial(estimator.fit, X)})
