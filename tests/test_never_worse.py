"""The weights that training adopts are never worse on the training loss than the initial ones."""

import re
import warnings

import jax
import numpy as np
import optax
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer
from skae.core.training.optimizers import resolve_optimizer
from tests.discovery import AUTOENCODERS, fast

LOSSES = re.compile(r"from initially (\S+) to (\S+) at its end, epoch (\d+)")


def fit_with_warning(model, X, method="fit"):
    """The initial loss and the last one, as the one warning of a fit states them."""
    with pytest.warns(ConvergenceWarning) as caught:
        getattr(model, method)(X)
    (message,) = [str(warning.message) for warning in caught]
    initial, final, _ = LOSSES.search(message).groups()
    assert f"learning_rate={model.learning_rate}" in message
    return float(initial), float(final)


def assert_equal_params(one, other):
    jax.tree.map(np.testing.assert_array_equal, one.params_, other.params_)


@pytest.fixture(scope="module")
def digits():
    return load_digits().data[:500]


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("cls", AUTOENCODERS)
@pytest.mark.parametrize("learning_rate", [3.0, 100.0])
def test_far_too_high_learning_rate_keeps_the_initialization(cls, learning_rate, X):
    model = fast(cls, learning_rate=learning_rate, early_stopping=False)
    initial = clone(model).set_params(max_iter=0).fit(X)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.fit(X)
    assert model.best_iter_ == 0 < model.n_iter_
    assert_equal_params(model, initial)
    # The activations of a network of its own may bound the loss at the lower rate.
    if learning_rate == 100 or cls is AutoencoderTransformer:
        assert any("initial weights are kept" in str(warning.message) for warning in found)


@pytest.mark.parametrize("learning_rate", [1.0, 10.0, 100.0])
def test_warning_states_both_losses(learning_rate, digits):
    model = AutoencoderTransformer(
        10,
        hidden_layer_sizes=(16,),
        learning_rate=learning_rate,
        early_stopping=False,
        max_iter=10,
        random_state=0,
    )
    initial, final = fit_with_warning(model, digits)
    assert final > 10 * initial
    # the loss at the initialization is that of PCA
    np.testing.assert_allclose(1 - model.score(digits), initial, rtol=1e-4)
    assert model.history_["loss"][-1] > 10 * initial


def test_diverged_gradient_descent_keeps_the_initialization():
    X = load_iris().data
    model = AutoencoderTransformer(
        2, optimizer=optax.sgd, learning_rate=3.0, early_stopping=False, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match=r"(?s)diverged.*initial weights are kept"):
        model.fit(X)
    assert model.best_iter_ == 0
    assert model.score(X) > 0.977


def test_the_best_epoch_is_kept_without_a_validation_set(digits):
    """A constant learning rate that is stable for some epochs and then increases the loss."""
    model = AutoencoderTransformer(
        5,
        hidden_layer_sizes=(16,),
        init="random",
        learning_rate=1e-2,
        early_stopping=False,
        max_iter=20,
        random_state=0,
        warm_start=True,
    ).fit(digits)
    before = model.score(digits)
    model.set_params(learning_rate=0.3, learning_rate_schedule="constant")
    initial, final = fit_with_warning(model, digits)
    assert final > initial
    np.testing.assert_allclose(1 - before, initial, rtol=1e-4)
    assert model.score(digits) >= before


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_partial_fit_keeps_better_weights(cls, X):
    model = fast(cls, learning_rate=1e-3).partial_fit(X)
    kept = model.params_
    moments = model.optimizer_state_
    model.set_params(learning_rate=10.0)
    with pytest.warns(ConvergenceWarning, match="initial weights are kept"):
        model.partial_fit(X)
    jax.tree.map(np.testing.assert_array_equal, kept, model.params_)
    jax.tree.map(np.testing.assert_array_equal, moments, model.optimizer_state_)


def test_partial_fit_at_a_usual_rate_does_not_warn(digits):
    model = AutoencoderTransformer(10, hidden_layer_sizes=(16,), random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for start in range(0, 500, 100):
            model.partial_fit(digits[start : start + 100])


@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_dead_network_warns(early_stopping, digits):
    model = AutoencoderTransformer(
        4,
        hidden_layer_sizes=(16,),
        activation="relu",
        init="random",
        learning_rate=0.3,
        max_iter=20,
        early_stopping=early_stopping,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match="same for all samples"):
        model.fit(digits)
    assert model.best_iter_ > 0
    assert np.ptp(model.reconstruct(digits), axis=0).max() < 1e-3


def images(n_samples, n_features, rank):
    """Smooth low-rank images with noise."""
    rng = np.random.default_rng(0)
    place = np.linspace(-1, 1, n_features)
    basis = np.exp(-np.square(place - rng.uniform(-1, 1, (rank, 1))) / 0.05)
    X = rng.normal(size=(n_samples, rank)) @ basis
    return (X / X.std() + 0.1 * rng.normal(size=X.shape)).astype(np.float32)


@pytest.mark.parametrize(
    "hidden_layer_sizes", [(), pytest.param("auto", marks=pytest.mark.thorough)]
)
def test_wide_samples_are_never_worse_than_pca(hidden_layer_sizes):
    X = images(80, 16_384, rank=8)
    model = AutoencoderTransformer(
        10,
        hidden_layer_sizes=hidden_layer_sizes,
        max_iter=3,
        early_stopping=False,
        random_state=0,
    )
    initial = clone(model).set_params(max_iter=0).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 15 steps need not improve on PCA
        model.fit(X)
    assert model.score(X) >= initial.score(X) > 0.98
    assert model.history_["loss"][-1] < 0.1  # 4 if the learning rate did not depend on the width


def test_updates_of_wide_matrices_are_scaled():
    ones = {
        "encoder": {"layer_0": {"kernel": np.ones((4096, 3)), "bias": np.ones(3)}},
        "decoder": {"layer_0": {"kernel": np.ones((3, 4096))}},
        "linear": {"encoder": np.ones((4096, 2)), "decoder": np.ones((2, 4096))},
    }
    scaled = resolve_optimizer("adam", 4096).scaled(ones)
    assert np.unique(scaled["encoder"]["layer_0"]["kernel"]) == 1024 / 4096
    assert np.unique(scaled["encoder"]["layer_0"]["bias"]) == 1
    assert np.unique(scaled["decoder"]["layer_0"]["kernel"]) == 1
    for matrix in scaled["linear"].values():
        assert np.unique(matrix) == 0.5
    assert resolve_optimizer("adam", 1024).scaled(ones) is ones
