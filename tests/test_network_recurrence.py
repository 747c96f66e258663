"""Recurrent cells against flax's, both directions, initial weights and clipped gradients."""

import flax.linen as nn
import jax
import numpy as np
import pytest

from skae import RecurrentAutoencoder
from skae.core.networks import build_network, initial_weights
from skae.networks import Recurrent
from tests.discovery import fast

RNG = np.random.default_rng(0)
X_SMALL = RNG.normal(size=(5, 12)).astype(np.float32)


def network_of(**parameters):
    description = Recurrent(**{"sequence_shape": (4, 3), "hidden_sizes": (6,), **parameters})
    network = build_network(description.describe(12), 12, 2, "cpu")
    return network, initial_weights(network, np.random.default_rng(0))


def flax_cell(cell, layer, rng):
    """Flax's cell with our weights, biases drawn."""
    inputs, states = layer["inputs"], layer["states"]
    inputs["bias"][...] = rng.normal(size=inputs["bias"].shape)
    kernels = zip(np.moveaxis(inputs["kernel"], 1, 0), inputs["bias"], strict=True)
    recurrent = np.moveaxis(states["recurrent"], 1, 0)
    width = recurrent.shape[-1]
    if cell == "lstm":
        params = {}
        for name, (kernel, bias), back in zip("ifgo", kernels, recurrent, strict=True):
            params[f"i{name}"] = {"kernel": kernel}
            params[f"h{name}"] = {"kernel": back, "bias": bias + (1.0 if name == "f" else 0.0)}
        return nn.OptimizedLSTMCell(width), params
    states["bias"][...] = rng.normal(size=states["bias"].shape)
    params = {}
    for name, (kernel, bias), back in zip("rzn", kernels, recurrent, strict=True):
        params[f"i{name}"] = {"kernel": kernel, "bias": bias}
        params[f"h{name}"] = {"kernel": back}
    params["hn"]["bias"] = states["bias"]
    return nn.GRUCell(width), params


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_encoder_agrees_with_flax_cells(cell):
    network, params = network_of(cell=cell, bidirectional=False)
    body = params["encoder"]["body"]
    theirs, weights = flax_cell(cell, body["layer_0"], np.random.default_rng(1))
    state = theirs.initialize_carry(jax.random.key(0), (5, 3))
    for step in range(4):
        state, h = theirs.apply({"params": weights}, state, X_SMALL.reshape(5, 4, 3)[:, step])
    got = network.encoder.body.apply({"params": body}, X_SMALL)
    np.testing.assert_allclose(got, h, rtol=1e-4, atol=1e-5)


def test_codes_read_the_last_state_of_each_direction():
    network, params = network_of(bidirectional=True)
    body = params["encoder"]["body"]
    layer = body["layer_0"]
    for part in ("inputs", "states"):  # the same weights both ways
        layer[f"{part}_backward"] = layer[part]
    reversed_samples = X_SMALL.reshape(5, 4, 3)[:, ::-1].reshape(5, 12)
    there, back = (
        network.encoder.body.apply({"params": body}, x) for x in (X_SMALL, reversed_samples)
    )
    assert there.shape == (5, 12)
    np.testing.assert_allclose(there, np.roll(back, 6, axis=1), rtol=1e-5, atol=1e-6)
    assert np.abs(there[:, :6] - there[:, 6:]).max() > 0.01


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_mirrored_layers_and_initial_weights(cell, bidirectional):
    network, params = network_of(cell=cell, hidden_sizes=(6, 4), bidirectional=bidirectional)
    output = jax.jit(network.reconstruct)(params, X_SMALL)
    assert output.shape == (5, 12) and np.isfinite(output).all()
    ways, gates = (2 if bidirectional else 1), (4 if cell == "lstm" else 3)
    decoder = params["decoder"]
    assert decoder["input"]["kernel"].shape == (2, ways * gates, 4)
    assert decoder["layer_1"]["states"]["recurrent"].shape == (6, gates, 6)
    assert decoder["output"]["kernel"].shape == (ways * 6, 3)
    matrices = np.moveaxis(params["encoder"]["body"]["layer_0"]["states"]["recurrent"], 1, 0)
    for matrix in matrices:
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(6), atol=1e-5)
    assert np.abs(matrices[0] - matrices[1]).max() > 0.1


def test_every_step_of_the_output_reads_the_code():
    network, params = network_of()
    slope = jax.jacobian(lambda z: network.decode(params, z[None])[0])(np.ones(2, np.float32))
    assert (np.abs(slope).reshape(4, 3, 2).max(axis=(1, 2)) > 1e-4).all()


def test_gradients_are_clipped(X):
    """At a rate of 1 a step of plain gradient descent moves the weights by at most 1."""
    start, moved = (
        fast(
            RecurrentAutoencoder,
            hidden_sizes=(4,), sequence_shape=(3, 2), optimizer="sgd", learning_rate=1.0,
            learning_rate_schedule=("constant", 0.0), batch_size=128, max_iter=max_iter,
            early_stopping=False, alpha=1e4, init="random",
        ).fit(X)
        for max_iter in (0, 1)
    )  # fmt: skip
    change = jax.tree.map(lambda a, b: np.sum(np.square(a - b)), start.params_, moved.params_)
    np.testing.assert_allclose(np.sqrt(sum(jax.tree.leaves(change))), 1.0, rtol=1e-2)


@pytest.mark.parametrize(
    "shape, match",
    [
        ((4, 4), r"4 x 4 = 16 entries.*12 features.*\(3, 4\)"),
        ((5, 5), r"25 entries.*12 features$"),
        ((12,), "sequence_shape"),
        ((0, 12), "sequence_shape"),
        ("long", "sequence_shape"),
    ],
)
def test_a_wrong_sequence_shape_raises(shape, match):
    with pytest.raises(ValueError, match=match):
        Recurrent(sequence_shape=shape).describe(12)


@pytest.mark.parametrize("n_features, shape", [(9, (3, 3)), (12, (12, 1)), (1, (1, 1))])
def test_the_sequence_shape_inferred_from_n_features(n_features, shape):
    assert Recurrent().describe(n_features)["sequence_shape"] == shape


@pytest.mark.parametrize(
    "parameters", [{"hidden_sizes": ()}, {"cell": "rnn"}, {"bidirectional": "yes"}]
)
def test_invalid_parameters_raise(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        Recurrent(**parameters).describe(12)
