"""Names and values of other libraries are understood, or the error says what was probably meant."""

import jax
import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from skae import (
    AdversarialAutoencoder,
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
    DenoisingAutoencoder,
    PretrainedClassifier,
)
from skae.core.devices import find_device
from skae.networks import Convolutional, Residual
from tests import own_modules
from tests.datasets import curved
from tests.discovery import fast

X = curved()
HINTS = [
    ({"loss": "mse"}, "Did you mean 'squared_error'"),
    ({"loss": "MSE"}, "Did you mean 'squared_error'"),
    ({"loss": "bce"}, "Did you mean 'binary_cross_entropy'"),
    ({"loss": "binary_crossentropy"}, "Did you mean 'binary_cross_entropy'"),
    ({"loss": "mae"}, "Did you mean 'absolute_error'"),
    ({"activation": "sigmoid"}, "Did you mean 'logistic'"),
    ({"activation": "ReLU"}, "Did you mean 'relu'"),
    ({"activation": "LeakyReLU"}, "Did you mean 'leaky_relu'"),
    ({"code_activation": "linear"}, "Did you mean 'identity'"),
    ({"optimizer": "Adam"}, "Did you mean 'adam'"),
    ({"optimizer": "RMSprop"}, "Did you mean 'rmsprop'"),
    ({"init": "PCA"}, "Did you mean 'pca'"),
    ({"init": "xavier"}, "Did you mean 'glorot'"),
    ({"init": "he_normal"}, "Did you mean 'he'"),
    ({"network": "conv"}, r"Did you mean skae\.networks\.Convolutional\(\)"),
    ({"network": "lstm"}, r"Did you mean skae\.networks\.Recurrent\(\)"),
    ({"network": Convolutional}, r"Did you mean an instance, Convolutional\("),
    ({"n_components": 0.95}, r"must be an int.*Got 0\.95.*share of the variance.*not supported"),
    ({"n_components": None}, r"Got None.*Pass the number of components"),
]


@pytest.mark.parametrize("parameters, hint", HINTS)
def test_an_invalid_parameter_is_answered_with_a_hint(parameters, hint):
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=hint) as raised:
            getattr(fast(AutoencoderTransformer, **parameters), method)(X)
        assert "Specification" not in str(raised.value)


def test_hints_of_other_estimators():
    with pytest.raises(ValueError, match="Did you mean 'salt_and_pepper'"):
        fast(DenoisingAutoencoder, noise="salt-and-pepper").fit(X)
    with pytest.raises(ValueError, match="Did you mean 'adamw'"):
        fast(PretrainedClassifier, optimizer="AdamW").fit(X, np.arange(len(X)) % 2)
    for cls in (PretrainedClassifier, AutoencoderOutlierDetector):
        with pytest.raises(ValueError, match="must be an autoencoder of skae or None") as raised:
            cls(PCA(2)).fit(X, np.arange(len(X)) % 2)
        assert "BaseAutoencoder" not in str(raised.value)


def test_no_hint_without_a_likely_value():
    with pytest.raises(ValueError, match=r"Got 'newton' instead\.$"):
        fast(AutoencoderTransformer, optimizer="newton").fit(X)


def test_an_int_is_one_hidden_layer():
    one = fast(AutoencoderTransformer, hidden_layer_sizes=8).fit(X)
    other = fast(AutoencoderTransformer, hidden_layer_sizes=(8,)).fit(X)
    np.testing.assert_array_equal(one.transform(X), other.transform(X))
    decoder = fast(AutoencoderTransformer, decoder_hidden_layer_sizes=np.int64(5), max_iter=0)
    assert decoder.fit(X).architecture_["network"]["decoder_widths"] == (5,)
    sizes = {"discriminator_hidden_layer_sizes": 4, "max_iter": 0}
    fast(AdversarialAutoencoder, **sizes).fit(X)


@pytest.mark.parametrize(
    "name, platform, index",
    [("cuda", "gpu", 0), ("cuda:1", "gpu", 1), ("GPU", "gpu", 0), ("cpu:0", "cpu", 0)],
)
def test_cuda_is_gpu(name, platform, index, monkeypatch):
    devices = {"gpu": ["first gpu", "second gpu"], "cpu": ["cpu"]}
    monkeypatch.setattr(jax, "local_devices", lambda backend: devices[backend])
    assert find_device(name) == devices[platform][index]


