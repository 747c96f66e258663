"""The first samples of `partial_fit`: units and initial weights wait until there are enough."""

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import skae
from skae import AutoencoderTransformer, DenoisingAutoencoder
from skae.estimators.base.first_samples import FIRST_SAMPLES
from tests.datasets import curved
from tests.discovery import AUTOENCODERS, fast, outputs

each_autoencoder = pytest.mark.parametrize("cls", AUTOENCODERS)


def in_blocks(model, X, sizes, **arguments):
    """`model` after one pass over X: blocks of `sizes`, then blocks of 100 samples."""
    starts = np.cumsum([0, *sizes])
    starts = np.r_[starts, np.arange(starts[-1] + 100, len(X), 100)]
    for start, stop in zip(starts, [*starts[1:], len(X)], strict=True):
        model.partial_fit(X[start:stop], **arguments)
    return model


@pytest.fixture(scope="module")
def digits():
    X = load_digits().data
    return X[np.random.default_rng(0).permutation(len(X))]


@pytest.mark.parametrize("sizes", [(1,), (2,), (1, 3, 9), (50,)])
def test_a_small_first_block_does_not_spoil_training(sizes, digits):
    model = in_blocks(AutoencoderTransformer(10, random_state=0), digits, sizes)
    assert model.score(digits) > 0.78  # 0.026 with the scale of one sample
    np.testing.assert_allclose(model.scale_, np.std(digits - digits.mean(axis=0)), rtol=0.1)


def test_equal_first_samples_do_not_determine_the_scale(digits):
    X = np.concatenate([np.repeat(digits[:1], 900, axis=0), digits])
    model = in_blocks(AutoencoderTransformer(10, random_state=0), X, (400, 400, 90, 10, 10, 10, 20))
    assert model.score(digits) > 0.78
    np.testing.assert_allclose(model.scale_, np.std(digits - digits.mean(axis=0)), rtol=0.4)


@pytest.mark.parametrize("factor", [2.0**-20, 2.0**20])
@pytest.mark.parametrize("sizes", [(1,), (2,), (3, 1), (64,)])
def test_units_of_samples_do_not_matter(sizes, factor, X):
    """A power of two, which rounds nothing: the results are equal."""
    model = in_blocks(fast(AutoencoderTransformer), X, sizes)
    other = in_blocks(fast(AutoencoderTransformer), factor * X, sizes)
    np.testing.assert_array_equal(other.transform(factor * X), factor * model.transform(X))
    assert other.score(factor * X) == model.score(X)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_decimal_units_of_single_samples(factor, X):
    model = in_blocks(fast(AutoencoderTransformer), X, (1, 1))
    other = in_blocks(fast(AutoencoderTransformer), factor * X, (1, 1))
    np.testing.assert_allclose(other.score(factor * X), model.score(X), atol=1e-5)


@pytest.mark.representatives
@each_autoencoder
def test_single_samples_until_fitted(cls, X):
    model = fast(cls)
    for i in range(31):
        assert model.partial_fit(X[i : i + 1]) is model
        assert model.n_features_in_ == 6
        with pytest.raises(NotFittedError, match=f"received {i + 1} of the 32 samples"):
            model.transform(X)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    model.partial_fit(X[31:32])
    at_once = fast(cls).partial_fit(X[:32])
    for name, values in outputs(at_once, X).items():
        np.testing.assert_array_equal(outputs(model, X)[name], values)
    assert FIRST_SAMPLES not in vars(model)


@pytest.mark.parametrize(
    "method", ["transform", "inverse_transform", "reconstruct", "score", "encoder_function"]
)
def test_methods_of_an_estimator_with_few_samples(method, X):
    model = fast(AutoencoderTransformer).partial_fit(X[:5])
    arguments = () if method == "encoder_function" else (X[:, :2] if "inverse" in method else X,)
    with pytest.raises(NotFittedError, match="received 5 of the 32 samples"):
        getattr(model, method)(*arguments)
    model._repr_html_inner()
    assert repr(model).startswith("AutoencoderTransformer(")


