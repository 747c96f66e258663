"""What every public estimator promises, whatever it computes."""

import copy
import inspect
import pickle
import random

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils import get_tags

from tests.discovery import (
    AUTOENCODERS,
    ESTIMATORS,
    TRANSFORMERS,
    fast,
    few_of,
    is_centered,
    outputs,
    short,
)

each_estimator = pytest.mark.parametrize("cls", ESTIMATORS)
each_transformer = pytest.mark.parametrize("cls", TRANSFORMERS)
each_autoencoder = pytest.mark.parametrize("cls", AUTOENCODERS)


def assert_same_bits(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def through_joblib(model, path):
    joblib.dump(model, path / "model.joblib")
    return joblib.load(path / "model.joblib")


def through_memmap(model, path):
    joblib.dump(model, path / "model.joblib")
    return joblib.load(path / "model.joblib", mmap_mode="r")


COPIES = {
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, path: copy.deepcopy(model),
    "joblib": through_joblib,
    "read-only memmap": through_memmap,
}


@each_estimator
@pytest.mark.parametrize("way", COPIES)
def test_copies_say_the_same(cls, way, fitted, X_new, tmp_path):
    model = fitted(cls)
    assert_same_bits(outputs(COPIES[way](model, tmp_path), X_new), outputs(model, X_new))


@each_estimator
def test_skops_round_trip(cls, fitted, X_new):
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    model = fitted(cls)
    data = skops.dumps(model)
    foreign = [n for n in skops.get_untrusted_types(data=data) if not n.startswith("skae.")]
    assert not foreign, "the state holds more than NumPy arrays and plain Python"
    loaded = skops.loads(data, trusted=skops.get_untrusted_types(data=data))
    assert_same_bits(outputs(loaded, X_new), outputs(model, X_new))


def foreign_values(value, path="self"):
    """Paths of all values in a state that are neither NumPy nor plain Python."""
    plain = (np.ndarray, np.generic, str, bytes, bool, int, float, type(None))
    if isinstance(value, dict):
        return [bad for k, v in value.items() for bad in foreign_values(v, f"{path}[{k!r}]")]
    if isinstance(value, list | tuple | set):
        return [bad for i, v in enumerate(value) for bad in foreign_values(v, f"{path}[{i}]")]
    if hasattr(value, "get_params"):
        return foreign_values(vars(value), path)
    return [] if isinstance(value, plain) else [f"{path}: {type(value)}"]


@each_estimator
def test_state_is_numpy_and_plain_python(cls, fitted):
    assert foreign_values(vars(fitted(cls))) == []


@each_estimator
def test_clone_of_a_fitted_one_is_unfitted_and_fits_alike(cls, fitted, X, y, X_new):
    model = fitted(cls)
    twin = clone(model)
    assert set(vars(twin)) <= set(twin.get_params(deep=False)) | {"_sklearn_output_config"}
    assert_same_bits(outputs(twin.fit(X, y), X_new), outputs(model, X_new))


@each_estimator
def test_reading_methods_leave_the_state_alone(cls, fitted, X, X_new):
    model = copy.deepcopy(fitted(cls))
    before, pickled = set(vars(model)), joblib.hash(vars(model))
    for name, result in outputs(model, X_new).items():
        if name == "transform" and hasattr(model, "inverse_transform"):
            model.inverse_transform(result)
    if hasattr(model, "score"):
        model.score(X_new, np.zeros(len(X_new), int))
    assert set(vars(model)) == before
    assert joblib.hash(vars(model)) == pickled


@each_estimator
def test_parameters_are_left_alone(cls, X, y):
    model = fast(cls)
    before = joblib.hash(model.get_params())
    model.fit(X, y)
    assert joblib.hash(model.get_params()) == before


@each_estimator
def test_input_is_not_changed(cls, X, y):
    for dtype in ("float64", "float32"):
        samples = X.astype(dtype)
        original = samples.copy()
        outputs(fast(cls).fit(samples, y), samples)
        np.testing.assert_array_equal(samples, original)


@each_estimator
def test_sparse_equals_dense(cls, X, y):
    if not get_tags(fast(cls)).input_tags.sparse:
        pytest.fail(f"{cls.__name__} does not take sparse samples")
    samples = np.where(X < 0.4, 0.0, X)
    dense = outputs(fast(cls).fit(samples, y), samples)
    sparse = outputs(fast(cls).fit(sp.csr_array(samples), y), sp.csr_array(samples))
    for name in dense:
        np.testing.assert_allclose(sparse[name], dense[name], rtol=1e-6, atol=1e-7, err_msg=name)


@each_autoencoder
@pytest.mark.parametrize("early_stopping", short([True, False]))
@pytest.mark.parametrize("factor, shift", short([(3.7, -120.0), (4096.0, 0.0), (1e-6, 5.0)]))
def test_shift_and_scale_do_not_change_the_fit(cls, factor, shift, early_stopping, fitted, X, y):
    model = fitted(cls, early_stopping=early_stopping)
    assert is_centered(model) or "loss" in model.get_params()
    if not is_centered(model):
        model = fitted(cls, early_stopping=early_stopping, loss="squared_error")
    moved = clone(model).fit(X * factor + shift, y)
    # what the shift takes from the last digits of float64 is not the model's fault
    lost = 1e-14 * abs(shift) / factor
    got = (moved.reconstruct(X * factor + shift) - shift) / factor
    np.testing.assert_allclose(got, model.reconstruct(X), rtol=0, atol=1e-4 * X.std() + lost)
    np.testing.assert_allclose(moved.history_["loss"], model.history_["loss"], rtol=1e-3)


@each_estimator
def test_samples_are_judged_one_by_one(cls, fitted):
    """The same sample gives the same bits in any order and beside any others."""
    from tests.datasets import curved

    model = fitted(cls)
    samples = curved(300, seed=3)
    order = np.random.default_rng(0).permutation(len(samples))
    together, shuffled = outputs(model, samples), outputs(model, samples[order])
    for name, values in together.items():
        np.testing.assert_array_equal(shuffled[name], values[order], err_msg=name)
    for i in (0, 255, 256, 299):
        for name, value in outputs(model, samples[i : i + 1]).items():
            np.testing.assert_array_equal(value[0], together[name][i], err_msg=name)


@each_estimator
def test_global_random_states_are_not_touched(cls, X, y):
    legacy, state = np.random.get_state(), random.getstate()  # noqa: NPY002
    outputs(fast(cls, random_state=None).fit(X, y), X)
    outputs(fast(cls, random_state=0).fit(X, y), X)
    assert random.getstate() == state
    for a, b in zip(np.random.get_state(), legacy, strict=True):  # noqa: NPY002
        np.testing.assert_array_equal(a, b)


@each_estimator
def test_global_jax_settings_are_not_touched(cls, X, y):
    import jax

    before = dict(jax.config.values)
    outputs(fast(cls).fit(X, y), X)
    assert dict(jax.config.values) == before


@each_transformer
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_floating_dtype_in_same_out(cls, dtype, X, y, fitted):
    model = fast(cls).fit(X.astype(dtype), y)
    if get_tags(model).transformer_tags.preserves_dtype:
        assert model.transform(X.astype(dtype)).dtype == dtype
        # the dtype of the samples decides, not that of the samples fitted
        assert fitted(cls).transform(X.astype(dtype)).dtype == dtype
    if hasattr(model, "reconstruct"):
        assert model.reconstruct(X.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("cls", few_of(TRANSFORMERS))
@pytest.mark.parametrize(
    "dtype", short(["uint8", "object", "int8", "uint16", "int32", "int64", "bool"], 2)
)
def test_other_dtypes_give_float32(cls, dtype, y):
    samples = np.random.default_rng(0).integers(0, 2, (96, 6)).astype(dtype)
    model = fast(cls).fit(samples, y)
    if get_tags(model).transformer_tags.preserves_dtype:
        assert model.transform(samples).dtype == np.float32
    assert model.reconstruct(samples).dtype == np.float32


@pytest.mark.representatives
@each_estimator
def test_int_seed_gives_the_same_bits_and_none_another_fit(cls, X, y, X_new):
    # codes of hashers are bits, hence all outputs: not all of them may agree
    parameters = {"init": "random"} if "init" in cls().get_params() else {}
    first, second = (outputs(fast(cls, **parameters).fit(X, y), X_new) for _ in range(2))
    assert_same_bits(first, second)
    free = [fast(cls, random_state=None, **parameters).fit(X, y) for _ in range(2)]
    one, other = (outputs(model, X_new) for model in free)
    assert any(not np.array_equal(one[name], other[name]) for name in one)


@each_estimator
def test_seed_may_be_a_random_state(cls, X, y, X_new):
    one, other = (
        outputs(fast(cls, random_state=np.random.RandomState(3)).fit(X, y), X_new) for _ in range(2)
    )
    assert_same_bits(one, other)


@each_estimator
def test_first_argument_is_X_and_parameters_are_keywords(cls):
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if name in ("fit", "partial_fit", "transform", "fit_transform", "reconstruct", "score"):
            assert list(inspect.signature(method).parameters)[1] == "X", name
    kinds = [p.kind for p in inspect.signature(cls).parameters.values()]
    assert all(kind is inspect.Parameter.KEYWORD_ONLY for kind in kinds[1:])


@each_estimator
def test_defaults_are_numbers_strings_tuples_or_none(cls):
    for name, parameter in inspect.signature(cls).parameters.items():
        assert isinstance(parameter.default, int | float | str | tuple | None), name


# public methods of the base that a variant replaces: bits in place of floats, likelihoods as
# scores, fits to recorded pairs
OVERRIDDEN = {
    "DenoisingAutoencoder": {"fit", "partial_fit"},
    "ConvolutionalWinnerTakeAllAutoencoder": {"inverse_transform", "reconstruct"},
    "SemanticHasher": {"transform", "inverse_transform"},
    "VAE": {"score", "score_samples"},
}
MAX_CLASSES = 7


def classes_of_skae(cls):
    return [base for base in cls.__mro__ if base.__module__.startswith("skae.")]


def test_estimators_inherit_from_few_classes():
    for cls in ESTIMATORS:
        names = [base.__name__ for base in classes_of_skae(cls)]
        assert len(names) <= MAX_CLASSES, (
            f"{cls.__name__} has {len(names)} classes of skae in its method resolution order, more "
            f"than {MAX_CLASSES}: " + ", ".join(names)
        )


def test_public_methods_are_defined_once():
    for cls in ESTIMATORS:
        defined = [
            name
            for base in classes_of_skae(cls)
            for name, value in vars(base).items()
            if inspect.isfunction(value) and not name.startswith("_")
        ]
        repeated = {name for name in defined if defined.count(name) > 1}
        unexpected = repeated - OVERRIDDEN.get(cls.__name__, set())
        assert not unexpected, f"{cls.__name__} overrides {sorted(unexpected)}: implement a hook"
