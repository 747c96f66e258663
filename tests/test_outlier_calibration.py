"""Outlier detector: cross-fitted thresholds, bounded contributions of features, mixed tables."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skae import AutoencoderOutlierDetector, AutoencoderTransformer
from skae.meta._folds import held_out_folds
from skae.objectives.outlyingness import bounded, calibrated_threshold

SEED = np.random.SeedSequence(0)


def detector(n_components=3, **parameters):
    """Trained longer than 60 samples of 40 features deserve."""
    autoencoder = AutoencoderTransformer(
        n_components, hidden_layer_sizes=(64,), max_iter=30, early_stopping=False, batch_size=32
    )
    return AutoencoderOutlierDetector(autoencoder, **{"random_state": 0, **parameters})


def wide(n_samples, n_features=40, seed=0):
    """Samples of rank 4 with noise."""
    directions = np.random.default_rng(7).normal(size=(4, n_features))
    rng = np.random.default_rng(seed)
    noise = 0.5 * rng.normal(size=(n_samples, n_features))
    return rng.normal(size=(n_samples, 4)) @ directions + noise


def mixed(n_samples=600, n_outliers=30, seed=3):
    """Two correlated numbers, the correlation inverted in outliers, and six one-hot blocks."""
    rng = np.random.default_rng(seed)
    is_outlier = np.arange(n_samples) < n_outliers
    number = rng.normal(size=n_samples)
    number[is_outlier] = rng.choice([-1, 1], n_outliers) * rng.uniform(0.7, 2, n_outliers)
    other = np.where(is_outlier, -1, 1) * number + 0.2 * rng.normal(size=n_samples)
    blocks = [np.eye(3)[rng.integers(0, 3, n_samples)] for _ in range(6)]
    return np.column_stack([number, other, *blocks]), is_outlier


# ---- share of new samples


@pytest.mark.thorough
@pytest.mark.parametrize("contamination", [0.1, 0.2, "auto"])
def test_contamination_is_the_share_of_new_samples(contamination):
    X, X_new = wide(80), wide(1000, seed=1)
    share = 0.05 if contamination == "auto" else contamination
    called = [
        np.mean(detector(contamination=contamination, cv=cv).fit(X).predict(X_new) == -1)
        for cv in (5, None)
    ]
    assert called[0] <= 2 * share < called[1]
    assert contamination == "auto" or called[0] >= 0.5 * share


@pytest.mark.thorough
def test_median_of_new_scores_is_nearer_to_minus_one():
    X, X_new = wide(80), wide(1000, seed=1)
    fitted = [detector(cv=cv).fit(X) for cv in (5, None)]
    median, in_sample = (np.median(model.score_samples(X_new)) for model in fitted)
    assert -1.4 < median < -0.75
    assert in_sample < -1.5


def test_calibrated_threshold_on_small_examples():
    scores, weight = np.arange(100.0), np.ones(100)
    same, higher = np.roll(scores, 3), scores + 20
    assert calibrated_threshold(scores, weight, same, weight, 0.1) == 89.5
    assert calibrated_threshold(scores, weight, higher, weight, 0.1) == 109.5
    # Slightly higher held-out scores agree within two standard errors.
    assert calibrated_threshold(scores, weight, scores + 4, weight, 0.1) == 89.5
    automatic = calibrated_threshold(scores, weight, higher, weight, "auto")
    assert automatic == calibrated_threshold(higher, weight, higher, weight, "auto")


# ---- folds


def test_random_folds_cover_all_samples_once():
    folds = held_out_folds(5, np.arange(23), 23, SEED)
    assert sorted(map(len, folds)) == [4, 4, 5, 5, 5]
    assert_array_equal(np.sort(np.concatenate(folds)), np.arange(23))


@pytest.mark.parametrize("n_samples, n_folds", [(1000, 3), (2500, 1), (5, 2), (3, 0)])
def test_number_of_random_folds(n_samples, n_folds):
    assert len(held_out_folds(5, np.arange(n_samples), n_samples, SEED)) == n_folds


def test_no_folds_without_cv():
    assert held_out_folds(None, np.arange(9), 9, SEED) == []


def test_splitters_divide_the_rows_of_X():
    index = np.array([4, 0, 2])  # rows 1 and 3 repeat others
    folds = held_out_folds(KFold(2), index, 5, SEED)
    assert [fold.tolist() for fold in folds] == [[1, 2], [0]]
    folds = held_out_folds(PredefinedSplit([0, -1, -1, -1, 1]), index, 5, SEED)
    assert [fold.tolist() for fold in folds] == [[1], [0]]


@pytest.mark.parametrize("cv", [1, "five"])
def test_invalid_cv(cv):
    with pytest.raises(ValueError, match="cv"):
        detector(cv=cv).fit(wide(20))


def test_samples_as_y_raise():
    with pytest.raises(ValueError, match="y has the shape of X"):
        detector().fit(wide(20), wide(20))


# ---- bounded contributions


def test_contribution_of_a_feature_is_bounded():
    assert_allclose(bounded(np.array([0.0, 0.1, 1.0])), [0, 0.1, 1], rtol=0.05)
    assert bounded(np.array([1e6])) < 150


@pytest.mark.thorough
def test_drifting_feature():
    X, X_new = wide(400, 8, seed=1), wide(400, 8, seed=2)
    X[:, 0] += np.linspace(0, 2, 400)
    X_new[:, 0] += np.linspace(2, 5, 400)
    is_outlier = np.arange(400) % 10 == 0
    X_new[is_outlier, 4:] = -X_new[is_outlier, 4:]
    model = make_pipeline(MinMaxScaler(clip=True), detector(4, contamination=0.02, cv=KFold(5)))
    model.fit(X)
    assert roc_auc_score(is_outlier, -model.score_samples(X_new)) > 0.8
    assert np.mean(model.predict(X_new[~is_outlier]) == -1) < 0.3


# ---- mixed tables


@pytest.mark.thorough
def test_correlated_numbers_beside_many_categories():
    X, is_outlier = mixed()
    model = AutoencoderOutlierDetector(random_state=0, cv=None).fit(X)
    assert roc_auc_score(is_outlier, -model.score_samples(X)) > 0.95
