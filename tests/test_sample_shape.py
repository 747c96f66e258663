"""Images and sequences as arrays of three or four dimensions."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

import skae
from skae import (
    VAE,
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    ConvolutionalWinnerTakeAllAutoencoder,
    DenoisingAutoencoder,
    GenerativeStochasticNetwork,
    PretrainedClassifier,
    RecurrentAutoencoder,
)
from skae.display import ReconstructionDisplay, SampleDisplay
from skae.networks import Convolutional, Recurrent
from tests.datasets import curved
from tests.discovery import fast, short

X, X_NEW = curved(), curved(40, seed=1)
SHAPE = (2, 3)
CONVOLUTIONAL = {"network": Convolutional(channels=(2,)), "hidden_layer_sizes": "auto"}
RECURRENT = {"network": Recurrent(hidden_sizes=(4,)), "hidden_layer_sizes": "auto"}


def images(X, *channels):
    return X.reshape(len(X), *SHAPE, *channels)


def flat(X):
    return np.asarray(X).reshape(len(X), -1)


MODELS = {
    "convolutional": (ConvolutionalAutoencoder, {}, "image_shape"),
    "denoising": (DenoisingAutoencoder, CONVOLUTIONAL, "network__image_shape"),
    "recurrent": (RecurrentAutoencoder, {}, "sequence_shape"),
    "winner-take-all": (ConvolutionalWinnerTakeAllAutoencoder, {}, "image_shape"),
    "recurrent VAE": (VAE, RECURRENT, "network__sequence_shape"),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", short(MODELS, 3))
def test_images_give_the_fit_of_flat_samples(kind):
    cls, parameters, name = MODELS[kind]
    expected = clone(fast(cls, **parameters)).set_params(**{name: SHAPE}).fit(X, X_val=X_NEW)
    model = fast(cls, **parameters).fit(images(X), X_val=images(X_NEW))
    assert model.get_params()[name] is None and model.sample_shape_ == SHAPE
    assert get_tags(model).input_tags.three_d_array
    assert model.n_features_in_ == 6 and model.architecture_ == expected.architecture_
    codes = model.transform(images(X_NEW))
    np.testing.assert_array_equal(codes, expected.transform(X_NEW))
    np.testing.assert_array_equal(model.transform(X_NEW), codes)
    assert model.score(images(X_NEW)) == expected.score(X_NEW)
    for found, other in (
        (model.reconstruct(images(X_NEW)), expected.reconstruct(X_NEW)),
        (model.inverse_transform(codes), expected.inverse_transform(codes)),
    ):
        assert found.shape == (40, *SHAPE)
        np.testing.assert_array_equal(flat(found), other)
    assert model.reconstruct(X_NEW).shape == (40, 6)
    loaded = pickle.loads(pickle.dumps(model))
    assert loaded.inverse_transform(codes).shape == (40, *SHAPE)


def test_channels_are_the_last_dimension():
    model = fast(ConvolutionalAutoencoder).fit(images(X, 1).tolist())
    assert model.architecture_["network"]["image_shape"] == (2, 3, 1)
    assert model.inverse_transform(model.transform(images(X))).shape == (96, 2, 3, 1)
    color = X.reshape(-1, 1, 2, 3)
    color = fast(ConvolutionalAutoencoder, max_iter=0).fit(color)
    assert color.architecture_["network"]["image_shape"] == (1, 2, 3)


def test_a_file_keeps_the_shape(tmp_path):
    model = fast(ConvolutionalAutoencoder).fit(images(X))
    model.save(tmp_path / "model.skae")
    loaded = skae.load(tmp_path / "model.skae")
    codes = model.transform(images(X_NEW))
    np.testing.assert_array_equal(loaded.inverse_transform(codes), model.inverse_transform(codes))
    model.sample_shape_ = (2, 4)
    model.save(tmp_path / "forged.skae")
    with pytest.raises(ValueError, match="sample_shape_ does not match"):
        skae.load(tmp_path / "forged.skae")


def test_the_shape_is_that_of_the_last_fit():
    model = fast(ConvolutionalAutoencoder).fit(images(X))
    assert model.fit(X.reshape(-1, 3, 2)).sample_shape_ == (3, 2)
    assert not hasattr(model.fit(X), "sample_shape_")
    assert not hasattr(clone(model), "sample_shape_")
    assert model.inverse_transform(model.transform(X)).shape == (96, 6)


def test_partial_fit_and_warm_start_keep_the_shape():
    model = fast(ConvolutionalAutoencoder, warm_start=True)
    for part in np.split(images(X), 3):
        model.partial_fit(part)
    model.fit(X)
    assert model.inverse_transform(model.transform(X)).shape == (96, *SHAPE)
    with pytest.raises(ValueError, match=r"samples of the shape \(3, 2\).*expects \(2, 3\)"):
        model.partial_fit(X.reshape(-1, 3, 2))


def test_recorded_pairs_of_images():
    noisy = images(X) + 0.1
    model = fast(DenoisingAutoencoder, **CONVOLUTIONAL).fit(images(X), X_noisy=noisy)
    network = {"network": Convolutional(channels=(2,), image_shape=SHAPE)}
    expected = fast(DenoisingAutoencoder, **{**CONVOLUTIONAL, **network}).fit(
        X, X_noisy=flat(noisy)
    )
    np.testing.assert_array_equal(flat(model.reconstruct(noisy)), expected.reconstruct(flat(noisy)))
    assert model.corrupt(images(X), random_state=0).shape == (96, *SHAPE)


def test_generated_samples_have_the_shape():
    model = fast(VAE, **CONVOLUTIONAL).fit(images(X))
    assert model.sample(3, random_state=0).shape == (3, *SHAPE)
    assert model.interpolate(*images(X)[:2], n_steps=4).shape == (4, *SHAPE)
    assert model.interpolate(*X[:2], n_steps=4).shape == (4, *SHAPE)


@pytest.mark.thorough
def test_chains_start_from_images():
    chain = fast(GenerativeStochasticNetwork, **CONVOLUTIONAL).fit(images(X))
    options = {"n_steps": 2, "X_init": images(X)[:1], "random_state": 0}
    assert chain.sample(3, return_path=True, **options).shape == (3, 3, *SHAPE)


@pytest.mark.thorough
def test_a_classifier_and_a_detector_take_images():
    y = (X[:, 0] > np.median(X[:, 0])).astype(int)
    autoencoder = fast(ConvolutionalAutoencoder, early_stopping=False)
    options = {"max_iter": 2, "random_state": 0}
    model = PretrainedClassifier(autoencoder, **options).fit(images(X), y)
    shaped = clone(autoencoder).set_params(image_shape=SHAPE)
    expected = PretrainedClassifier(shaped, **options).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(images(X)), expected.predict_proba(X))
    detector = AutoencoderOutlierDetector(autoencoder, random_state=0).fit(images(X))
    other = AutoencoderOutlierDetector(shaped, random_state=0).fit(X)
    np.testing.assert_array_equal(detector.score_samples(images(X)), other.score_samples(X))
    assert detector.reconstruction_errors(images(X)).shape == (96, *SHAPE)


def test_displays_take_images():
    pytest.importorskip("matplotlib").use("Agg")
    model = fast(ConvolutionalAutoencoder, n_components=2).fit(images(X))
    display = ReconstructionDisplay.from_estimator(model, images(X)[:5])
    assert display.X.shape == (5, 6) and display.image_shape == (2, 3, 1)
    SampleDisplay.from_estimator(model, kind="plane", X=images(X), n_steps=2)


def test_pipelines_pass_images_on():
    pipeline = make_pipeline(FunctionTransformer(), fast(ConvolutionalAutoencoder)).fit(images(X))
    assert pipeline.inverse_transform(pipeline.transform(images(X))).shape == (96, *SHAPE)


REFUSED = {
    "dense": (AutoencoderTransformer, {}, images(X)),
    "dense, color": (AutoencoderTransformer, {}, images(X, 1)),
    "default detector": (AutoencoderOutlierDetector, {"autoencoder": None}, images(X)),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_networks_refuse_images(kind):
    cls, parameters, samples = REFUSED[kind]
    message = r"reshape to \(n, h\*w\*c\) and set image_shape=\(2, 3.*ConvolutionalAutoencoder"
    for argument in (samples, samples.tolist(), list(samples)):
        with pytest.raises(ValueError, match=message):
            fast(cls, **parameters).fit(argument)


def test_other_shapes_are_refused():
    model = fast(ConvolutionalAutoencoder, image_shape=(2, 3))
    with pytest.raises(ValueError, match=r"X has samples of the shape \(3, 2\).*expects \(2, 3\)"):
        model.fit(X.reshape(-1, 3, 2))
    with pytest.raises(ValueError, match=r"X_val has samples of the shape \(3, 2\)"):
        model.fit(images(X), X_val=X_NEW.reshape(-1, 3, 2))
    model.fit(X)
    with pytest.raises(ValueError, match=r"samples of the shape \(6, 1\)"):
        model.transform(X.reshape(-1, 6, 1))
    inferred = fast(ConvolutionalAutoencoder).fit(X)  # images of shape (1, 6)
    with pytest.raises(ValueError, match=r"expects \(1, 6, 1\)"):
        inferred.transform(images(X))
    with pytest.raises(ValueError, match=r"takes \(n, steps, features per step\)"):
        fast(RecurrentAutoencoder).fit(images(X, 1))
    with pytest.raises(ValueError, match=r"takes \(n, h, w\) or \(n, h, w, c\)"):
        model.fit(X.reshape(-1, 1, 2, 3, 1))
    with pytest.raises(ValueError, match="channels first"):
        fast(ConvolutionalAutoencoder).fit(np.zeros((5, 3, 32, 32)))
