"""Codes that are feature maps or the last state of a cell, and decoders of other sizes."""

import matplotlib
import numpy as np
import pytest
from sklearn.base import clone

import skae
from skae import (
    VAE,
    AutoencoderTransformer,
    ContractiveAutoencoder,
    ConvolutionalAutoencoder,
    PretrainedClassifier,
    RecurrentAutoencoder,
    SparseAutoencoder,
)
from skae.core.networks import build_network, initial_weights
from skae.display import FeatureDisplay, LatentDisplay, LearningCurveDisplay, ReconstructionDisplay
from skae.networks import Convolutional, Recurrent
from tests.datasets import curved
from tests.discovery import short
from tests.test_network_convolution import numpy_convolution

matplotlib.use("agg")

FEW = {"init": "random", "max_iter": 2, "batch_size": 32, "early_stopping": False}
N_FEATURES = 12  # images of 4 x 3, sequences of 4 steps of 3 features
MAPS = {"image_shape": (4, 3), "channels": (3, 2), "code": "maps"}
STATE = {"sequence_shape": (4, 3), "hidden_sizes": (5,), "code": "state"}
MODELS = {
    "state": (RecurrentAutoencoder, 3, STATE),
    "maps": (ConvolutionalAutoencoder, 2, MAPS),
    "one convolution": (ConvolutionalAutoencoder, 8, {**MAPS, "channels": (2,)}),
    "pooled maps": (
        ConvolutionalAutoencoder,
        2,
        {**MAPS, "downsampling": "max_pool", "upsampling": "resize"},
    ),
    "state of both directions": (RecurrentAutoencoder, 4, {**STATE, "bidirectional": True}),
    "another decoder": (
        RecurrentAutoencoder,
        3,
        {**STATE, "hidden_sizes": (), "decoder_hidden_sizes": (6, 4), "cell": "gru"},
    ),
    "dense code, another decoder": (
        RecurrentAutoencoder,
        3,
        {**STATE, "code": "dense", "decoder_hidden_sizes": (6, 4)},
    ),
}
each_model = pytest.mark.parametrize("name", short(MODELS, 2))


@pytest.fixture(scope="module")
def X():
    return curved(n_features=N_FEATURES)


def unfitted(name, **parameters):
    cls, n_components, settings = MODELS[name]
    return cls(n_components, random_state=0, **{**FEW, **settings, **parameters})


@pytest.fixture(scope="module")
def fitted(X):
    models = {}

    def fit(name):
        if name not in models:
            models[name] = unfitted(name).fit(X)
        return models[name]

    return fit


def test_codes_are_the_flattened_maps_of_the_last_convolution(fitted, X):
    model = fitted("one convolution")
    layer = model.params_["encoder"]["layer_0"]
    x = ((X - model.mean_) / model.scale_).reshape(-1, 4, 3, 1)
    maps = numpy_convolution(x, layer["kernel"], 2, "same") + layer["bias"]
    codes = model.transform(X) / model.scale_
    np.testing.assert_allclose(codes.reshape(-1, 2, 2, 2), maps, atol=1e-5)
    assert "linear" not in model.params_ and set(model.params_["encoder"]) == {"layer_0"}


def test_codes_are_the_last_state_of_a_cell(fitted, X):
    model = fitted("state")
    network = model._network
    x = ((X - model.mean_) / model.scale_).astype(np.float32)
    first = network.encoder.lowest(1).apply({"params": model.params_["encoder"]}, x)
    assert first.shape == (len(X), 5)
    description = Recurrent(**{**STATE, "hidden_sizes": (5, 3), "code": "dense"}).describe(12)
    body = build_network(description, 12, 1, "cpu").encoder.body
    state = body.apply({"params": model.params_["encoder"]}, x)
    np.testing.assert_allclose(model.transform(X) / model.scale_, state, atol=1e-5)
    assert np.abs(state).max() < 1
    assert model.params_["decoder"]["states"]["recurrent"].shape[0] == 5
    assert list(model.hidden_activations(X, "encoder.0").shape) == [len(X), 4, 5]
    with pytest.raises(ValueError, match=r"encoder\.0"):
        model.hidden_activations(X, "encoder.1")


@pytest.mark.thorough
def test_sizes_of_another_decoder(fitted):
    decoder = fitted("another decoder").params_["decoder"]
    assert decoder["states"]["recurrent"].shape[0] == 6
    assert decoder["layer_1"]["states"]["recurrent"].shape[0] == 4
    assert decoder["output"]["kernel"].shape == (4, 3)


@pytest.mark.thorough
@each_model
def test_saved_cloned_continued_and_exported(name, fitted, X, tmp_path):
    model = fitted(name)
    codes = model.transform(X)
    np.testing.assert_allclose(model.inverse_transform(codes), model.reconstruct(X), atol=1e-5)
    model.save(tmp_path / "model.skae")
    loaded = skae.load(tmp_path / "model.skae")
    np.testing.assert_array_equal(loaded.transform(X), codes)
    assert not np.array_equal(loaded.partial_fit(X).transform(X), codes)
    path = tmp_path / "checkpoint"
    again = clone(model).set_params(checkpoint=path, checkpoint_interval=0).fit(X)
    np.testing.assert_array_equal(again.transform(X), codes)
    onnxruntime = pytest.importorskip("onnxruntime")
    for method, want in (("transform", codes), ("reconstruct", model.reconstruct(X))):
        model.to_onnx(tmp_path / "model.onnx", method=method)
        session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
        (found,) = session.run(None, {session.get_inputs()[0].name: X.astype(np.float32)})
        np.testing.assert_allclose(found, want, atol=1e-4)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["state", "maps"])
