"""Odd input that must fit, and wrong input that must be refused in one sentence."""

import copy
from functools import cache

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.utils import get_tags

from skae import (
    AutoencoderOutlierDetector,
    AutoencoderTransformer,
    DenoisingAutoencoder,
    SemanticHasher,
)
from tests.datasets import curved
from tests.discovery import (
    AUTOENCODERS,
    ESTIMATORS,
    REPRESENTATIVES,
    accepts,
    fast,
    is_centered,
    outputs,
)

rng = np.random.default_rng(0)
NORMAL = rng.normal(size=(40, 5))
CONSTANT_COLUMNS = NORMAL * [1, 0, 1, 0, 1] + [0, 3, 0, 0, 0]
FITTING = {
    "one sample": NORMAL[:1],
    "two samples": NORMAL[:2],
    "one feature": NORMAL[:, :1],
    "one cell": np.array([[3.5]]),
    "constant columns": CONSTANT_COLUMNS,
    "all samples equal": np.ones((20, 5)) * [1.0, -2.0, 0.0, 1e6, 3.0],
    "all zero": np.zeros((20, 5)),
    "duplicates": np.repeat(NORMAL[:4], 10, axis=0),
    "around 1e30": NORMAL * 1e30,
    "around 1e30, float32": (NORMAL * 1e30).astype(np.float32),
    "around 1e-30": NORMAL * 1e-30,
    "around 1e-30, float32": (NORMAL * 1e-30).astype(np.float32),
    "around 1e-300": NORMAL * 1e-300,
    "1e9 and small differences": 1e9 + NORMAL,
    "one huge cell": np.where(np.arange(200).reshape(40, 5) == 7, 1e12, NORMAL),
    "int64": rng.integers(-50, 50, (40, 5)),
    "int64 timestamps": 1_700_000_000 + rng.integers(0, 100, (40, 5)),
    "uint8": rng.integers(0, 255, (40, 5), dtype=np.uint8),
    "object": NORMAL.astype(object),
    "bool": NORMAL > 0,
    "list": NORMAL.tolist(),
    "more columns than samples": rng.normal(size=(3, 30)),
}
# what an objective could stumble over; the rest is for the reader of samples, which all share
# how samples are read is the base's alone
FITTING_FOR_ALL = ["one sample", "constant columns", "one huge cell"]
FITTING_FOR_FEW = ["one feature", "all samples equal", "around 1e30", "more columns than samples"]


def centered(cls, **parameters):
    model = fast(cls, **parameters)
    return model if is_centered(model) else model.set_params(loss="squared_error")


@pytest.mark.parametrize(
    "cls, kind",
    [(cls, kind) for cls in AUTOENCODERS for kind in FITTING_FOR_ALL]
    + [(AutoencoderTransformer, kind) for kind in FITTING if kind not in FITTING_FOR_ALL]
    + [(cls, kind) for cls in REPRESENTATIVES[1:] for kind in FITTING_FOR_FEW],
)
def test_odd_input_fits_with_finite_results(cls, kind):
    fits_with_finite_results(centered(cls), FITTING[kind])


@pytest.mark.parametrize("kind", FITTING)
def test_odd_input_fits_from_random_weights(kind):
    fits_with_finite_results(fast(AutoencoderTransformer, init="random"), FITTING[kind])


def fits_with_finite_results(model, X):
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


@pytest.mark.parametrize(
    "cls, n_components, n_samples",
    [(cls, *sizes) for cls in REPRESENTATIVES for sizes in [(6, 3), (1, 1), (50, 1), (50, 40)]],
)
def test_components_beyond_what_pca_can_start_from(cls, n_components, n_samples):
    X = curved(n_samples, 5)
    model = fast(cls, n_components=n_components).fit(X)
    assert model.transform(X).shape == (n_samples, n_components)
    assert np.isfinite(model.reconstruct(X)).all()


@pytest.mark.parametrize("tied_weights", [False, True])
@pytest.mark.parametrize("code_activation", ["logistic", "softplus"])
@pytest.mark.parametrize(
    "kind", ["one sample", "two samples", "all samples equal", "constant columns"]
)
def test_odd_input_with_other_codes(kind, code_activation, tied_weights):
    model = centered(
        AutoencoderTransformer, code_activation=code_activation, tied_weights=tied_weights
    )
    assert np.isfinite(model.fit(FITTING[kind]).reconstruct(FITTING[kind])).all()


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", "bool"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_cross_entropy_on_constant_bits(value, dtype):
    X = np.full((30, 4), value).astype(dtype)
    model = fast(AutoencoderTransformer, loss="binary_cross_entropy").fit(X)
    back = model.reconstruct(X)
    assert ((back >= 0) & (back <= 1)).all()


