"""Saving and loading: loaded estimators are bitwise identical, whatever their parameters are."""

import functools
import pickle
from pathlib import Path

import joblib
import numpy as np
import optax
import pytest
import sklearn
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import AutoencoderTransformer, DenoisingAutoencoder, PretrainedClassifier
from skae.hashing import HammingIndex
from skae.networks import Convolutional, Recurrent, Residual
from skae.persistence.registry import CLASSES
from tests import own_modules
from tests.datasets import curved
from tests.discovery import ESTIMATORS, fast, few_of, outputs, public_classes, short

each_estimator = pytest.mark.parametrize("cls", ESTIMATORS)
HERE = Path(__file__).parent


def own_noise(x, key, level=0.1):
    return x + level


class OwnAutoencoder(AutoencoderTransformer):
    """A class that is not in the registry."""


def reloaded(model, tmp_path, trusted=None):
    path = tmp_path / "model.skae"
    assert model.save(path) is model
    assert [p.name for p in tmp_path.iterdir()] == ["model.skae"]
    return skae.load(path, trusted=trusted)


def assert_equal(one, other, where="self"):
    """Compare types and bits, also inside containers and estimators."""
    assert type(one) is type(other), where
    if hasattr(one, "get_params"):
        assert_equal(vars(one), vars(other), where)
    elif isinstance(one, dict):
        assert list(one) == list(other), where
        for name in one:
            assert_equal(one[name], other[name], f"{where}.{name}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_equal(a, b, f"{where}[{i}]")
    elif isinstance(one, np.random.RandomState):
        assert_equal(one.get_state(legacy=False), other.get_state(legacy=False), where)
    elif isinstance(one, np.ndarray) and one.dtype == object:
        assert_equal(one.tolist(), other.tolist(), where)
    elif isinstance(one, np.ndarray | np.generic):
        assert one.dtype == other.dtype and one.shape == other.shape, where
        assert one.tobytes() == other.tobytes(), where
    elif one == one:
        assert one == other, where


@each_estimator
def test_estimators_are_identical_after_loading(cls, fitted, X_new, tmp_path):
    model = fitted(cls)
    again = reloaded(model, tmp_path)
    assert_equal(again, model)
    for name, values in outputs(model, X_new).items():
        np.testing.assert_array_equal(outputs(again, X_new)[name], values, err_msg=name)


@pytest.mark.parametrize("cls", few_of(ESTIMATORS))
def test_loaded_estimators_can_be_cloned_and_trained_further(cls, fitted, X, y, tmp_path):
    again = reloaded(fitted(cls), tmp_path)
    assert_equal(sklearn.clone(again), sklearn.clone(fitted(cls)))
    if hasattr(again, "partial_fit"):
        expected = pickle.loads(pickle.dumps(fitted(cls))).partial_fit(X)
        np.testing.assert_array_equal(again.partial_fit(X).transform(X), expected.transform(X))


def test_registry_contains_all_public_classes():
    networks = {cls.__name__: cls.__module__ for cls in (Convolutional, Recurrent, Residual)}
    index = {HammingIndex.__name__: HammingIndex.__module__}
    public = {cls.__name__: cls.__module__ for cls in public_classes() if cls in ESTIMATORS}
    frozen = {FrozenEstimator.__name__: FrozenEstimator.__module__}
    # a new estimator needs an entry in the registry
    assert {**networks, **index, **public, **frozen} == CLASSES


PARAMETERS = {
    "unfitted": {},
    "tuple and list": {"hidden_layer_sizes": (8, 4), "decoder_hidden_layer_sizes": [4, 8]},
    "NumPy scalars": {"n_components": np.int64(2), "alpha": np.float32(0.1)},
    "specification": {"network": Convolutional(image_shape=(2, 3), channels=(2,))},
    "seed as a state": {"random_state": np.random.RandomState(3)},
    "path": {"checkpoint": Path("somewhere") / "fit.skae"},
    "not finite": {"max_time": float("inf"), "tol": float("nan")},
    "text": {"device": "cpu", "loss": 'quotes " and \\ and \ud800 and ü'},
    "any object's value": {
        "batch_size": {1: {2, 3}, "x": b"bytes", None: frozenset([True]), 2**62: -1}
    },
    "NumPy keys": {"batch_size": {np.int64(3): 1, np.str_("x"): 2, 0.5: 3, np.float32(0.1): 4}},
    "arrays": {"n_iter_no_change": [np.arange(6.0).reshape(2, 3).T, np.array(["a", "ü"]), -0.0]},
}


@pytest.mark.parametrize("kind", PARAMETERS)
def test_parameters_are_identical_after_loading(kind, tmp_path):
    model = DenoisingAutoencoder(**PARAMETERS[kind])
    again = reloaded(model, tmp_path)
    assert_equal(again.get_params(), model.get_params())


TRUSTED = {
    "optimizer": ({"optimizer": optax.adam}, [optax.adam]),
    "partial": (
        {"optimizer": functools.partial(optax.adam, b1=0.8)},
        {"optax._src.alias:adam": optax.adam},
    ),
    "noise": ({"noise": own_noise}, {own_noise}),
    "partial of noise": ({"noise": functools.partial(own_noise, level=0.2)}, [own_noise]),
}


@pytest.mark.parametrize("kind", short(TRUSTED, 2))
def test_functions_must_be_trusted(kind, X, tmp_path):
    parameters, trusted = TRUSTED[kind]
    model = fast(DenoisingAutoencoder, **parameters).fit(X)
    again = reloaded(model, tmp_path, trusted)
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    assert_equal(again.fit(X).params_, model.params_)
    for lacking in (None, [], [curved]):
        with pytest.raises(ValueError, match=r"needs '.*:(adam|own_noise)'; if") as raised:
            skae.load(tmp_path / "model.skae", trusted=lacking)
        assert "\n" not in str(raised.value)


def test_all_classes_of_a_module_must_be_trusted(X, tmp_path):
    model = fast(AutoencoderTransformer, hidden_layer_sizes="auto", network=own_modules.pair())
    model.fit(X).save(tmp_path / "model.skae")
    with pytest.raises(ValueError, match="own_modules:Encoder"):
        skae.load(tmp_path / "model.skae")
    import flax.linen as nn

    trusted = [own_modules.Encoder, own_modules.Decoder, nn.Dense, nn.elu]
    again = skae.load(tmp_path / "model.skae", trusted)
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    assert_equal(again.fit(X).params_, model.params_)


def test_user_defined_estimators(X, tmp_path):
    model = fast(OwnAutoencoder).fit(X)
    again = reloaded(model, tmp_path, [OwnAutoencoder])
    assert type(again) is OwnAutoencoder
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    with pytest.raises(ValueError, match=r"needs 'tests\.test_saving:OwnAutoencoder'"):
        skae.load(tmp_path / "model.skae")
    with pytest.raises(ValueError, match="not an estimator class"):
        skae.load(tmp_path / "model.skae", {"tests.test_saving:OwnAutoencoder": print})


@pytest.mark.parametrize("trusted", ["optax:adam", ["optax:adam"], [3], len, 3])
def test_trusted_holds_objects_not_names(trusted, tmp_path):
    with pytest.raises(TypeError, match="trusted"):
        skae.load(tmp_path, trusted)


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("optimizer", lambda learning_rate: None, "imported by name"),
        ("noise", object(), "it contains <object"),
        ("random_state", np.random.default_rng(0), "it contains Generator"),
        ("alpha", np.longdouble(1), "array of"),
        ("alpha", np.ma.masked_equal([1.0, 2.0], 2.0), "masked"),
        ("alpha", {2**64: 3}, "a key of 65 bits"),
        ("alpha", {(1, 2): 3}, "not of .*type tuple"),
        ("alpha", {frozenset([1, 2])}, "not of type frozenset"),
        ("alpha", {1j: 3}, "not of type complex"),
        ("alpha", {np.complex64(1): 3}, "not of type complex64"),
    ],
)
def test_unsupported_parameters_raise_with_their_name(name, value, words, X, tmp_path):
    path = tmp_path / "model.skae"
    model = DenoisingAutoencoder(**{name: value})
    with pytest.raises(ValueError, match=f"{name} of DenoisingAutoencoder.*{words}"):
        model.save(path)
    assert list(tmp_path.iterdir()) == []


