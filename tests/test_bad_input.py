"""Unusual input that must fit, and invalid input that every method must refuse in one sentence.

`make test` fits each autoencoder to the input that its objective could fail on, and
AutoencoderTransformer to everything; the other combinations are in `make test-all`. What is
refused is in `make test`. Nearly all data have the shape of the other tests' data, so that they
share its compiled programs.
"""

import copy
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from skae import (
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
    DenoisingAutoencoder,
    PretrainedClassifier,
    SemanticHasher,
)
from skae.hashing import HammingIndex, mean_average_precision
from tests.datasets import N_FEATURES, N_SAMPLES, curved
from tests.discovery import (
    AUTOENCODERS,
    ESTIMATORS,
    REPRESENTATIVES,
    fast,
    is_centered,
    outputs,
    short,
    thorough,
)
from tests.test_bad_parameters import assert_one_sentence, state

rng = np.random.default_rng(0)
SHAPE = (N_SAMPLES, N_FEATURES)
NORMAL = rng.normal(size=SHAPE)
CONSTANT_FEATURES = NORMAL * [1, 0, 1, 0, 1, 0] + [0, 3, 0, 0, 0, -1e3]
FITTING = {
    "one sample": NORMAL[:1],
    "two samples": NORMAL[:2],
    "one feature": NORMAL[:, :1],
    "one entry": np.array([[3.5]]),
    "constant features": CONSTANT_FEATURES,
    "all samples equal": np.ones(SHAPE) * [1.0, -2.0, 0.0, 1e6, 3.0, 1.0],
    "all zero": np.zeros(SHAPE),
    "duplicates": np.repeat(NORMAL[:4], 24, axis=0),
    "around 1e30": NORMAL * 1e30,
    "around 1e30, float32": (NORMAL * 1e30).astype(np.float32),
    "around 1e-30": NORMAL * 1e-30,
    "around 1e-30, float32": (NORMAL * 1e-30).astype(np.float32),
    "around 1e-300": NORMAL * 1e-300,
    "1e9 and small differences": 1e9 + NORMAL,
    "one huge entry": np.where(np.arange(NORMAL.size).reshape(SHAPE) == 7, 1e12, NORMAL),
    "int64": rng.integers(-50, 50, SHAPE),
    "int64 timestamps": 1_700_000_000 + rng.integers(0, 100, SHAPE),
    "uint8": rng.integers(0, 255, SHAPE, dtype=np.uint8),
    "object": NORMAL.astype(object),
    "bool": NORMAL > 0,
    "list": NORMAL.tolist(),
    "more features than samples": rng.normal(size=(3, 30)),
}
# an objective could fail on these; the other kinds concern how samples are read, which the base
# class does for all autoencoders
FITTING_FOR_ALL = ["constant features", "one huge entry"]
FITTING_FOR_FEW = ["one feature", "all samples equal", "around 1e30", "more features than samples"]
CASES = [
    *((cls, kind) for cls in AUTOENCODERS for kind in FITTING_FOR_ALL),
    *((AutoencoderTransformer, kind) for kind in FITTING if kind not in FITTING_FOR_ALL),
]
OTHER_CASES = [
    *((cls, "one sample") for cls in AUTOENCODERS if cls is not AutoencoderTransformer),
    *((cls, kind) for cls in REPRESENTATIVES[1:] for kind in FITTING_FOR_FEW),
]


def centered(cls, **parameters):
    model = fast(cls, **parameters)
    return model if is_centered(model) else model.set_params(loss="squared_error")


def fits_with_finite_results(model, X):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Extreme values in X", UserWarning)
        model.fit(X)
    codes = model.transform(X)
    assert codes.shape == (len(X), 2) and np.isfinite(codes).all()
    back = model.reconstruct(X)
    assert back.shape == np.shape(X) and np.isfinite(back).all()
    assert np.isfinite(model.inverse_transform(codes)).all()
    assert np.isfinite(model.score(X))
    if np.max(np.abs(np.asarray(X, float))) < 1e15:
        assert np.isfinite(model.score_samples(X)).all()
    assert np.isfinite(model.mean_).all() and np.isfinite(model.scale_) and model.scale_ > 0


