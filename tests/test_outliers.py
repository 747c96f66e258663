"""Outlier detector: definition of anomaly scores, and robustness of the fit to outliers."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from skae import AutoencoderOutlierDetector, AutoencoderTransformer, DenoisingAutoencoder
from skae.objectives.outlyingness import (
    anomaly_scores,
    anomaly_threshold,
    bounded,
    code_lengths,
    fit_reference,
    geometric_mean,
    weighted_quantile,
    whitening,
)
from skae.objectives.trimming import scale_features, trim_samples
from tests.discovery import AUTOENCODERS, FAST, fast

PLAIN = AutoencoderTransformer(
    2, hidden_layer_sizes=(8,), batch_size=32, max_iter=4, early_stopping=False
)


def plane(n_samples=96, seed=0):
    """Samples near a plane in six dimensions, with features of very different scales."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(n_samples, 2)) @ rng.normal(size=(2, 6))
    return (samples + 0.1 * rng.normal(size=samples.shape)) * np.logspace(-2, 2, 6) + 5


def with_outliers(n_outliers=6):
    """Samples of which the first few are far from the plane; no feature value is out of range."""
    X = plane()
    X[:n_outliers] = np.column_stack([c[-n_outliers:] for c in np.roll(X.T, 7, axis=1)])
    X[:n_outliers, ::2] = 10 - X[:n_outliers, ::2]
    X[:n_outliers] += 2 * X.std(axis=0) * [1, -1, 1, 1, -1, -1]
    return X, np.arange(len(X)) < n_outliers


def detector(**parameters):
    return AutoencoderOutlierDetector(
        **{"autoencoder": clone(PLAIN), "random_state": 0, **parameters}
    )


# ---- anomaly scores


def test_scores_combine_code_length_and_reconstruction_error():
    X, _ = with_outliers()
    model = detector().fit(X)
    codes = model.autoencoder_.transform(X / model.scales_[0])
    reference = model.references_[0]
    length = np.square((codes - reference["center"]) @ reference["whitening"]).sum(axis=1)
    error = bounded(model.reconstruction_errors(X)).mean(axis=1)
    want = (length / reference["length"] + 2 * error / reference["error"]) / 3
    assert_allclose(model.score_samples(X), -want, rtol=1e-4)
    assert_allclose(model.decision_function(X), model.score_samples(X) - model.offset_)
    assert_array_equal(model.predict(X), np.where(model.decision_function(X) < 0, -1, 1))
    assert_array_equal(model.fit_predict(X), model.predict(X))


def test_reconstruction_errors_are_relative_to_the_mean_error_of_the_feature():
    X = plane()
    model = detector(trim=0.0, cv=None).fit(X)
    back = model.autoencoder_.reconstruct(X / model.scales_[0])
    squares = np.square(X / model.scales_[0] - back)
    usual = np.maximum(squares.mean(axis=0), 0.3 * squares.mean())
    assert_allclose(model.references_[0]["cells"], usual, rtol=1e-4)
    assert_allclose(model.reconstruction_errors(X), squares / usual, rtol=1e-3, atol=1e-6)


def test_reconstruction_errors_identify_the_anomalous_feature():
    X = plane()
    model = detector().fit(X)
    anomalous = plane(6, seed=1)
    anomalous[np.arange(6), np.arange(6)] += 20 * X.std(axis=0)
    assert_array_equal(model.reconstruction_errors(anomalous).argmax(axis=1), np.arange(6))
    assert (model.predict(anomalous) == -1).all()


# ---- outliers in the training data


def test_outliers_in_the_training_data_are_detected():
    X, is_outlier = with_outliers()
    assert roc_auc_score(is_outlier, -detector().fit(X).score_samples(X)) > 0.95


def test_outliers_do_not_distort_the_fit():
    X, is_outlier = with_outliers()
    without = detector(trim=0.0).fit(X[~is_outlier])
    X[is_outlier] += 1e4 * X.std(axis=0)
    robust, plain = detector().fit(X), detector(trim=0.0).fit(X)
    assert (robust.scales_[0] <= 5.5 * without.scales_[0]).all()
    assert (plain.scales_[0] > 100 * without.scales_[0]).all()
    assert (robust.predict(X[is_outlier]) == -1).all()
    errors = robust.reconstruction_errors(X[~is_outlier]).mean(axis=1)
    assert np.median(errors) > 0.3  # inliers still differ from each other