def test_displays(name, fitted, X):
    model = fitted(name)
    ReconstructionDisplay.from_estimator(model, X[:3])
    LatentDisplay.from_estimator(model, X, reduction="pca")
    LearningCurveDisplay.from_estimator(model)
    FeatureDisplay.from_estimator(model, X, kind="top_rows", layer="code")
    if name == "maps":
        display = FeatureDisplay.from_estimator(model, kind="weights")
        assert len(display.features) == 3


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["state", "maps"])
def test_fine_tuning(name, fitted, X):
    y = (X[:, 0] > np.median(X[:, 0])).astype(int)
    for n_layers in (1, "all"):
        model = PretrainedClassifier(fitted(name), prefit=True, n_layers=n_layers, max_iter=2)
        assert model.fit(X, y).predict(X).shape == y.shape


@pytest.mark.thorough
def test_means_and_variances_are_maps_of_one_convolution(X):
    network = build_network(Convolutional(**MAPS).describe(12), 12, 2, "cpu", heads=2)
    params = initial_weights(network, np.random.default_rng(0))
    x = X.astype(np.float32)
    maps = np.asarray(network.encoder.apply({"params": params["encoder"]}, x))
    assert maps.shape == (len(X), 1, 1, 4)
    mean, log_variance = network.encoder_heads(params, x)
    np.testing.assert_allclose(mean, maps[..., :2].reshape(-1, 2), rtol=1e-5)
    np.testing.assert_allclose(log_variance, maps[..., 2:].reshape(-1, 2), rtol=1e-5)
    assert VAE(2, network=Convolutional(**MAPS), **FEW).fit_transform(X).shape == (len(X), 2)


@pytest.mark.thorough
@pytest.mark.parametrize("cls", [SparseAutoencoder, ContractiveAutoencoder])
def test_penalties_on_maps(cls, X):
    model = cls(8, network=Convolutional(**{**MAPS, "channels": (2,)}), **FEW).fit(X)
    assert np.isfinite(model.reconstruct(X)).all()


def test_norms_of_decoder_weights_of_maps():
    network = build_network(Convolutional(**{**MAPS, "channels": (2,)}).describe(12), 12, 8, "cpu")
    params = initial_weights(network, np.random.default_rng(0))
    kernel = params["decoder"]["output"]["kernel"]
    norms = np.linalg.norm(network.code_kernel(params), axis=1).reshape(4, 2)
    want = np.sqrt(np.square(kernel).sum(axis=(0, 1, 3)))
    np.testing.assert_allclose(norms, np.tile(want, (4, 1)), rtol=1e-6)


NOT_MATCHING = {
    "n_components=2 does not match .* 3 feature maps of 2 x 2, so set n_components=12": (
        "maps",
        {"channels": (3,)},
    ),
    "code='maps' .* set init='random'": ("maps", {"init": "pca"}),
    "code='state' .* set init='random'": ("state", {"init": "pca"}),
    "n_components=3 is odd": ("state", {"bidirectional": True}),
    r"hidden_sizes=\(\) .* set decoder_hidden_sizes": ("state", {"hidden_sizes": ()}),
    "hidden_sizes=.* must be a tuple": ("state", {"hidden_sizes": (), "code": "dense"}),
    "decoder_hidden_sizes=.* must be a tuple": ("state", {"decoder_hidden_sizes": (0,)}),
    "'code' parameter of ConvolutionalAutoencoder": ("maps", {"code": "state"}),
}


@pytest.mark.parametrize("message", NOT_MATCHING)
def test_parameters_that_do_not_match_raise(message, X):
    name, parameters = NOT_MATCHING[message]
    with pytest.raises(ValueError, match=message):
        unfitted(name, **parameters).fit(X)


@pytest.mark.parametrize("parameter", [{"code": "state"}, {"code": None}])
def test_codes_of_another_kind_raise(parameter, X):
    network = Convolutional(**{**MAPS, **parameter})
    with pytest.raises(ValueError, match=r"code=.* must be one of"):
        AutoencoderTransformer(2, network=network, **FEW).fit(X)


def test_a_variational_autoencoder_refuses_bounded_variances(X):
    with pytest.raises(ValueError, match=r"variances .* use code='dense'"):
        VAE(3, network=Recurrent(**STATE), **FEW).fit(X)


def test_continuing_with_another_code_or_decoder_raises(fitted, X):
    model = clone(fitted("state")).fit(X)
    for parameter in ({"decoder_hidden_sizes": (7,)}, {"code": "dense"}):
        changed = clone(model).set_params(**parameter)
        changed.__dict__.update({k: v for k, v in vars(model).items() if k.endswith("_")})
        (name,) = parameter
        with pytest.raises(ValueError, match=f"{name}=.* differs"):
            changed.partial_fit(X)