@pytest.mark.parametrize("cls, kind", [*CASES, *thorough(OTHER_CASES)])
def test_unusual_input_fits_with_finite_results(cls, kind):
    fits_with_finite_results(centered(cls), FITTING[kind])


@pytest.mark.parametrize("kind", FITTING)
def test_unusual_input_fits_from_random_weights(kind):
    fits_with_finite_results(fast(AutoencoderTransformer, init="random"), FITTING[kind])


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("n_components, n_samples", [(6, 3), (1, 1), (50, 1), (50, 40)])
@pytest.mark.parametrize("cls", REPRESENTATIVES)
def test_more_components_than_pca_initializes(cls, n_components, n_samples):
    X = curved(n_samples, 5)
    model = fast(cls, n_components=n_components).fit(X)
    assert model.transform(X).shape == (n_samples, n_components)
    assert np.isfinite(model.reconstruct(X)).all()


@pytest.mark.parametrize("tied_weights", [False, True])
@pytest.mark.parametrize("code_activation", short(["logistic", "softplus"]))
@pytest.mark.parametrize(
    "kind", short(["all samples equal", "constant features", "one sample", "two samples"], 2)
)
def test_unusual_input_with_other_code_activations(kind, code_activation, tied_weights):
    model = centered(
        AutoencoderTransformer, code_activation=code_activation, tied_weights=tied_weights
    )
    assert np.isfinite(model.fit(FITTING[kind]).reconstruct(FITTING[kind])).all()


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", "bool"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_cross_entropy_on_constant_bits(value, dtype):
    X = np.full(SHAPE, value).astype(dtype)
    model = fast(AutoencoderTransformer, loss="binary_cross_entropy").fit(X)
    back = model.reconstruct(X)
    assert ((back >= 0) & (back <= 1)).all()


@pytest.mark.parametrize("kind", ["float64", "int64"])
def test_small_differences_beside_a_large_mean_are_kept(kind):
    X = NORMAL @ np.diag([4, 2, 1, 0.5, 0.25, 0.125])
    samples = 1e9 + X if kind == "float64" else np.round(1.7e12 + 1e4 * X).astype(np.int64)
    model = fast(AutoencoderTransformer, max_iter=0).fit(samples)
    want = PCA(2).fit_transform(samples - samples.mean(axis=0))
    np.testing.assert_allclose(model.transform(samples), want, atol=1e-4 * want.std())
    assert model.score(samples) > PCA(2).fit(X).explained_variance_ratio_.sum() - 1e-3


def test_values_whose_squares_overflow_are_refused():
    for X in (GOOD * 1e200, GOOD * np.finfo(float).max):
        model = fast(AutoencoderTransformer)
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r"beyond 1e\+150"):
                method(X)
        assert state(model) == set()
        later = fast(AutoencoderTransformer, warm_start=True).partial_fit(GOOD)
        for method in (later.fit, later.partial_fit):
            with pytest.raises(ValueError, match=r"beyond 1e\+150"):
                method(X)
    fits_with_finite_results(fast(AutoencoderTransformer), NORMAL * 1e140)


def test_results_beyond_float32_are_clipped_to_its_largest_value():
    """Input that is not floating gives float32."""
    model = fast(AutoencoderTransformer).fit((NORMAL * 1e100).astype(object))
    back = model.reconstruct((NORMAL * 1e100).astype(object))
    assert back.dtype == np.float32 and (np.abs(back) == np.finfo(np.float32).max).all()


def test_standardized_samples_beyond_float32_give_finite_codes():
    for dtype in (np.float64, np.float32):
        model = fast(AutoencoderTransformer).fit((NORMAL * 1e-30).astype(dtype))
        assert np.isfinite(model.transform((NORMAL * 1e20).astype(dtype))).all()


FAR = [1e20, 1e30, 1e35, 1e38]


