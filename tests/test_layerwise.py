"""Greedy layer-wise training: pair by pair, then the whole stack."""

import numpy as np
import pytest
from sklearn.base import clone

from skae import AutoencoderTransformer, DenoisingAutoencoder
from skae.core.networks import dense_network, initial_weights
from skae.core.training.layerwise import n_pairs, pair_network
from skae.networks import Convolutional
from tests.discovery import AUTOENCODERS, accepts, few_of, short

STACK = {
    "n_components": 2,
    "hidden_layer_sizes": (8, 5),
    "activation": "tanh",
    "init": "random",
    "pretraining": "layerwise",
    "pretraining_max_iter": 3,
    "max_iter": 4,
    "batch_size": 32,
    "early_stopping": False,
    "random_state": 0,
}


def stack(cls=AutoencoderTransformer, **parameters):
    return cls(**{**STACK, **parameters})


@pytest.mark.representatives(AutoencoderTransformer)
@pytest.mark.parametrize("cls", few_of(c for c in AUTOENCODERS if accepts(c, "pretraining")))
def test_every_dense_autoencoder_keeps_its_phases(cls, X):
    model = stack(cls, hidden_layer_sizes=(8,)).fit(X)
    assert model.history_["pretraining_loss"].shape == (2, 3)
    assert np.isfinite(model.history_["pretraining_loss"]).all()
    assert model.history_["loss"].shape == (4,)
    assert np.isfinite(model.reconstruct(X)).all()


def test_the_seed_says_all(X):
    model = stack().fit(X)
    again = clone(model).fit(X)
    np.testing.assert_array_equal(again.reconstruct(X), model.reconstruct(X))


@pytest.mark.parametrize("tied", [False, True])
def test_phases_make_of_the_start_what_they_say(tied, X):
    """The stack after its phases is its pairs, one upon the other."""
    network = dense_network(6, (8, 5), 2, (5, 8), "tanh", tied=tied)
    params = initial_weights(network, np.random.default_rng(0))
    x = np.asarray(X[:10], np.float32)
    up, decoders = x, []
    for depth in range(n_pairs(network)):
        pair = pair_network(network, depth)
        weights = {
            "encoder": {"layer_0": params["encoder"][f"layer_{depth}"]},
            "decoder": {"layer_0": params["decoder"][f"layer_{2 - depth}"]},
        }
        up = pair.encode(weights, up)
        decoders.insert(0, (pair, weights))
    np.testing.assert_allclose(up, network.encode(params, x), atol=1e-6)
    for pair, weights in decoders:
        up = pair.decode(weights, up)
    np.testing.assert_allclose(up, network.decode(params, network.encode(params, x)), atol=1e-6)


@pytest.mark.parametrize("tied_weights", short([False, True]))
def test_phases_lower_the_error_of_the_whole_stack(tied_weights, X):
    parameters = {"tied_weights": tied_weights, "learning_rate": 1e-2}
    stacked = stack(max_iter=0, pretraining_max_iter=60, **parameters).fit(X)
    bare = stack(max_iter=0, pretraining=None, **parameters).fit(X)
    losses = stacked.history_["pretraining_loss"]
    assert (losses[:, -1] < losses[:, 0]).all()
    assert stacked.score(X) > bare.score(X)


def test_only_the_pair_of_a_phase_changes(X):
    """The first phase is the same whatever comes after it."""
    low = stack(max_iter=0, random_state=3).fit(X)
    np.testing.assert_array_equal(
        low.history_["pretraining_loss"][0],
        stack(max_iter=4, random_state=3).fit(X).history_["pretraining_loss"][0],
    )


@pytest.mark.thorough
def test_automatic_epochs_are_shared_by_the_pairs(X):
    model = stack(pretraining_max_iter="auto", max_iter=7).fit(X)
    assert model.history_["pretraining_loss"].shape == (3, 3)


@pytest.mark.thorough
def test_noise_enters_each_phase(X):
    still = stack(DenoisingAutoencoder, noise_level=0.0, max_iter=0).fit(X)
    noisy = stack(DenoisingAutoencoder, noise_level=0.5, max_iter=0).fit(X)
    apart = still.history_["pretraining_loss"] != noisy.history_["pretraining_loss"]
    assert apart.all()


@pytest.mark.thorough
def test_a_noise_function_is_for_samples_alone(X):
    model = stack(DenoisingAutoencoder, noise=of_samples_alone, max_iter=0).fit(X)
    assert np.isfinite(model.history_["pretraining_loss"]).all()


def of_samples_alone(x, key):
    assert x.shape[1] == 6
    return 0.5 * x


@pytest.mark.thorough
def test_small_data_choose_epochs_after_phases_on_each_fold(X):
    model = stack(early_stopping=True).fit(X)
    assert model.history_["pretraining_loss"].shape == (3, 3)
    assert 0 <= model.best_iter_ <= 4


def test_training_goes_on_without_new_phases(X):
    model = stack(warm_start=True).fit(X)
    before = model.n_steps_
    model.fit(X)
    assert model.n_steps_ == 2 * before
    assert "pretraining_loss" not in model.history_


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"init": "pca"}, "init='random'"),
        ({"decoder_hidden_layer_sizes": (8,)}, "mirror"),
        ({"pretraining_max_iter": 0}, "pretraining_max_iter"),
        ({"pretraining": "greedy"}, "pretraining"),
    ],
)
def test_what_does_not_go_together_is_told(parameters, message, X):
    with pytest.raises(ValueError, match=message):
        stack(**parameters).fit(X)


def test_other_networks_have_no_phases(X):
    model = AutoencoderTransformer(
        2, network=Convolutional(image_shape=(2, 3)), pretraining="layerwise", init="random"
    )
    with pytest.raises(
        ValueError, match="pretraining='layerwise' is a parameter of the dense network"
    ):
        model.fit(X)


def test_partial_fit_has_too_few_samples_for_phases(X):
    with pytest.raises(ValueError, match="needs all samples at once"):
        stack().partial_fit(X)