def test_labels_feature_names_and_data_frame_output(X, y, tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(X, columns=[f"ü{i}" for i in range(6)])
    model = fast(PretrainedClassifier, unlabeled=np.nan, class_weight={"hü": 2.0, "hott": 1})
    labels = np.where(y, "hü", "hott")
    model.fit(frame, labels)
    again = reloaded(model, tmp_path)
    assert again.predict(frame).tolist() == model.predict(frame).tolist()
    assert list(again.feature_names_in_) == list(frame.columns)
    codes = fast(AutoencoderTransformer).set_output(transform="pandas").fit(frame)
    assert reloaded(codes, tmp_path).transform(frame).equals(codes.transform(frame))


def test_metadata_requests(tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        model = AutoencoderTransformer().set_fit_request(sample_weight=True, X_val="held_out")
    again = reloaded(model, tmp_path)
    assert str(again.get_metadata_routing()) == str(model.get_metadata_routing())
    assert "held_out" in str(again.get_metadata_routing())


@pytest.mark.parametrize("algorithm", ["brute", "multi_index"])
def test_hamming_index(algorithm, tmp_path):
    codes = np.random.default_rng(0).integers(0, 2, (200, 20))
    index = HammingIndex(algorithm=algorithm).fit(codes)
    again = reloaded(index, tmp_path)
    assert_equal(again.kneighbors(codes), index.kneighbors(codes))


def test_faiss_index_raises(tmp_path):
    pytest.importorskip("faiss", reason="faiss is not installed")
    index = HammingIndex(backend="faiss").fit(np.eye(8, dtype=int))
    with pytest.raises(ValueError, match="backend='faiss' cannot be saved"):
        index.save(tmp_path / "index.skae")


def test_models_fitted_on_a_gpu_work_without_gpu(X, fitted, tmp_path):
    model = pickle.loads(pickle.dumps(fitted(AutoencoderTransformer))).set_params(device="gpu")
    again = reloaded(model, tmp_path)
    assert again.device == "gpu"
    np.testing.assert_allclose(again.transform(X), model.set_params(device=None).transform(X))


def through_skops(pipeline, path):
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    skops.dump(pipeline, path)
    trusted = skops.get_untrusted_types(file=path)
    # the only type that the user must trust is the estimator itself
    assert trusted == ["skae.estimators.autoencoder.AutoencoderTransformer"]
    return skops.load(path, trusted=trusted)


def through_pickle(pipeline, path):
    path.write_bytes(pickle.dumps(pipeline))
    return pickle.loads(path.read_bytes())


def through_joblib(pipeline, path):
    joblib.dump(pipeline, path)
    return joblib.load(path)


@pytest.mark.parametrize("way", [through_skops, through_pickle, through_joblib])
def test_inside_a_pipeline(way, X, tmp_path):
    pipeline = make_pipeline(StandardScaler(), fast(AutoencoderTransformer)).fit(X)
    again = way(pipeline, tmp_path / "pipeline")
    np.testing.assert_array_equal(again.transform(X), pipeline.transform(X))


@pytest.mark.parametrize("path", sorted((HERE / "data").glob("*.skae")), ids=lambda p: p.name)
def test_files_of_earlier_versions_load(path):
    """Made by `tests/data/make.py`; what they say of samples is in the array beside them."""
    expected = np.load(path.with_suffix(".npy"), allow_pickle=False)
    model = skae.load(path, trusted={"tests.test_saving:own_noise": own_noise})
    np.testing.assert_allclose(model.transform(curved(20, seed=1)), expected, rtol=1e-5, atol=1e-6)


def test_there_are_files_of_the_current_version():
    names = {path.stem for path in (HERE / "data").glob("*.skae")}
    assert {"AutoencoderTransformer_0.1.0", "DenoisingAutoencoder_0.1.0"} <= names
