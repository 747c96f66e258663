"""Residual blocks against NumPy's, and what each layer gives."""

import jax
import numpy as np
import pytest

from skae import AutoencoderTransformer, PretrainedClassifier
from skae.core.networks import build_network, initial_weights
from skae.networks import Residual
from tests.datasets import curved, labels
from tests.discovery import fast, short

X = curved(80)


def ready(x):
    return np.tanh((x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True))


def dense(layer, x):
    return x @ layer["kernel"] + layer["bias"]


def weights_of(**parameters):
    description = Residual(activation="tanh", **parameters).describe(6)
    network = build_network(description, 6, 2, "cpu")
    rng = np.random.default_rng(0)
    weights = initial_weights(network, rng)
    for leaf in jax.tree.leaves(weights):
        leaf += rng.normal(scale=0.1, size=leaf.shape)
    return network, weights


def test_encoder_and_decoder_compute_the_formula():
    network, weights = weights_of(width=8, n_blocks=2, outer_layer_sizes=(7, 5))
    encoder, decoder = weights["encoder"]["body"], weights["decoder"]
    x = np.tanh(dense(encoder["layer_1"], np.tanh(dense(encoder["layer_0"], X))))
    x = dense(encoder["layer_2"], x)
    for name in ("layer_3", "layer_4"):
        x = x + dense(encoder[name], ready(x))
    codes = dense(weights["encoder"]["head"], ready(x))
    np.testing.assert_allclose(network.encode(weights, X), codes, atol=1e-4)
    x = dense(decoder["input"], codes)
    for name in ("layer_0", "layer_1"):
        x = x + dense(decoder[name], ready(x))
    x = np.tanh(dense(decoder["layer_3"], np.tanh(dense(decoder["layer_2"], ready(x)))))
    samples = dense(decoder["output"], x)
    np.testing.assert_allclose(network.decode(weights, codes), samples, atol=1e-4)


def test_constant_samples():
    network, weights = weights_of(width=4, n_blocks=3)
    for part in ("encoder", "decoder"):
        first = weights[part]["body"]["layer_0"] if part == "encoder" else weights[part]["input"]
        for leaf in first.values():
            leaf[...] = 0.0
    loss = jax.grad(lambda w: (network.reconstruct(w, X) ** 2).mean())
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(loss(weights)))


@pytest.fixture(scope="module")
def fitted():
    network = Residual(width=4, n_blocks=1, outer_layer_sizes=(5,))
    return fast(AutoencoderTransformer, network=network, hidden_layer_sizes="auto").fit(X)


def test_hidden_layer_outputs(fitted):
    shapes = {f"encoder.{i}": (80, width) for i, width in enumerate((5, 4, 4))}
    shapes |= {f"decoder.{i}": (80, width) for i, width in enumerate((4, 4, 5))}
    got = {name: fitted.hidden_activations(X, name).shape for name in shapes}
    assert got == shapes


@pytest.mark.parametrize("n_layers", short([2, 1, 3]))
def test_a_classifier_on_any_of_its_layers(n_layers, fitted):
    """The features are what the hidden layer of that number gives."""
    y = labels(X)
    model = PretrainedClassifier(
        fitted, prefit=True, n_layers=n_layers, freeze="all", max_iter=1, random_state=0
    ).fit(X, y)
    unit, head = model.params_["fixed"]["unit"], model.params_["head"]
    features = fitted.hidden_activations(X, n_layers - 1)
    outputs = (features - unit["mean"]) / unit["scale"] @ head["kernel"] + head["bias"]
    got = np.log(model.predict_proba(X)[:, 1] / model.predict_proba(X)[:, 0])
    np.testing.assert_allclose(
        got, outputs[:, -1] - (outputs[:, 0] if outputs.shape[1] > 1 else 0), atol=1e-3
    )


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"width": 0}, "width"),
        ({"width": 1}, "width=1 must be an integer of at least 2"),
        ({"n_blocks": 0}, "n_blocks"),
        ({"n_blocks": 2.5}, "n_blocks"),
        ({"width": "8"}, "width='8' must be an integer of at least 2"),
        ({"outer_layer_sizes": 8}, "outer_layer_sizes"),
        ({"outer_layer_sizes": np.array([8, 8])}, "outer_layer_sizes"),
        ({"outer_layer_sizes": np.array([])}, "outer_layer_sizes"),
        ({"outer_layer_sizes": (8, -1)}, "outer_layer_sizes"),
        ({"activation": "step"}, "activation"),
    ],
)
def test_invalid_parameters_raise(parameters, message):
    with pytest.raises(ValueError, match=message):
        Residual(**parameters).describe(6)
