"""Hidden activations of any network, top activating samples, and activation maximization."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import skae
from skae.core.activations import ACTIVATIONS
from skae.core.compile.programs import _programs
from skae.display import maximize_activation, top_activating_rows
from skae.networks import Convolutional, Recurrent
from tests.discovery import short
from tests.own_modules import pair, sequential

ONE_LAYER = {"hidden_layer_sizes": (), "init": "random", "code_activation": "logistic"}
QUICK = {"max_iter": 1, "early_stopping": False, "random_state": 0}


@pytest.fixture(scope="module")
def samples():
    return load_digits().data[:80, :36] / 16


@pytest.fixture(scope="module")
def dense(samples):
    return skae.AutoencoderTransformer(3, hidden_layer_sizes=(7, 5), **QUICK).fit(samples)


@pytest.fixture(scope="module")
def one_layer(samples):
    return skae.AutoencoderTransformer(3, **ONE_LAYER, **QUICK).fit(samples)


def dense_activations(model, X):
    """Hidden activations of a dense encoder and decoder, computed with NumPy."""
    gelu, params = ACTIVATIONS["gelu"], model.params_
    x, found = (X - model.mean_) / model.scale_, {}
    for part, start in (("encoder", x), ("decoder", None)):
        if start is None:
            start = model.transform(X) / model.scale_ / params["fixed"]["code_scale"]
        for i, name in enumerate(sorted(params[part])[:-1]):
            layer = params[part][name]
            start = gelu(start @ layer["kernel"] + layer["bias"], np)
            found[f"{part}.{i}"] = start
    return found


def test_hidden_activations_of_dense_layers(dense, samples):
    for name, expected in dense_activations(dense, samples).items():
        np.testing.assert_allclose(dense.hidden_activations(samples, name), expected, atol=2e-5)
    np.testing.assert_array_equal(
        dense.hidden_activations(samples, "code"), dense.transform(samples)
    )
    first = dense.hidden_activations(samples.astype(np.float32), 0)
    assert first.dtype == np.float32 and first.shape == (80, 7)


NETWORKS = {
    "tied": ({"hidden_layer_sizes": (7,), "tied_weights": True}, {"encoder.0", "decoder.0"}),
    "convolutional": (
        {"network": Convolutional(image_shape=(6, 6), channels=(2,))},
        {"encoder.0", "decoder.0"},
    ),
    "recurrent": (
        {"network": Recurrent(sequence_shape=(6, 6), hidden_sizes=(3,), bidirectional=True)},
        {"encoder.0", "decoder.0"},
    ),
    "own": (
        {"network": pair(36)},
        {"encoder.Dense_0", "encoder.Dense_1", "encoder"}
        | {"decoder.layers_0", "decoder.layers_1", "decoder.last"},
    ),
    "own sequential": (
        {"network": sequential(36)},
        {"encoder.layers_0", "encoder", "decoder.layers_0"},
    ),
}
SHAPES = {"convolutional": (3, 3, 2), "recurrent": (6, 6), "own": (5,), "tied": (7,)}


@pytest.mark.parametrize("kind", short(NETWORKS, 2))
def test_layer_names_of_every_kind_of_network(kind, samples):
    parameters, names = NETWORKS[kind]
    model = skae.AutoencoderTransformer(2, **parameters, **{**QUICK, "max_iter": 0}).fit(samples)
    with pytest.raises(ValueError, match="is not a layer") as raised:
        model.hidden_activations(samples, "nowhere")
    for name in {*names, "code"}:
        assert f"'{name}'" in str(raised.value)
    values = model.hidden_activations(samples, 0)
    assert values.shape == (80, *SHAPES.get(kind, (4,)))
    np.testing.assert_array_equal(values[5:7], model.hidden_activations(samples[5:7], 0))
    with pytest.raises(ValueError, match="index from 0 to"):
        model.hidden_activations(samples, 99)


def test_top_samples_of_a_layer(dense, samples):
    values = dense.hidden_activations(samples, "encoder.1")
    indices, highest = top_activating_rows(dense, samples, [4, 0], layer="encoder.1", n_rows=6)
    for top, activations, unit in zip(indices, highest, (4, 0), strict=True):
        np.testing.assert_array_equal(top, np.argsort(-values[:, unit], kind="stable")[:6])
        np.testing.assert_allclose(activations, values[top, unit], rtol=1e-6)
    assert top_activating_rows(dense, samples, 1, n_rows=500)[0].shape == (1, 80)


@pytest.mark.parametrize("norm", [0.5, "auto"])
def test_maximum_of_a_single_layer_has_a_closed_form(one_layer, samples, norm):
    best = maximize_activation(one_layer, norm=norm, random_state=0)
    kernel = one_layer.params_["encoder"]["layer_0"]["kernel"]
    length = (
        norm if norm != "auto" else np.sqrt(np.mean(np.sum((samples - samples.mean(0)) ** 2, 1)))
    )
    expected = one_layer.mean_ + length * (kernel / np.linalg.norm(kernel, axis=0)).T
    np.testing.assert_allclose(best, expected, atol=2e-2 * length)


def test_maximum_in_a_box_is_a_corner(one_layer):
    best = maximize_activation(one_layer, norm=None, value_range=(0, 1), random_state=0)
    kernel = one_layer.params_["encoder"]["layer_0"]["kernel"].T
    clear = np.abs(kernel) > 0.1 * np.abs(kernel).max()
    np.testing.assert_allclose(best[clear], (kernel > 0)[clear], atol=1e-3)


def test_maximum_is_within_bounds_and_above_all_training_samples(dense, samples):
    best = maximize_activation(
        dense, [0, 2], layer="encoder.0", norm=1.5, value_range=(0, 1), random_state=0
    )
    assert best.min() >= -1e-6 and best.max() <= 1 + 1e-6
    assert np.linalg.norm(best - dense.mean_, axis=1).max() <= 1.5 + 1e-4
    inside = np.linalg.norm(samples - dense.mean_, axis=1) <= 1.5
    seen = dense.hidden_activations(samples[inside], "encoder.0")[:, [0, 2]].max(axis=0)
    reached = np.diag(dense.hidden_activations(best, "encoder.0")[:, [0, 2]])
    assert (reached >= seen).all()


def test_the_ascent_compiles_once(one_layer):
    maximize_activation(one_layer, [0], max_iter=2, random_state=0)
    before = len(_programs)
    first = maximize_activation(one_layer, [1], max_iter=3, norm=0.3, random_state=1)
    assert len(_programs) == before
    again = maximize_activation(one_layer, [1], max_iter=3, norm=0.3, random_state=1)
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"units": [3]}, "from 0 to 2"),
        ({"units": [0.5]}, "must be integers"),
        ({"norm": None}, "both unbounded"),
        ({"norm": -1.0}, "norm"),
        ({"value_range": (1, 0)}, "low < high"),
        ({"value_range": "all"}, "auto"),
        ({"layer": "decoder.7"}, "is not a layer"),
        ({"max_iter": 0}, "max_iter"),
    ],
)
def test_invalid_parameters(one_layer, parameters, message):
    with pytest.raises(ValueError, match=message):
        maximize_activation(one_layer, **parameters)


def test_diagrams_link_to_the_documentation_and_list_layers(dense):
    html = dense._repr_html_()
    assert "skae-summary" in dense._repr_mimebundle_()["text/html"]
    assert "https://scikit-learn.org" not in html.split("</style>")[-1]
    assert "skae.AutoencoderTransformer.html" in html
    for header in ("encoder.0", "decoder.1", "parameters", "epochs", "training loss"):
        assert f">{header}</th>" in html
    weights = sum(w.size for layer in dense.params_["encoder"].values() for w in layer.values())
    assert weights < int(
        html.split(">parameters</th>")[1].split("</td>")[0].split(">")[1].replace(",", "")
    )
    unfitted = skae.AutoencoderTransformer()._repr_html_()
    assert "skae-summary" not in unfitted and "skae.AutoencoderTransformer.html" in unfitted
