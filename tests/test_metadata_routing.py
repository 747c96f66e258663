"""Routing of `sample_weight` and `X_val` through pipelines and searches."""

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import DenoisingAutoencoder
from tests.discovery import AUTOENCODERS, accepts, fast

each_autoencoder = pytest.mark.parametrize("cls", AUTOENCODERS)


@pytest.fixture(autouse=True)
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def requested(cls, **parameters):
    return fast(cls, **parameters).set_fit_request(sample_weight=True, X_val=True)


@each_autoencoder
def test_requests_exist(cls):
    requests = fast(cls).get_metadata_routing().fit.requests
    pairs = {"X_noisy", "X_val_noisy"} if cls is DenoisingAutoencoder else set()
    assert set(requests) == {"sample_weight", "X_val", "groups"} | pairs


@pytest.mark.representatives
@each_autoencoder
def test_x_val_is_scaled_by_the_pipeline_with_transform_input(cls, X, X_new, weights):
    shift = 100.0
    samples, held_out = X * 50 + shift, X_new * 50 + shift
    pipeline = make_pipeline(
        StandardScaler().set_fit_request(sample_weight=False),
        requested(cls),
        transform_input=["X_val"],
    ).fit(samples, sample_weight=weights, X_val=held_out)
    scaler = StandardScaler().fit(samples)
    by_hand = fast(cls).fit(
        scaler.transform(samples), sample_weight=weights, X_val=scaler.transform(held_out)
    )
    np.testing.assert_array_equal(
        pipeline.transform(samples), by_hand.transform(scaler.transform(samples))
    )
    losses = pipeline[-1].history_["validation_loss"]
    np.testing.assert_array_equal(losses, by_hand.history_["validation_loss"])


@pytest.mark.representatives
@each_autoencoder
def test_without_transform_input_x_val_is_not_scaled(cls, X, X_new):
    samples, held_out = X * 50 + 100, X_new * 50 + 100
    pipeline = make_pipeline(StandardScaler(), requested(cls)).fit(samples, X_val=held_out)
    by_hand = fast(cls).fit(StandardScaler().fit_transform(samples), X_val=held_out)
    np.testing.assert_array_equal(
        pipeline[-1].history_["validation_loss"], by_hand.history_["validation_loss"]
    )


@pytest.mark.representatives
@each_autoencoder
def test_weights_reach_the_fits_of_a_search(cls, X, weights):
    estimator = requested(cls).set_score_request(sample_weight=True)
    grid = {"learning_rate": [1e-3, 1e-2]} if accepts(cls, "learning_rate") else {}
    search = GridSearchCV(estimator, grid, cv=2).fit(X, sample_weight=weights)
    by_hand = fast(cls, **search.best_params_).fit(X, sample_weight=weights)
    np.testing.assert_array_equal(search.best_estimator_.transform(X), by_hand.transform(X))


@each_autoencoder
def test_weights_that_are_not_requested_raise(cls, X, weights):
    pipeline = make_pipeline(StandardScaler(), fast(cls))
    with pytest.raises(ValueError, match="sample_weight"):
        pipeline.fit(X, sample_weight=weights)