@pytest.mark.parametrize("n_rounds, trim", [(0, 0.2), (3, 0.0)])
def test_no_trimming_without_rounds_or_share(n_rounds, trim):
    X, _ = with_outliers()
    model = detector(n_rounds=n_rounds, trim=trim).fit(X)
    assert_allclose(model.scales_[0], np.abs(X - X.mean(axis=0)).max(axis=0))


def test_trimming_leaves_out_the_share_of_the_weight():
    X, is_outlier = with_outliers()
    settings = {"standardize": True, "n_rounds": 3, "trim": 0.1, "explained_variance": 0.7}
    found = trim_samples(X, np.ones(len(X)), rng=np.random.default_rng(0), **settings)
    assert found.support.sum() == np.ceil(0.9 * len(X))
    assert not found.support[is_outlier].any()
    far = np.abs(X - X[found.support].mean(axis=0))
    want = np.minimum(far.max(axis=0), 4 * far[found.support].max(axis=0))
    assert_allclose(found.scale, want)
    assert found.n_components == 2


# ---- feature scales


def test_scores_do_not_depend_on_units_of_features():
    X, _ = with_outliers()
    # Units change the order of samples, and with it the random folds.
    scores = detector(cv=None).fit(X).score_samples(X)
    other = X * np.logspace(4, -4, 6) + 3
    assert_allclose(detector(cv=None).fit(other).score_samples(other), scores, atol=0.02)


def test_constant_features():
    X, is_outlier = with_outliers()
    X = np.column_stack([X, np.full(len(X), 7.0), is_outlier * 3.0])
    model = detector().fit(X)
    assert model.scales_[0, 6] == 1.0
    assert model.scales_[0, 7] == 3.0  # constant among inliers, not among all samples
    assert roc_auc_score(is_outlier, -model.score_samples(X)) > 0.99
    X[:, 6] = 9.0
    assert (model.predict(X) == -1).all()


def test_standardize_follows_the_loss():
    X = np.random.default_rng(0).random((40, 6))
    entropy = DenoisingAutoencoder(2, loss="binary_cross_entropy", hidden_layer_sizes=(8,))
    entropy.set_params(batch_size=32, max_iter=2, early_stopping=False)
    assert_array_equal(detector(autoencoder=entropy).fit(X).scales_[0], np.ones(6))
    with pytest.raises(ValueError, match="standardize=True"):
        detector(autoencoder=entropy, standardize=True).fit(X)
    assert_array_equal(detector(standardize=False).fit(X).scales_[0], np.ones(6))


def test_sparse_and_dense_input_agree():
    X = np.maximum(plane() - 5, 0)
    dense, sparse = detector().fit(X), detector().fit(sp.csr_array(X))
    assert_allclose(sparse.scales_, dense.scales_)
    assert_array_equal(sparse.score_samples(sp.csr_array(X)), sparse.score_samples(X))
    assert_allclose(sparse.score_samples(X), dense.score_samples(X), atol=0.01)


# ---- the threshold


@pytest.mark.parametrize("contamination, n_outliers", [(0.05, 5), (0.1, 10), (1e-6, 0)])
def test_contamination_is_the_share_of_outliers(contamination, n_outliers):
    X, _ = with_outliers()
    assert (detector(contamination=contamination).fit(X).predict(X) == -1).sum() == n_outliers


def test_scores_do_not_depend_on_the_contamination():
    X, _ = with_outliers()
    one, other = (detector(contamination=c).fit(X).score_samples(X) for c in ("auto", 0.3))
    assert_array_equal(one, other)


def test_automatic_threshold_has_few_false_positives():
    X = plane(400)
    model = detector().fit(X)
    assert np.mean(model.predict(plane(400, seed=0)) == -1) < 0.04
    assert (model.predict(np.roll(X, 1, axis=1)) == -1).mean() > 0.9


def test_anomaly_threshold_on_small_examples():
    scores = np.array([3.0, 1.0, 2.0, 10.0])
    assert anomaly_threshold(scores, np.ones(4), 0.25) == 6.5
    assert anomaly_threshold(scores, np.array([1.0, 1.0, 1.0, 5.0]), 0.5) == 6.5
    assert anomaly_threshold(scores, np.ones(4), 1e-9) == 10.0
    assert anomaly_threshold(np.ones(3), np.ones(3), "auto") == 1.0


def test_weighted_quantile_on_small_examples():
    values = np.array([4.0, 1.0, 3.0, 2.0])
    assert weighted_quantile(values, np.ones(4), 0.5) == 2.0
    assert weighted_quantile(values, np.ones(4), 0.51) == 3.0
    assert weighted_quantile(values, np.array([1.0, 9.0, 1.0, 1.0]), 0.7) == 1.0
    assert weighted_quantile(values, np.ones(4), 1.0) == 4.0