@pytest.mark.parametrize("kind", ["float64", "int64"])
def test_small_differences_beside_a_large_mean_are_kept(kind):
    X = NORMAL @ np.diag([4, 2, 1, 0.5, 0.25])
    samples = 1e9 + X if kind == "float64" else np.round(1.7e12 + 1e4 * X).astype(np.int64)
    model = fast(AutoencoderTransformer, max_iter=0).fit(samples)
    want = PCA(2).fit_transform(samples - samples.mean(axis=0))
    np.testing.assert_allclose(model.transform(samples), want, atol=1e-4 * want.std())
    assert model.score(samples) > PCA(2).fit(X).explained_variance_ratio_.sum() - 1e-3


def test_values_whose_squares_are_no_numbers():
    for X in (GOOD * 1e200, GOOD * np.finfo(float).max):
        model = fast(AutoencoderTransformer)
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r"beyond 1e\+150"):
                method(X)
        assert state(model) == set()
    fits_with_finite_results(fast(AutoencoderTransformer), NORMAL * 1e140)


def test_results_that_their_dtype_cannot_hold_are_its_largest_numbers():
    """What is not floating gives float32."""
    model = fast(AutoencoderTransformer).fit((NORMAL * 1e100).astype(object))
    back = model.reconstruct((NORMAL * 1e100).astype(object))
    assert back.dtype == np.float32 and (np.abs(back) == np.finfo(np.float32).max).all()


def test_samples_further_away_than_float32_reaches():
    for dtype in (np.float64, np.float32):
        model = fast(AutoencoderTransformer).fit((NORMAL * 1e-30).astype(dtype))
        assert np.isfinite(model.transform((NORMAL * 1e20).astype(dtype))).all()


@pytest.mark.parametrize("cls", [c for c in ESTIMATORS if is_centered(c())])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ordinary_samples_were_learned_and_one_is_far_away(cls, dtype, fitted, X):
    """A sensor that says 3.4e38 where it is out of order is an outlier, not NaN."""
    model, sample = fitted(cls), X[:1].astype(dtype)
    for far in [1e20, 1e30, 1e35, 1e38, np.finfo(dtype).max]:
        for cells in (
            np.full_like(sample, -far),
            np.where(np.arange(sample.size) == 2, far, sample),
        ):
            cells = cells.astype(dtype)
            for name, values in outputs(model, cells).items():
                assert np.isfinite(np.asarray(values, np.float64)).all(), (name, far)
            if cls in AUTOENCODERS:
                assert np.isfinite(model.score(np.vstack([cells, X[:5]])))
            if cls is AutoencoderOutlierDetector:
                assert model.predict(cells) == -1
                assert np.isfinite(model.reconstruction_errors(cells)).all()


@pytest.mark.parametrize("cls", [c for c in AUTOENCODERS if c is not SemanticHasher])
def test_codes_that_float32_cannot_hold(cls, fitted):
    model = fitted(cls)
    for dtype in (np.float32, np.float64):
        codes = np.full((2, model.n_components_), np.finfo(dtype).max, dtype)
        codes[1, ::2] *= -1
        assert np.isfinite(model.inverse_transform(codes)).all()


