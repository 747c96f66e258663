"""Winner-take-all autoencoders: lifetime sparsity."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skae import WinnerTakeAllAutoencoder
from skae.core.networks import Model, dense_network, initial_weights
from skae.core.objective import Batch, Objective, Step
from skae.objectives.winner_take_all import keep_winners, winner_take_all_loss
from tests.datasets import curved
from tests.discovery import fast, short

Z = np.random.default_rng(0).normal(size=(40, 7)).astype(np.float32)
ONES = np.ones(40, np.float32)


def by_sorting(z, n_winners):
    kept = np.zeros_like(z)
    for j, samples in enumerate(np.argsort(-z, axis=0)[:n_winners].T):
        kept[samples, j] = z[samples, j]
    return kept


@pytest.mark.parametrize("rate, n_winners", [(0.05, 2), (0.1, 4), (0.11, 5), (0.5, 20), (1.0, 40)])
def test_winners_are_the_largest_activations(rate, n_winners):
    np.testing.assert_array_equal(keep_winners(Z, ONES, rate), by_sorting(Z, n_winners))


@pytest.mark.parametrize("scale, shift", [(1e-5, 0.0), (1e3, 0.0), (1.0, 30.0), (1.0, -30.0)])
def test_winners_at_any_scale(scale, shift):
    moved = (Z * scale + shift).astype(np.float32)
    np.testing.assert_array_equal(keep_winners(moved, ONES, 0.1), by_sorting(moved, 4))


def test_each_unit_keeps_at_least_one_sample():
    kept = np.asarray(keep_winners(Z, ONES, 1e-4))
    np.testing.assert_array_equal((kept != 0).sum(axis=0), 1)
    np.testing.assert_array_equal(kept.max(axis=0), Z.max(axis=0))
    np.testing.assert_array_equal(keep_winners(Z[:1], ONES[:1], 0.05), Z[:1])


def test_winners_use_sample_weights_and_ignore_padding():
    weight = np.random.default_rng(1).integers(0, 4, 40).astype(np.float32)
    repeated = np.repeat(Z, weight.astype(int), axis=0)
    some = weight > 0
    expected = np.unique(keep_winners(repeated, np.ones(len(repeated), np.float32), 0.2))
    kept = np.asarray(keep_winners(Z, weight, 0.2))[some]
    np.testing.assert_array_equal(np.unique(kept), expected)
    padded = np.vstack([Z, np.full((5, 7), 1e3, np.float32)])
    with_padding = keep_winners(padded, np.r_[ONES, np.zeros(5, np.float32)], 0.1)
    np.testing.assert_array_equal(with_padding[:40], keep_winners(Z, ONES, 0.1))


def test_equal_activations_are_all_kept():
    same = np.full((6, 2), 0.7, np.float32)
    np.testing.assert_array_equal(keep_winners(same, np.ones(6, np.float32), 0.1), same)


def test_only_winners_receive_gradients():
    gradient = jax.grad(lambda z: jnp.sum(keep_winners(z, ONES, 0.1)))(jnp.asarray(Z))
    np.testing.assert_array_equal(gradient, by_sorting(Z, 4) != 0)


def test_loss_against_numpy():
    network = dense_network(5, (), 3, (), "relu", code_activation="relu")
    model = Model(network, initial_weights(network, np.random.default_rng(1)))
    x = np.random.default_rng(2).normal(size=(20, 5)).astype(np.float32)
    objective = Objective(winner_take_all_loss)
    floats = {"sparsity_rate": 0.2}
    loss, _ = objective(model, Batch(x, np.ones(20, np.float32)), Step(None, floats))
    z = by_sorting(np.asarray(model.encode(x)), 4)
    expected = np.mean((np.asarray(model.decode(z)) - x) ** 2)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_transform_applies_no_mask(fitted, X, X_new):
    model = fitted(WinnerTakeAllAutoencoder)
    codes = model.transform(X_new)
    np.testing.assert_array_equal(model.transform(X_new[:1])[0], codes[0])
    assert (codes > 0).mean() > 0.05 and codes.min() == 0


def test_no_unit_is_dead_and_a_lower_rate_increases_the_loss():
    X = curved(600, 10)
    models = [
        WinnerTakeAllAutoencoder(
            20, hidden_layer_sizes=(), sparsity_rate=rate, batch_size=128, max_iter=20,
            early_stopping=False, random_state=0,
        ).fit(X)
        for rate in (0.05, 0.5)
    ]  # fmt: skip
    assert all(len(model.dead_units_) == 0 for model in models)
    assert models[0].history_["loss"][-1] > models[1].history_["loss"][-1]


@pytest.mark.parametrize("value", [0.0, -0.1, 1.1, np.nan, "few", None])
def test_bad_rates(value, X):
    model = fast(WinnerTakeAllAutoencoder, sparsity_rate=value)
    with pytest.raises(ValueError, match="sparsity_rate"):
        model.fit(X)
    assert not hasattr(model, "params_")


@pytest.mark.parametrize("init", ["random", "pca"])
@pytest.mark.parametrize("tied_weights", short([True, False]))
def test_initializations_with_and_without_tied_weights(init, tied_weights, X):
    model = fast(WinnerTakeAllAutoencoder, init=init, tied_weights=tied_weights).fit(X)
    assert np.isfinite(model.reconstruct(X)).all()
