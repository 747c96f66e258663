"""Names and values of other libraries are understood, or the error says what was probably meant."""

import jax
import numpy as np
import pytest
from sklearn.decomposition import PCA

from skae import (
    AdversarialAutoencoder,
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
    DenoisingAutoencoder,
    PretrainedClassifier,
)
from skae.estimators.base.architecture import find_device
from skae.networks import Convolutional
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