@pytest.mark.parametrize(
    "parameters, needed",
    [
        ({}, 32),
        ({"n_components": 20}, 40),
        ({"n_components": 99}, 48),  # as many components as the 24 features
        ({"n_components": 20, "init": "random"}, 32),
    ],
)
def test_twice_as_many_samples_as_components(parameters, needed):
    X = curved(96, 24)
    model = fast(AutoencoderTransformer, **parameters).partial_fit(X[: needed - 1])
    assert not hasattr(model, "params_")
    np.testing.assert_allclose(
        model.partial_fit(X[90:91]).mean_, X[[*range(needed - 1), 90]].mean(0)
    )


def test_repetitions_of_one_sample_do_not_count(X):
    model = fast(AutoencoderTransformer)
    for _ in range(3):
        model.partial_fit(np.repeat(X[:1], 500, axis=0))
    assert len(vars(model)[FIRST_SAMPLES]["X"]) == 1  # memory does not grow
    with pytest.raises(NotFittedError, match="received 1 of the 32"):
        model.transform(X)
    model.partial_fit(X[1:31])
    with pytest.raises(NotFittedError, match="received 31 of the 32"):
        model.transform(X)
    assert model.partial_fit(X[31:33]).score(X) > 0
    np.testing.assert_allclose(model.scale_, np.std(X - X.mean(0)), rtol=0.4)


def test_samples_of_few_values_are_enough():
    cube = np.array([[i & 1, i >> 1 & 1, i >> 2] for i in range(8)], float)
    model = fast(AutoencoderTransformer)
    for i in range(36):
        assert not hasattr(model, "params_")
        model.partial_fit(cube[[i % 8]])
    assert hasattr(model, "params_")
    np.testing.assert_allclose(model.mean_, 0.5, atol=0.06)


def test_constant_samples_never_fit(X):
    model = fast(AutoencoderTransformer)
    for _ in range(3):
        model.partial_fit(np.ones((200, 6)))
    with pytest.raises(NotFittedError, match=r"received 1 of the 32 samples.*most frequent"):
        model.transform(X)


def test_feature_constant_in_the_first_block(digits):
    """All features share one scale, so one that varies later has units too."""
    X = digits.copy()
    X[:100, 20:30] = 3.0
    model = in_blocks(AutoencoderTransformer(10, random_state=0), X, (100,))
    assert model.score(digits[100:]) > 0.75


def test_weights_of_first_samples(X, weights):
    model = fast(AutoencoderTransformer)
    for start, stop in [(0, 5), (5, 20), (20, 96)]:
        model.partial_fit(X[start:stop], sample_weight=weights[start:stop])
    np.testing.assert_allclose(model.mean_, np.average(X, axis=0, weights=weights))
    # samples without weight do not count
    model = fast(AutoencoderTransformer).partial_fit(X, sample_weight=np.arange(96) < 31)
    assert not hasattr(model, "params_")


@pytest.mark.parametrize("kinds", [(sparse.csr_array,) * 2, (sparse.csr_array, np.asarray)])
@pytest.mark.parametrize("reverse", [False, True])
def test_sparse_first_samples(kinds, reverse, X):
    first, second = kinds[::-1] if reverse else kinds
    model = fast(AutoencoderTransformer).partial_fit(first(X[:9])).partial_fit(second(X[9:]))
    dense = fast(AutoencoderTransformer).partial_fit(X[:9]).partial_fit(X[9:])
    np.testing.assert_allclose(model.transform(X), dense.transform(X), rtol=1e-5, atol=1e-6)


def test_first_samples_are_copied(X):
    block = X[:9].copy()
    model = fast(AutoencoderTransformer).partial_fit(block)
    block[:] = 1e9
    np.testing.assert_allclose(model.partial_fit(X[9:]).mean_, X.mean(axis=0))


def through_file(model, path):
    return skae.load(model.save(path) and path)


def through_pickle(model, path):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("way", [through_file, through_pickle, copy.deepcopy])
def test_first_samples_are_stored(way, X, tmp_path):
    model = fast(AutoencoderTransformer).partial_fit(X[:7]).partial_fit(X[7:20])
    again = way(model) if way is copy.deepcopy else way(model, tmp_path / "model.skae")
    with pytest.raises(NotFittedError, match="received 20 of the 32"):
        again.transform(X)
    np.testing.assert_array_equal(
        again.partial_fit(X[20:]).transform(X), model.partial_fit(X[20:]).transform(X)
    )