@pytest.mark.parametrize("cls", [c for c in ESTIMATORS if is_centered(c())])
def test_a_sample_far_from_the_training_set_gives_finite_results(cls, fitted, X):
    """A sensor that reports 3.4e38 when it fails gives an outlier, not NaN."""
    model = fitted(cls)
    for dtype in (np.float32, np.float64):
        values = np.array([*FAR, np.finfo(dtype).max])
        entries = np.where(np.arange(X.shape[1]) == 2, values[:, None], X[:1])
        samples = np.vstack([entries, np.full_like(entries, -values[:, None])]).astype(dtype)
        for name, results in outputs(model, samples).items():
            finite = np.isfinite(np.asarray(results, np.float64))
            assert finite.all(), (
                f"{name}, {dtype.__name__}: {samples[~finite.reshape(10, -1)[:, 0]]}"
            )
        if cls in AUTOENCODERS:
            for sample in samples:
                assert np.isfinite(model.score(np.vstack([sample, X[:5]])))
        if cls is AutoencoderOutlierDetector:
            assert (model.predict(samples) == -1).all()
            assert np.isfinite(model.reconstruction_errors(samples)).all()


@pytest.mark.parametrize("cls", [c for c in AUTOENCODERS if c is not SemanticHasher])
def test_codes_beyond_float32_give_finite_reconstructions(cls, fitted):
    model = fitted(cls)
    for dtype in (np.float32, np.float64):
        codes = np.full((2, model.n_components_), np.finfo(dtype).max, dtype)
        codes[1, ::2] *= -1
        assert np.isfinite(model.inverse_transform(codes)).all()