UNKNOWN = {
    "epochs": (5, r"max_iter.*AutoencoderTransformer\(max_iter=5\)"),
    "batch_size": (32, r"AutoencoderTransformer\(batch_size=32\)"),
    "validation_data": (X, r"Did you mean X_val="),
    "sample_weights": (np.ones(len(X)), "Did you mean sample_weight="),
    "callbacks": ([], r"set_callbacks\("),
    "nonsense": (1, "Its arguments are X, y, sample_weight"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_argument_of_fit_is_explained(name):
    value, hint = UNKNOWN[name]
    model = fast(AutoencoderTransformer)
    with pytest.raises(TypeError, match=f"^AutoencoderTransformer.fit.*'{name}'.*{hint}"):
        model.fit(X, **{name: value})
    if name != "validation_data":
        with pytest.raises(TypeError, match=f"^AutoencoderTransformer.partial_fit.*'{name}'"):
            model.partial_fit(X, **{name: value})
    assert not hasattr(model, "params_")


def test_an_unknown_argument_of_meta_estimators_is_explained():
    with pytest.raises(TypeError, match=r"PretrainedClassifier\(max_iter=5\)"):
        fast(PretrainedClassifier).fit(X, np.arange(len(X)) % 2, epochs=5)
    with pytest.raises(TypeError, match=r"^AutoencoderOutlierDetector.fit.*autoencoder"):
        AutoencoderOutlierDetector().fit(X, epochs=5)


TEXTS = ["a first text", "a second", "and a third"]


@pytest.mark.parametrize(
    "texts", [TEXTS, np.array(TEXTS), np.array(TEXTS, object), pd.Series(TEXTS)]
)
def test_texts_need_a_vectorizer(texts, fitted):
    for model in (fast(AutoencoderTransformer), AutoencoderOutlierDetector()):
        name = type(model).__name__
        with pytest.raises(ValueError, match=f"TfidfVectorizer.*{name}"):
            model.fit(texts)
    with pytest.raises(ValueError, match="TfidfVectorizer"):
        fitted(AutoencoderTransformer).transform(texts)


def test_categories_need_an_encoder():
    for table in ([["red", 1.0], ["blue", 2.0]], pd.DataFrame({"a": ["red", "blue"], "b": [1, 2]})):
        with pytest.raises(ValueError, match="OneHotEncoder"):
            fast(AutoencoderTransformer).fit(table)


def test_missing_values_need_an_imputer(fitted):
    missing = X.copy()
    missing[3, 2] = np.nan
    model = fitted(AutoencoderTransformer)
    methods = [model.transform, model.score, fast(AutoencoderTransformer).fit]
    for samples in (missing, pd.DataFrame(missing).to_numpy().tolist(), missing.astype(np.float32)):
        for method in [*methods, AutoencoderOutlierDetector().fit]:
            with pytest.raises(ValueError, match=r"^Input X contains NaN.*SimpleImputer") as raised:
                method(samples)
            assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "name, instead",
    [
        ("components_", r"transform\(X\).*reconstruct\(X\).*first_layer_weights"),
        ("explained_variance_ratio_", r"score\(X\)"),
        ("loss_curve_", "history_"),
        ("predict", r"transform\(X\)"),
    ],
)
@pytest.mark.parametrize("cls", [AutoencoderTransformer, DenoisingAutoencoder])
def test_attributes_of_other_libraries_name_what_there_is_instead(cls, name, instead, fitted):
    for model in (fitted(cls), cls()):
        assert not hasattr(model, name) and getattr(model, name, 3) == 3
        with pytest.raises(AttributeError, match=f"'{cls.__name__}' object has no .*{instead}"):
            getattr(model, name)
        with pytest.raises(AttributeError, match=r"has no attribute 'nonsense_'$"):
            getattr(model, "nonsense_")  # noqa: B009


def test_warnings_point_to_the_call_of_fit():
    model = fast(AutoencoderTransformer, learning_rate=1e9, optimizer="sgd", max_iter=20)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X)
    assert caught[0].filename == __file__


CHANGED = [
    ({}, {"n_components": 3}, "n_components=3 differs from n_components=2 of the fitted"),
    ({}, {"hidden_layer_sizes": 5}, r"hidden_layer_sizes=\(5,\) differs from .*=\(8,\)"),
    ({}, {"activation": "tanh"}, "activation='tanh' differs from activation='gelu'"),
    ({}, {"tied_weights": True}, "tied_weights=True differs from tied_weights=False"),
    ({}, {"loss": "huber"}, "loss='huber' differs from loss='squared_error'"),
    ({}, {"init": "random"}, "init='random' differs from init='pca'"),
    ({"hidden_layer_sizes": "auto"}, {"n_components": 40}, "n_components=40 differs from .*=2"),
    (
        {"network": Residual(width=4), "hidden_layer_sizes": "auto"},
        {"network": Residual(width=6)},
        "width=6 differs from width=4",
    ),
    (
        {"hidden_layer_sizes": "auto"},
        {"network": Residual(width=6)},
        "network='residual' differs from network='dense'",
    ),
    (
        {"network": own_modules.pair(), "hidden_layer_sizes": "auto"},
        {"network": (own_modules.Encoder([7, 4]), own_modules.pair()[1])},
        "the encoder of network differs from the fitted encoder",
    ),
]


@pytest.mark.parametrize("first, second, message", CHANGED)
def test_training_continued_with_another_network_names_the_parameter(first, second, message):
    model = fast(AutoencoderTransformer, warm_start=True, max_iter=0, **first).fit(X)
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=message) as raised:
            getattr(model.set_params(**second), method)(X)
        assert len(str(raised.value)) < 250 and "warm_start=False" in str(raised.value)
