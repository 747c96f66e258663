"""Convolutional winner-take-all autoencoders: spatial and lifetime sparsity."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skae import ConvolutionalWinnerTakeAllAutoencoder
from skae.core.networks import Model, build_network, initial_weights
from skae.core.networks.maps import spatial_sparsity_mask
from skae.core.objective import Batch, Objective, Step
from skae.objectives.winner_take_all import convolutional_winner_take_all_loss
from tests.discovery import fast

RNG = np.random.default_rng(0)
DESCRIPTION = {
    "kind": "maps", "image_shape": (4, 5, 1), "channels": (2,), "kernel_sizes": (3, 3),
    "decoder_kernel_size": 3, "activation": "relu",
}  # fmt: skip


@pytest.fixture(scope="module")
def model():
    network = build_network(DESCRIPTION, 20, 3, "cpu", code_activation="relu")
    return Model(network, initial_weights(network, np.random.default_rng(1)))


def test_spatial_sparsity_keeps_one_entry_of_each_map():
    maps = RNG.normal(size=(6, 7, 3)).astype(np.float32)
    wins = np.asarray(spatial_sparsity_mask(maps))
    np.testing.assert_array_equal(wins.sum(axis=1), 1)
    np.testing.assert_array_equal((maps * wins).sum(axis=1), maps.max(axis=1))
    assert spatial_sparsity_mask(np.zeros((1, 4, 1)))[0, :, 0].tolist() == [
        True,
        False,
        False,
        False,
    ]


def test_loss_against_numpy(model):
    x = RNG.normal(size=(8, 20)).astype(np.float32)
    maps = np.asarray(jax.jit(model.network.maps)(model.params, x))
    assert maps.shape == (8, 20, 3)
    sparse = np.zeros_like(maps)
    for k in range(3):
        places, best = maps[:, :, k].argmax(axis=1), maps[:, :, k].max(axis=1)
        for sample in np.argsort(-best)[:2]:
            sparse[sample, places[sample], k] = best[sample]
    expected = np.mean((jax.jit(model.network.decode_maps)(model.params, sparse) - x) ** 2)
    floats = {"sparsity_rate": 0.25}
    batch = Batch(jnp.asarray(x), jnp.ones(8))
    loss = jax.jit(
        lambda params: Objective(convolutional_winner_take_all_loss)(
            model._replace(params=params), batch, Step(None, floats)
        )[0]
    )(model.params)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_codes_and_reconstructions(model):
    x = RNG.normal(size=(5, 20)).astype(np.float32)
    network, params = model
    maps = np.asarray(jax.jit(network.maps)(params, x))
    codes, back = jax.jit(network.encode)(params, x), jax.jit(network.reconstruct)(params, x)
    np.testing.assert_allclose(codes, maps.max(axis=1), rtol=1e-5, atol=1e-6)
    decode = jax.jit(network.decode_maps)
    expected = decode(params, np.where(spatial_sparsity_mask(maps), maps, 0.0))
    np.testing.assert_allclose(back, expected, rtol=1e-5, atol=1e-6)
    middle = np.zeros((3, 20, 3), np.float32)
    middle[np.arange(3), 2 * 5 + 2, np.arange(3)] = 1.0
    expected = jax.jit(network.decode_maps)(params, middle)
    np.testing.assert_allclose(
        jax.jit(network.decode)(params, np.eye(3, dtype=np.float32)), expected, atol=1e-6
    )


def test_encoder_and_decoder_receive_gradients(model):
    batch = Batch(jnp.asarray(RNG.normal(size=(8, 20)), jnp.float32), jnp.ones(8))
    floats = {"sparsity_rate": 0.25}

    def loss(params):
        return Objective(convolutional_winner_take_all_loss)(
            model._replace(params=params), batch, Step(None, floats)
        )[0]

    gradient = jax.jit(jax.grad(loss))(model.params)
    assert all(np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(gradient))


def test_codes_are_translation_invariant(model):
    image = np.zeros((1, 14, 15), np.float32)
    image[0, 6:8, 6:8] = [[1.0, -2.0], [0.5, 3.0]]
    network = build_network(
        {**DESCRIPTION, "image_shape": (14, 15, 1)}, 210, 3, "cpu", code_activation="relu"
    )
    x = np.concatenate([image, np.roll(image, (1, -2), axis=(1, 2))]).reshape(2, -1)
    here, there = jax.jit(network.encode)(model.params, x)
    np.testing.assert_allclose(there, here, rtol=1e-5)


@pytest.mark.thorough
def test_translated_shapes_are_learned():
    X = np.zeros((200, 12, 12), np.float32)
    for image, (i, j), vertical in zip(
        X, RNG.integers(3, 7, (200, 2)), RNG.random(200) < 0.5, strict=True
    ):
        image[i : i + (3 if vertical else 1), j : j + (1 if vertical else 3)] = 1.0
    model = ConvolutionalWinnerTakeAllAutoencoder(
        4, image_shape=(12, 12), channels=(), kernel_size=3, decoder_kernel_size=3,
        sparsity_rate=0.5, learning_rate=0.02, max_iter=60, batch_size=50, early_stopping=False,
        random_state=0,
    ).fit(X.reshape(200, -1))  # fmt: skip
    assert model.history_["loss"][-1] < 0.6 * model.history_["loss"][0]
    assert len(model.dead_units_) == 0
    patches = model.inverse_transform(np.eye(4) * model.mean_activation_).reshape(4, 12, 12)
    changes = np.abs(patches - model.inverse_transform(np.zeros((1, 4))).reshape(12, 12))
    assert changes[:, 5:8, 5:8].max() > 0 and changes[:, :4].max() == 0, "not in the center"


def test_init_must_be_random(X):
    with pytest.raises(ValueError, match="init"):
        fast(ConvolutionalWinnerTakeAllAutoencoder, init="pca").fit(X)


@pytest.mark.parametrize(
    "parameters", [{"kernel_size": (3, 3, 3)}, {"decoder_kernel_size": 0}, {"sparsity_rate": 0.0}]
)
def test_bad_parameters_are_named(parameters, X):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        fast(ConvolutionalWinnerTakeAllAutoencoder, **parameters).fit(X)