# ---- kinds of input and autoencoders


def test_weights_equal_repetition(weights):
    X, _ = with_outliers()
    weighted = detector().fit(X, sample_weight=weights)
    repeated = detector().fit(np.repeat(X, weights.astype(int), axis=0))
    assert_array_equal(weighted.score_samples(X), repeated.score_samples(X))
    assert weighted.offset_ == repeated.offset_


def test_constant_codes_do_not_contribute_to_scores():
    codes, squared_errors = np.full((5, 2), 3.0), np.arange(15.0).reshape(5, 3)
    statistics = whitening(codes, np.ones(5))
    block = slice(0, 5), code_lengths(statistics, codes), squared_errors
    reference, scores = fit_reference(lambda: iter([block]), np.ones(5), n_features=3, scale=1.0)
    assert_array_equal(anomaly_scores(reference, *block[1:]), scores)
    lengths = code_lengths(statistics, np.array([[3.0, 3.0], [9.0, 9.0]]))
    assert_array_equal(anomaly_scores(reference, lengths, np.zeros((2, 3))), [0.0, 0.0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.uint8, np.int64, bool])
def test_dtype_of_scaled_features(dtype):
    X = np.array([[0, 1], [1, 0], [1, 1]]).astype(dtype)
    scaled = scale_features(X, np.array([2.0, 4.0]))
    assert scaled.dtype == (np.float64 if dtype in (np.float64, np.int64) else np.float32)
    assert_array_equal(scaled, [[0, 0.25], [0.5, 0], [0.5, 0.25]])
    if dtype != np.float16:  # not supported by SciPy's sparse arrays
        assert_array_equal(scale_features(sp.csr_array(X), np.array([2.0, 4.0])).toarray(), scaled)


@pytest.mark.representatives
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_any_autoencoder_can_be_used(cls, X, X_new):
    model = AutoencoderOutlierDetector(fast(cls), random_state=0).fit(X)
    assert isinstance(model.autoencoder_, cls)
    assert np.isfinite(model.score_samples(X_new)).all()
    assert (model.predict(100 + X_new) == -1).all()


@pytest.mark.thorough
def test_default_is_an_ensemble_by_share_of_the_variance():
    X, is_outlier = with_outliers()
    model = AutoencoderOutlierDetector(random_state=0).fit(X)
    assert {type(member) for member in model.autoencoders_} == {AutoencoderTransformer}
    assert [member.n_components_ for member in model.autoencoders_] == [1, 1, 2, 2]
    assert model.autoencoder_ is model.autoencoders_[-1]
    assert model.scales_.shape == (4, 6)
    assert roc_auc_score(is_outlier, -model.score_samples(X)) > 0.95
    members = [
        np.square(X / scale - member.reconstruct(X / scale)) / reference["cells"]
        for scale, member, reference in zip(
            model.scales_, model.autoencoders_, model.references_, strict=True
        )
    ]
    assert_allclose(model.reconstruction_errors(X), np.mean(members, axis=0), rtol=1e-4)


def test_ensemble_score_is_the_geometric_mean():
    assert_allclose(geometric_mean([np.array([1.0, 4.0]), np.array([9.0, 0.0])])[0], 3.0)


def test_random_state_of_the_autoencoder_has_precedence():
    X, _ = with_outliers()
    own = detector(autoencoder=clone(FAST["autoencoder"]))
    assert own.fit(X).autoencoder_.random_state is not None
    own.set_params(autoencoder__random_state=3)
    assert own.fit(X).autoencoder_.random_state == 3


def test_failed_fit_leaves_the_detector_unchanged():
    X, _ = with_outliers()
    model = detector().fit(X)
    scores = model.score_samples(X)
    model.set_params(autoencoder__learning_rate=-1.0)
    with pytest.raises(ValueError, match="learning_rate"):
        model.fit(X[:, :4])
    assert model.n_features_in_ == 6
    assert_array_equal(model.score_samples(X), scores)


@pytest.mark.parametrize(
    "parameters", [{"contamination": 0.6}, {"contamination": 0.0}, {"trim": 0.7}, {"n_rounds": -1}]
)
def test_parameters_out_of_range(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        detector(**parameters).fit(plane())


def test_parameters_of_the_autoencoder_are_validated():
    with pytest.raises(ValueError, match="loss"):
        AutoencoderOutlierDetector(AutoencoderTransformer(1, loss="no")).fit(np.eye(6))
