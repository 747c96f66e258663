"""A weight of 2 is a sample given twice, a weight of 0 a sample not given; in any order."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from skae.core.data.moments import weighted_units
from skae.core.data.samples import Samples
from tests.discovery import AUTOENCODERS, REPRESENTATIVES, accepts, fast, outputs, thorough

each_autoencoder = pytest.mark.parametrize("cls", AUTOENCODERS)
SETTINGS = [
    {},
    {"early_stopping": False},
    {"init": "random", "early_stopping": False},
    {"validation_fraction": 0.3},
    {"loss": "binary_cross_entropy", "early_stopping": False},
    {"tied_weights": True, "early_stopping": False},
]


def assert_alike(one, other):
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(
    "cls, settings",
    [(cls, SETTINGS[0]) for cls in AUTOENCODERS]
    + [(REPRESENTATIVES[0], more) for more in SETTINGS[1:]]
    + thorough((cls, more) for cls in REPRESENTATIVES[1:] for more in SETTINGS[1:]),
)
def test_weights_equal_repetition_in_any_order(cls, settings, X, X_new, weights):
    if not all(accepts(cls, name) for name in settings):
        return
    order = np.random.default_rng(5).permutation(len(X))
    repeated = np.repeat(X, weights.astype(int), axis=0)
    shuffled = repeated[np.random.default_rng(6).permutation(len(repeated))]
    model = fast(cls, **settings)
    by_weight = clone(model).fit(X[order], sample_weight=weights[order])
    for samples in (repeated, shuffled):
        assert_alike(outputs(clone(model).fit(samples), X_new), outputs(by_weight, X_new))


@pytest.mark.parametrize("cls", REPRESENTATIVES)
def test_weights_equal_repetition_for_sparse_samples(cls, X, X_new, weights):
    samples = np.where(X < 0.4, 0.0, X)
    model = fast(cls, early_stopping=False)
    by_weight = clone(model).fit(sp.csr_array(samples), sample_weight=weights)
    repeated = clone(model).fit(sp.csr_array(np.repeat(samples, weights.astype(int), axis=0)))
    assert_alike(outputs(by_weight, X_new), outputs(repeated, X_new))


@pytest.mark.representatives
@each_autoencoder
def test_only_ratios_of_weights_matter(cls, X, X_new, weights):
    one, other = (fast(cls).fit(X, sample_weight=w) for w in (weights, 1e-3 * weights))
    assert_alike(outputs(one, X_new), outputs(other, X_new))


@pytest.mark.representatives
@each_autoencoder
def test_weights_of_one_are_no_weights(cls, X, X_new):
    one, other = (fast(cls).fit(X, sample_weight=w) for w in (None, np.ones(len(X))))
    assert_alike(outputs(one, X_new), outputs(other, X_new))


@pytest.mark.representatives
@each_autoencoder
def test_weights_matter(cls, X, X_new, weights):
    one, other = (fast(cls).fit(X, sample_weight=w) for w in (None, weights + 0.5))
    assert any(
        not np.allclose(a, b, rtol=1e-4)
        for a, b in zip(outputs(one, X_new).values(), outputs(other, X_new).values(), strict=True)
    )


@pytest.mark.parametrize("cls", REPRESENTATIVES)
def test_partial_fit_takes_weights(cls, X, weights):
    full = {"batch_size": 512, "optimizer": "sgd", "init": "random"}
    by_weight = fast(cls, **full).partial_fit(X, sample_weight=weights)
    repeated = fast(cls, **full).partial_fit(np.repeat(X, weights.astype(int), axis=0))
    np.testing.assert_allclose(by_weight.mean_, repeated.mean_, rtol=1e-9)
    np.testing.assert_allclose(by_weight.scale_, repeated.scale_, rtol=1e-9)


BAD_WEIGHTS = [
    (-np.ones(96), "sample_weight"),
    (np.full(96, np.nan), "sample_weight"),
    (np.zeros(96), "ample weights|sample_weight"),
    (np.full(96, 1e308), "sum of sample_weight overflows"),
    (np.ones(95), "sample_weight"),
    (np.ones((96, 2)), "ample weights|sample_weight"),
]


@each_autoencoder
def test_bad_weights(cls, X):
    model = fast(cls)
    for weight, words in BAD_WEIGHTS:
        with pytest.raises(ValueError, match=words):
            model.fit(X, sample_weight=weight)
        assert not [name for name in vars(model) if name.endswith("_")]


@each_autoencoder
def test_a_sample_that_weighs_next_to_nothing_is_left_out(cls, X):
    weight = np.where(np.arange(len(X)) < 70, 1.0, 1e-93)
    # 70 and 96 samples share one program
    few, all_of_them = fast(cls).fit(X[:70]), fast(cls).fit(X, sample_weight=weight)
    np.testing.assert_array_equal(few.transform(X), all_of_them.transform(X))


def test_weighted_weighted_units(X, weights):
    mean, scale = weighted_units(Samples(X), weights)
    want = np.average(X, axis=0, weights=weights)
    np.testing.assert_allclose(mean, want, rtol=1e-12)
    square = np.average(np.mean((X - want) ** 2, axis=1), weights=weights)
    np.testing.assert_allclose(scale, np.sqrt(square), rtol=1e-12)