def test_denoising_of_samples_far_outside_0_and_1(fitted):
    model = fitted(DenoisingAutoencoder, loss="binary_cross_entropy")
    for far in (1e20, 1e30, 3e38):
        sample = np.full((1, model.n_features_in_), far, np.float32)
        assert (
            np.isfinite(model.transform(sample)).all()
            and np.isfinite(model.reconstruct(sample)).all()
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_outlier_detector_with_an_extreme_outlier_in_the_training_set(dtype):
    X = np.vstack([curved(60, 5) * 1e-3, np.full((1, 5), 3e38)]).astype(dtype)
    detector = fast(AutoencoderOutlierDetector).fit(X)
    assert detector.predict(X)[-1] == -1 and np.isfinite(detector.score_samples(X)).all()


def test_score_of_constant_samples_is_defined():
    model = fast(AutoencoderTransformer).fit(np.ones((10, 3)))
    assert model.score(np.ones((4, 3))) == 1.0


# ---- refused

GOOD = curved(40)
WITH_NAN, WITH_INF = GOOD.copy(), GOOD.copy()
WITH_NAN[3, 2], WITH_INF[3, 2] = np.nan, -np.inf
REFUSED = {
    "NaN": (WITH_NAN, "NaN"),
    "infinity": (WITH_INF, "[Ii]nf"),
    "no samples": (np.empty((0, 6)), "0 sample"),
    "no features": (np.empty((40, 0)), "0 feature"),
    "1-d": (GOOD[0], "1D|1-d"),
    "5-d": (GOOD.reshape(2, 2, 10, 3, 2), "5 dimensions"),
    "0-d": (3.0, "scalar|0|dim"),
    "text": (np.array([["a", "b"], ["c", "d"]]), "string|numeric|float|numbers"),
    "text in objects": (np.array([["a", 1.0], [2.0, 3.0]], object), "string|numeric|float"),
    "complex": (GOOD + 1j, "[Cc]omplex"),
    "ragged": ([[1.0, 2.0], [3.0]], "inhomogeneous|ragged|shape"),
    "None": (None, "None|scalar|object|NoneType|array"),
    "masked entries": (np.ma.masked_less(GOOD, 0.1), "masked entries.*filled.*SimpleImputer"),
    "dates": (np.zeros((40, 6), "datetime64[s]"), "date|numeric|dtype|float"),
}


def assert_refused(method, kind):
    X, words = REFUSED[kind]
    try:
        method(X)
    except (ValueError, TypeError) as error:
        assert re.search(words, str(error)), f"{kind}: {error}"
        assert_one_sentence(error)
    else:
        raise AssertionError(f"{kind} is not refused by {method.__name__}")


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_invalid_input_is_refused_and_nothing_is_fitted(cls):
    model = fast(cls)
    for kind in REFUSED:
        for method in (model.fit, model.fit_transform, model.partial_fit):
            assert_refused(method, kind)
            assert state(model) == set(), f"{kind}: {method.__name__} sets attributes"


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_invalid_input_does_not_change_a_fitted_model(cls, fitted):
    model = copy.deepcopy(fitted(cls))
    before, names = model.transform(GOOD), state(model)
    for kind in REFUSED:
        for method in (model.fit, model.transform, model.partial_fit, model.score):
            assert_refused(method, kind)
        assert state(model) == names, kind
    np.testing.assert_array_equal(model.transform(GOOD), before)


@pytest.mark.parametrize("cls", REPRESENTATIVES)
def test_another_number_of_features(cls, fitted):
    model, narrow = copy.deepcopy(fitted(cls)), curved(40, 5)
    for method in (model.transform, model.reconstruct, model.score, model.score_samples):
        with pytest.raises(ValueError, match=r"5 features.*6 features"):
            method(narrow)
    with pytest.raises(ValueError, match=r"5 features.*6 features"):
        model.partial_fit(narrow)
    with pytest.raises(ValueError, match="features"):
        fast(cls).fit(GOOD, X_val=narrow)
    for codes in (np.zeros((4, 3)), np.zeros(2), np.zeros((1, 1, 2))):
        with pytest.raises(ValueError):
            model.inverse_transform(codes)
    with pytest.raises(ValueError, match="NaN"):
        model.inverse_transform(np.full((3, 2), np.nan))


def test_cross_entropy_refuses_values_outside_0_and_1():
    for bad in (GOOD * 255, GOOD - 0.9, np.where(GOOD.min() < GOOD, GOOD, 1.001)):
        model = fast(AutoencoderTransformer, loss="binary_cross_entropy")
        with pytest.raises(ValueError, match=r"\[0, 1\]") as raised:
            model.fit(bad)
        assert "binary_cross_entropy" in str(raised.value)
        assert state(model) == set()
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            model.fit(GOOD, X_val=bad)
    back = model.fit(GOOD).reconstruct(GOOD)
    assert ((back >= 0) & (back <= 1)).all()


AS_Y = {
    "ndarray": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "bool": lambda X: X > 0.5,
    "object": lambda X: X.astype(object),
    "list": lambda X: X.tolist(),
    "sparse": sparse.csr_array,
    "frame": lambda X: pd.DataFrame(X).assign(flag=True).iloc[:, 1:],
}


@pytest.mark.parametrize("kind", AS_Y)
def test_samples_passed_as_y_are_refused(kind):
    """A target or a validation set in this position was ignored without a warning."""
    model, same, shorter = fast(AutoencoderTransformer), AS_Y[kind](GOOD), AS_Y[kind](GOOD[:9])
    for method in (model.fit, model.fit_transform, model.partial_fit):
        with pytest.raises(ValueError, match=r"^y has the shape of X.*omit y.*noise=") as raised:
            method(GOOD, same)
        assert_one_sentence(raised.value)
        with pytest.raises(ValueError, match=r"^y of shape \(9, 6\).*X_val="):
            method(GOOD, shorter)
    with pytest.raises(ValueError, match=r"^y has the shape of X"):
        model.fit(sparse.csr_array(GOOD), same)
    assert state(model) == set()


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_every_autoencoder_refuses_samples_as_y(cls):
    for method in (fast(cls).fit, fast(cls).partial_fit):
        with pytest.raises(ValueError, match=f"y has the shape of X.*{cls.__name__} always"):
            method(GOOD, GOOD)
        with pytest.raises(ValueError, match=f"{cls.__name__} is trained without.*X_val="):
            method(GOOD, GOOD[:5])


def test_labels_are_ignored():
    n_samples = len(GOOD)
    words = np.array(["a", "b"])[np.arange(n_samples) % 2]
    codes = fast(AutoencoderTransformer).fit(GOOD).transform(GOOD)
    for y in (
        np.arange(n_samples),
        words,
        words.tolist(),
        np.ones((n_samples, 1)),
        np.ones((n_samples, 2)),
        np.tile(words[:, None], 6),
        np.ones(6),
        [[1], [2, 3]],
    ):
        fitted = fast(AutoencoderTransformer).fit(GOOD, y)
        np.testing.assert_array_equal(fitted.transform(GOOD), codes)
    column = fast(AutoencoderTransformer, n_components=1)
    column.fit(GOOD[:, :1], GOOD[:, :1])  # labels of one column have the shape of one feature


def test_a_mask_is_refused_wherever_it_would_be_dropped(fitted):
    masked_codes = np.ma.masked_array(np.ones((4, 2)), mask=np.eye(4, 2))
    masked_column = np.ma.masked_array(np.ones(len(GOOD)), mask=np.arange(len(GOOD)) == 3)
    bits = np.ma.masked_array(np.ones((3, 8), int), mask=np.eye(3, 8))
    model, hasher = fitted(AutoencoderTransformer), fitted(SemanticHasher)
    calls = {
        "X": [
            lambda: model.inverse_transform(masked_codes),
            lambda: hasher.inverse_transform(masked_codes),
            lambda: hasher.inverse_transform(masked_codes, packed=True),
            lambda: HammingIndex().fit(bits),
            lambda: HammingIndex(1).fit(bits.data).kneighbors(bits),
        ],
        "X_val": [
            lambda: fast(AutoencoderTransformer).fit(GOOD, X_val=np.ma.masked_less(GOOD, 0.1))
        ],
        "sample_weight": [lambda: fast(AutoencoderTransformer).fit(GOOD, None, masked_column)],
        "y": [lambda: fast(PretrainedClassifier).fit(GOOD, masked_column)],
        "codes": [lambda: mean_average_precision(bits, [0, 1, 1])],
    }
    for name, methods in calls.items():
        for method in methods:
            with pytest.raises(ValueError, match=f"^{name} is a masked array with .*filled"):
                method()


def test_a_masked_array_without_masked_entries_is_accepted(fitted):
    model = fitted(AutoencoderTransformer)
    for X in (np.ma.masked_array(GOOD), np.ma.masked_array(GOOD, mask=np.zeros(GOOD.shape, bool))):
        np.testing.assert_array_equal(model.transform(X), model.transform(GOOD))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_methods_of_an_unfitted_estimator_raise(cls):
    model = fast(cls)
    for name in (
        "transform",
        "reconstruct",
        "score",
        "score_samples",
        "predict",
        "inverse_transform",
        "get_feature_names_out",
        "encoder_function",
    ):
        if hasattr(model, name):
            args = () if name in ("get_feature_names_out", "encoder_function") else (GOOD,)
            if name == "score" and get_tags(model).target_tags.required:
                args = (GOOD, np.arange(len(GOOD)) % 2)
            with pytest.raises(NotFittedError):
                getattr(model, name)(*args)


def test_duplicate_entries_of_a_sparse_matrix_are_summed():
    twice = sparse.csr_array((np.full(4, 0.6), [0, 0, 1, 2], [0, 2, 4]), (2, 3))
    model = fast(AutoencoderTransformer, loss="binary_cross_entropy")
    with pytest.raises(ValueError, match=r"1\.2"):
        model.fit(twice)
    fewer = sparse.csr_array((np.array([1.5, -0.7, 0.3, 0.3]), [0, 0, 1, 2], [0, 2, 4]), (2, 3))
    codes = model.fit(fewer).transform(fewer)
    np.testing.assert_allclose(codes, model.transform(fewer.toarray()), atol=1e-6)
    assert fewer.nnz == 4


def test_floats_of_another_byte_order_keep_their_width(fitted, X):
    for dtype in (">f8", ">f4"):
        assert fitted(AutoencoderTransformer).transform(X.astype(dtype)).dtype.itemsize == int(
            dtype[2]
        )