def test_made_up_first_samples_are_refused(X, tmp_path):
    path = tmp_path / "model.skae"
    good = vars(fast(AutoencoderTransformer).partial_fit(X[:7]))[FIRST_SAMPLES]
    for name, value in [
        ("X", X[:6]),
        ("X", X[:7, :5]),
        ("X", np.full((7, 6), np.nan)),
        ("X", np.full((7, 6), "a")),
        ("X", 3),
        ("X_noisy", X[:6]),
        ("count", np.zeros(7)),
        ("count", np.ones((7, 1))),
        ("weight", -np.ones(7)),
        ("weight", None),
        ("n_needed", 0.5),
        ("other", 3),
    ]:
        model = fast(AutoencoderTransformer).partial_fit(X[:7])
        vars(model)[FIRST_SAMPLES] = {**good, name: value}
        with pytest.raises(ValueError, match="cannot be loaded"):
            through_file(model, path)
    model = fast(AutoencoderTransformer).partial_fit(X[:7])
    model.scale_ = 1.0
    with pytest.raises(ValueError, match="cannot be loaded"):
        through_file(model, path)


def test_clone_and_fit_drop_first_samples(X):
    model = fast(AutoencoderTransformer).partial_fit(100 + X[:20])
    assert FIRST_SAMPLES not in vars(clone(model))
    np.testing.assert_array_equal(
        model.fit(X).transform(X), fast(AutoencoderTransformer).fit(X).transform(X)
    )
    assert FIRST_SAMPLES not in vars(model)
    warm = fast(AutoencoderTransformer, warm_start=True).partial_fit(100 + X[:20]).fit(X)
    np.testing.assert_allclose(warm.mean_, X.mean(axis=0))


def test_a_call_that_fails_keeps_first_samples(X):
    model = fast(AutoencoderTransformer).partial_fit(X[:20])
    for bad in (
        X[:5, :4],
        np.full((2, 6), np.nan),
        np.full((2, 6), 1e200),
        np.full((50, 6), 1e200),
    ):
        with pytest.raises(ValueError, match=r"features|NaN|1e\+150"):
            model.partial_fit(bad)
    np.testing.assert_allclose(model.partial_fit(X[20:]).mean_, X.mean(axis=0))


def test_names_of_features_of_first_samples(X):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcdef"))
    model = fast(AutoencoderTransformer).partial_fit(frame[:5])
    with pytest.raises(ValueError, match="feature names"):
        model.partial_fit(frame[5:].rename(columns={"a": "z"}))
    assert list(model.partial_fit(frame[5:]).feature_names_in_) == list("abcdef")


def test_noisy_versions_of_first_samples(X):
    noisy = X + 0.1
    model = fast(DenoisingAutoencoder).partial_fit(X[:9], X_noisy=noisy[:9])
    with pytest.raises(ValueError, match="X_noisy was passed in some"):
        model.partial_fit(X[9:])
    model.partial_fit(X[9:], X_noisy=noisy[9:])
    at_once = fast(DenoisingAutoencoder).partial_fit(X, X_noisy=noisy)
    np.testing.assert_allclose(model.mean_, at_once.mean_)
    assert abs(model.score(X) - at_once.score(X)) < 0.1


def test_wrong_parameters_raise_in_the_first_call(X):
    with pytest.raises(ValueError, match="'learning_rate'"):
        fast(AutoencoderTransformer, learning_rate=-1.0).partial_fit(X[:1])
    with pytest.raises(ValueError, match="image_shape"):
        fast(skae.ConvolutionalAutoencoder, image_shape=(3, 3)).partial_fit(X[:1])


def test_pipeline_reports_that_it_is_not_fitted(X):
    model = fast(AutoencoderTransformer).partial_fit(X[:3])
    with pytest.raises(NotFittedError):
        check_is_fitted(make_pipeline(StandardScaler(), model))
