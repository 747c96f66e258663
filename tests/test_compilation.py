"""Programs are compiled once for all that share a shape; counted through jax.monitoring."""

import functools
from contextlib import contextmanager

import jax
import numpy as np
import optax
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skae import AutoencoderTransformer
from tests.datasets import curved
from tests.discovery import AUTOENCODERS, REPRESENTATIVES, fast, short

_EVENT = "/jax/core/compile/backend_compile_duration"
_counted = []


def _listen(event, duration, **others):
    if event == _EVENT:
        _counted.append(duration)


jax.monitoring.register_event_duration_secs_listener(_listen)


@contextmanager
def compilations():
    """A list that holds, at the end, one entry for each program compiled."""
    before, found = len(_counted), []
    yield found
    found += _counted[before:]


def test_the_counter_counts():
    with compilations() as found:
        jax.jit(lambda x: 2 * x + 1)(np.arange(7.0, dtype=np.float32))
    assert len(found) >= 1


# a shape that no other test has
COLUMNS = 11
CHANGES = {
    "learning_rate": 1e-4,
    "alpha": 0.3,
    "random_state": 7,
    "max_iter": 3,
    "max_time": 100.0,
    "tol": 0.01,
    "n_iter_no_change": 2,
    "validation_fraction": 0.3,
    "learning_rate_schedule": ("exponential", 0.2),
    "verbose": 0,
    "warm_start": True,
}


def automatic(cls, **parameters):
    return fast(cls, **{"batch_size": "auto", "max_iter": 2, **parameters})


@pytest.mark.representatives
@pytest.mark.parametrize(
    "cls, early_stopping",
    [
        *((cls, True) for cls in AUTOENCODERS),
        *short((cls, False) for cls in REPRESENTATIVES),
    ],
)
def test_first_fit_compiles_three_programs_and_clones_none(cls, early_stopping):
    X = curved(100, COLUMNS + early_stopping)
    model = automatic(cls, early_stopping=early_stopping)
    with compilations() as found:
        model.fit_transform(X)
    assert 1 <= len(found) <= 3
    model.reconstruct(X)
    model.score(X)
    with compilations() as found:
        for n_samples in (65, 100, 127):
            clone(model).fit_transform(curved(n_samples, X.shape[1], seed=n_samples))
        for name, value in CHANGES.items():
            clone(model).set_params(**{name: value}).fit(X).transform(X[:5])
        clone(model).fit(X, sample_weight=np.linspace(0, 2, 100)).score(X)
    assert len(found) == 0


def test_transforming_any_number_of_samples_compiles_nothing():
    X = curved(100, 29)  # a shape of its own: another test's small calls must not hide a program
    model = automatic(AutoencoderTransformer).fit(X)
    model.inverse_transform(model.transform(X))
    model.score(X)
    with compilations() as found:
        for n_samples in (1, 2, 255, 256, 257, 1000):
            codes = model.transform(curved(n_samples, 29))
            model.inverse_transform(codes)
            model.score(curved(n_samples, 29))
    assert len(found) == 0


@pytest.mark.parametrize("early_stopping", short([True, False]))
def test_a_search_compiles_no_more_than_one_fit_and_score(early_stopping):
    columns = 17 + early_stopping
    X = curved(450, columns)  # folds of 300 samples
    model = automatic(AutoencoderTransformer, early_stopping=early_stopping)
    with compilations() as once:
        clone(model).fit(X[:300]).score(X[300:])
    grid = {"learning_rate": [1e-4, 1e-3, 1e-2, 3e-2], "alpha": [0.0, 0.1, 1.0]}
    with compilations() as found:
        search = GridSearchCV(model, grid, cv=3).fit(X)
    assert len(once) <= 3
    # 450 samples of the refit are in the same power of two
    assert len(found) == 0
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_partials_are_compared_by_what_they_do():
    X = curved(100, 19)

    def decaying(decay):
        factory = functools.partial(optax.adamw, weight_decay=decay)
        return fast(AutoencoderTransformer, optimizer=factory, early_stopping=False)

    decaying(0.01).fit_transform(X)
    with compilations() as found:
        decaying(0.01).fit_transform(X)
        clone(decaying(0.01)).fit_transform(X)
    assert len(found) == 0
    with compilations() as found:
        decaying(0.02).fit(X)
    assert len(found) >= 1, "another optimizer must not share the program"


@pytest.mark.thorough
def test_partial_fit_and_warm_start_share_programs():
    X = curved(200, 21)
    model = fast(AutoencoderTransformer, early_stopping=False, warm_start=True)
    model.partial_fit(X).transform(X)
    model.fit(X)
    with compilations() as found:
        for n_samples in (1, 31, 64, 200):
            model.partial_fit(curved(n_samples, 21)).fit(X).transform(X)
    assert len(found) == 0


def test_the_cache_is_bounded_and_can_be_emptied():
    from skae.core.compile import programs

    X = curved(40, 23)
    fast(AutoencoderTransformer, early_stopping=False).fit(X).transform(X)
    assert 0 < len(programs._programs) <= programs.MAX_PROGRAMS < 380
