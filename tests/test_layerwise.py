"""Greedy layer-wise training: pair by pair, then the whole stack."""

import jax
import numpy as np
import pytest
from sklearn.base import clone

import skae
from skae import AutoencoderTransformer, ConvolutionalAutoencoder, DenoisingAutoencoder
from skae.core.networks import build_network, dense_network, initial_weights
from skae.core.training.layerwise import _layers_of_pair, _with_pair
from skae.networks import Convolutional, Recurrent, Residual
from tests import own_modules
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


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("cls", few_of(c for c in AUTOENCODERS if accepts(c, "tied_weights")))
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
    assert_pairs_are_the_network(dense_network(6, (8, 5), 2, (5, 8), "tanh", tied=tied), 3)


def assert_pairs_are_the_network(network, n_pairs):
    params = initial_weights(network, np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(10, network.n_features)).astype(np.float32)
    pairs, up = network.layer_pairs(), x
    assert len(pairs) == n_pairs
    for pair in pairs:
        up = pair.network.encode(_layers_of_pair(params, pair), up)
    np.testing.assert_allclose(up, network.encode(params, x), atol=1e-5)
    for pair in reversed(pairs):
        up = pair.network.decode(_layers_of_pair(params, pair), up)
    np.testing.assert_allclose(up, network.reconstruct(params, x), atol=1e-5)


CONVOLUTIONS = [
    ({}, 5, 1),
    ({"code": "maps"}, 8, 1),
    ({"code": "maps"}, 8, 2),
    ({"downsampling": "max_pool", "upsampling": "resize", "code": "maps"}, 8, 1),
    ({"downsampling": "max_pool", "padding": "valid", "kernel_size": 2}, 5, 2),
]


@pytest.mark.thorough
@pytest.mark.parametrize("parameters, n_components, heads", CONVOLUTIONS)
def test_pairs_of_convolutions_are_the_network(parameters, n_components, heads):
    specification = Convolutional(image_shape=(6, 5), channels=(3, 2), **parameters)
    description = specification.describe(30)
    network = build_network(description, 30, n_components, "cpu", heads=heads)
    assert_pairs_are_the_network(network, 2 + ("code" not in parameters))


def test_a_trained_pair_replaces_its_layers_only():
    description = Convolutional(image_shape=(6, 5), channels=(3, 2)).describe(30)
    network = build_network(description, 30, 5, "cpu", heads=2)
    params = initial_weights(network, np.random.default_rng(0))
    pair = network.layer_pairs()[-1]
    trained = jax.tree.map(lambda leaf: leaf + 1, _layers_of_pair(params, pair))
    result = _with_pair(params, trained, pair)
    moved = jax.tree.map(lambda new, old: np.unique(np.round(new - old, 4)), result, params)
    expected = jax.tree.map(lambda old: np.zeros(1), params)
    expected["encoder"]["head"] = {"kernel": np.array([0.0, 1.0]), "bias": np.array([0.0, 1.0])}
    expected["decoder"]["input"] = {"kernel": np.ones(1), "bias": np.ones(1)}
    jax.tree.map(np.testing.assert_allclose, moved, expected)
    np.testing.assert_array_equal(
        result["encoder"]["head"]["kernel"][:, 5:], params["encoder"]["head"]["kernel"][:, 5:]
    )


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


@pytest.mark.parametrize(
    "network",
    [Recurrent(), Residual(), own_modules.pair(6)],
    ids=["recurrent", "residual", "own"],
)
def test_other_networks_have_no_pairs(network, X):
    model = AutoencoderTransformer(2, network=network, pretraining="layerwise", init="random")
    with pytest.raises(ValueError, match="pretraining='layerwise' trains pairs of dense layers"):
        model.fit(X)


def convolutional_stack(cls=ConvolutionalAutoencoder, **parameters):
    names = ("init", "pretraining", "pretraining_max_iter", "max_iter", "batch_size")
    shared = {name: STACK[name] for name in (*names, "early_stopping", "random_state")}
    return cls(**{**shared, **parameters})


def test_pretraining_of_convolutions_lowers_the_error_of_the_whole_network(X):
    settings = {"image_shape": (3, 2), "channels": (4,), "n_components": 8, "code": "maps"}
    settings |= {"learning_rate": 1e-2, "max_iter": 0, "activation": "tanh"}
    stacked = convolutional_stack(pretraining_max_iter=60, **settings).fit(X)
    bare = convolutional_stack(pretraining=None, **settings).fit(X)
    losses = stacked.history_["pretraining_loss"]
    assert losses.shape == (1, 60) and losses[0, -1] < 0.5 * losses[0, 0]
    assert stacked.score(X) > 0.5 > bare.score(X)


def test_pretrained_models_are_saved(X, tmp_path):
    model = stack(max_iter=0, pretraining_max_iter=2).fit(X)
    model.save(tmp_path / "model.skae")
    loaded = skae.load(tmp_path / "model.skae")
    np.testing.assert_array_equal(
        loaded.history_["pretraining_loss"], model.history_["pretraining_loss"]
    )
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))


@pytest.mark.thorough
def test_noise_enters_each_pair_of_convolutions(X):
    network = Convolutional(image_shape=(3, 2), channels=(3, 2))
    settings = {"n_components": 2, "network": network, "max_iter": 0}
    still, noisy = (
        convolutional_stack(DenoisingAutoencoder, noise_level=level, **settings).fit(X)
        for level in (0.0, 0.5)
    )
    assert still.history_["pretraining_loss"].shape == (3, 3)
    assert (still.history_["pretraining_loss"] != noisy.history_["pretraining_loss"]).all()


def test_partial_fit_has_too_few_samples_for_phases(X):
    with pytest.raises(ValueError, match="needs all samples at once"):
        stack().partial_fit(X)