def test_noisy_samples_are_far_from_the_range_of_clean_ones(fitted):
    model = fitted(DenoisingAutoencoder, loss="binary_cross_entropy")
    for far in (1e20, 1e30, 3e38):
        sample = np.full((1, model.n_features_in_), far, np.float32)
        assert (
            np.isfinite(model.transform(sample)).all()
            and np.isfinite(model.reconstruct(sample)).all()
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_outlier_detector_learns_from_samples_of_which_one_is_far_away(dtype):
    X = np.vstack([curved(60, 5) * 1e-3, np.full((1, 5), 3e38)]).astype(dtype)
    detector = fast(AutoencoderOutlierDetector).fit(X)
    assert detector.predict(X)[-1] == -1 and np.isfinite(detector.score_samples(X)).all()


def test_zero_by_zero_score_is_defined():
    model = fast(AutoencoderTransformer).fit(np.ones((10, 3)))
    assert model.score(np.ones((4, 3))) == 1.0


# ---- refused

GOOD = curved(40, 5)
WITH_NAN, WITH_INF = GOOD.copy(), GOOD.copy()
WITH_NAN[3, 2], WITH_INF[3, 2] = np.nan, -np.inf
REFUSED = {
    "NaN": (WITH_NAN, "NaN"),
    "infinity": (WITH_INF, "[Ii]nf"),
    "no samples": (np.empty((0, 5)), "0 sample"),
    "no columns": (np.empty((40, 0)), "0 feature"),
    "1-d": (GOOD[0], "1D|1-d"),
    "3-d": (GOOD[None], "3|dim"),
    "0-d": (3.0, "scalar|0|dim"),
    "text": (np.array([["a", "b"], ["c", "d"]]), "string|numeric|float|numbers"),
    "text in objects": (np.array([["a", 1.0], [2.0, 3.0]], object), "string|numeric|float"),
    "complex": (GOOD + 1j, "[Cc]omplex"),
    "ragged": ([[1.0, 2.0], [3.0]], "inhomogeneous|ragged|shape"),
    "None": (None, "None|scalar|object|NoneType|array"),
    "dates": (np.zeros((40, 5), "datetime64[s]"), "date|numeric|dtype|float"),
}


def state(model):
    return {name for name in vars(model) if name not in model.get_params(deep=False)}


def assert_one_sentence(error):
    # scikit-learn's own messages go on after a first line
    first = str(error).strip().split("\n")[0]
    assert 10 < len(first) < 400, first


@pytest.mark.parametrize("cls", AUTOENCODERS)
@pytest.mark.parametrize("kind", REFUSED)
def test_wrong_input_is_refused_and_leaves_nothing_behind(cls, kind):
    X, word = REFUSED[kind]
    model = fast(cls)
    for method in (model.fit, model.fit_transform, model.partial_fit):
        with pytest.raises((ValueError, TypeError), match=word) as raised:
            method(X)
        assert_one_sentence(raised.value)
        assert state(model) == set(), "something half-fitted is left behind"


@cache
def fitted_to_good_samples(cls):
    return fast(cls).fit(GOOD)


@pytest.mark.parametrize("cls", AUTOENCODERS)
@pytest.mark.parametrize("kind", REFUSED)
def test_an_earlier_fit_stays_usable(cls, kind):
    X, word = REFUSED[kind]
    model = copy.deepcopy(fitted_to_good_samples(cls))
    before, names = model.transform(GOOD), state(model)
    for method in (model.fit, model.transform, model.partial_fit, model.score):
        with pytest.raises((ValueError, TypeError), match=word):
            method(X)
    assert state(model) == names
    np.testing.assert_array_equal(model.transform(GOOD), before)


@pytest.mark.parametrize("cls", REPRESENTATIVES)
def test_another_number_of_columns(cls, fitted):
    model = fitted(cls)
    for method in (model.transform, model.reconstruct, model.score, model.score_samples):
        with pytest.raises(ValueError, match=r"5 features.*6 features"):
            method(GOOD)
    with pytest.raises(ValueError, match=r"5 features.*6 features"):
        fast(cls).fit(curved(40, 6)).partial_fit(GOOD)
    with pytest.raises(ValueError, match="features"):
        fast(cls).fit(GOOD, X_val=curved(40, 6))
    for codes in (np.zeros((4, 3)), np.zeros(2), np.zeros((1, 1, 2))):
        with pytest.raises(ValueError):
            model.inverse_transform(codes)
    with pytest.raises(ValueError, match="NaN"):
        model.inverse_transform(np.full((3, 2), np.nan))


def test_cross_entropy_outside_0_and_1():
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


@pytest.mark.parametrize("fraction, n_samples", [(0.5, 1), (0.01, 10), (0.999, 10)])
def test_fraction_that_leaves_no_sample(fraction, n_samples):
    model = fast(AutoencoderTransformer, validation_fraction=fraction)
    with pytest.raises(ValueError, match="validation_fraction"):
        model.fit(curved(n_samples, 5))
    assert state(model) == set()


BAD_PARAMETERS = {
    "n_components": [0, -1, 2.5, "two", (2,)],
    "hidden_layer_sizes": [3.5, "wide", (0,), (-3,), (2.5,), ("8",), ((8,),)],
    "decoder_hidden_layer_sizes": [3.5, "wide", (0,), (-3,), (2.5,)],
    "activation": ["swish", None, 3],
    "network": ["dense", 3, (), (1, 2), [None, None]],
    "pretraining": ["greedy", 3],
    "pretraining_max_iter": [-1, 2.5, "many"],
    "image_shape": [3, "square", (5,), (0, 5), (2, 2), (5.0, 1)],
    "channels": [8, (0,), ("8",), None],
    "kernel_size": [0, 2.5, (3, 3, 3), None],
    "stride": [0, 2.5, None],
    "padding": ["full", None],
    "downsampling": ["mean", None],
    "upsampling": ["bicubic", None],
    "decoder_kernel_size": [0, 2.5, None],
    "sequence_shape": [3, "long", (5,), (0, 5), (2, 2)],
    "hidden_sizes": [8, (), (0,), None],
    "cell": ["rnn", None],
    "bidirectional": ["yes", None],
    "code_activation": ["softmax", None],
    "loss": ["mse", None, 2],
    "init": ["zeros", None],
    "tied_weights": ["yes", None],
    "alpha": [-1e-9, np.nan, np.inf, "small", None],
    "optimizer": ["newton", 3, None],
    "learning_rate": [0.0, -1e-3, np.nan, np.inf, "fast", None],
    "learning_rate_schedule": [
        "linear",
        ("cosine", 1.5),
        ("cosine", -0.1),
        ("linear", 0.1),
        ("cosine",),
        ("cosine", 0.1, 3),
        None,
        3,
    ],
    "batch_size": [0, -1, 2.5, "large", None],
    "max_iter": [-1, 2.5, "many", None],
    "max_time": [-1.0, np.nan, "long"],
    "tol": [-1e-3, np.nan, "tight", None],
    "early_stopping": ["yes", None],
    "validation_fraction": [0.0, 1.0, -0.1, 1.5, np.nan, "some", None],
    "n_iter_no_change": [0, -1, 2.5, "few"],
    "warm_start": ["yes", None],
    "random_state": [-1, 2.5, "seed"],
    "verbose": [-1, "loud"],
    "device": ["toaster", 3, "cpu:99"],
    "checkpoint": [3, "/no/such/folder/fit.skae", "."],
    "checkpoint_interval": [-1.0, np.nan, "often", None],
}


@pytest.mark.parametrize(
    "name, value", [(name, value) for name, values in BAD_PARAMETERS.items() for value in values]
)
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_bad_parameters_are_named(cls, name, value):
    if not accepts(cls, name):
        return
    model = fast(cls, **{name: value})
    with pytest.raises((ValueError, TypeError), match=name) as raised:
        model.fit(GOOD)
    assert_one_sentence(raised.value)
    assert state(model) == set()


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_every_parameter_is_tried(cls):
    shared = set(AutoencoderTransformer().get_params())
    assert shared <= set(BAD_PARAMETERS)


@pytest.mark.parametrize("n_components", [0.95, None])
def test_components_as_pca_takes_them(n_components):
    """Works as PCA's does, or says in one sentence that it does not."""
    model = fast(AutoencoderTransformer, n_components=n_components)
    try:
        codes = model.fit_transform(GOOD)
    except (ValueError, TypeError) as error:
        assert "n_components" in str(error) and repr(n_components) in str(error)
        assert_one_sentence(error)
    else:
        assert codes.shape[1] == PCA(n_components).fit(GOOD).n_components_


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_unfitted_says_so(cls):
    from sklearn.exceptions import NotFittedError

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


def test_cells_that_are_given_twice_are_looked_at_as_their_sum():
    twice = sparse.csr_array((np.full(4, 0.6), [0, 0, 1, 2], [0, 2, 4]), (2, 3))
    model = fast(AutoencoderTransformer, loss="binary_cross_entropy")
    with pytest.raises(ValueError, match=r"1\.2"):
        model.fit(twice)
    fewer = sparse.csr_array((np.array([1.5, -0.7, 0.3, 0.3]), [0, 0, 1, 2], [0, 2, 4]), (2, 3))
    codes = model.fit(fewer).transform(fewer)
    np.testing.assert_allclose(codes, model.transform(fewer.toarray()), atol=1e-6)
    assert fewer.nnz == 4


def test_floats_of_another_byte_order_come_back_as_wide(fitted, X):
    for dtype in (">f8", ">f4"):
        assert fitted(AutoencoderTransformer).transform(X.astype(dtype)).dtype.itemsize == int(
            dtype[2]
        )
