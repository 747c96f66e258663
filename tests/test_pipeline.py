"""Inside scikit-learn: pipelines, searches, unions and column transformers."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer, SemanticHasher
from tests.discovery import AUTOENCODERS, fast

each_autoencoder = pytest.mark.parametrize("cls", AUTOENCODERS)
a_few = pytest.mark.parametrize("cls", [AutoencoderTransformer, SemanticHasher])


@a_few
def test_before_a_classifier(cls, X, y):
    pipeline = make_pipeline(StandardScaler(), fast(cls), KNeighborsClassifier())
    assert 0 <= pipeline.fit(X, y).score(X, y) <= 1
    assert len(pipeline[:-1].get_feature_names_out()) == 2


@each_autoencoder
def test_fit_transform_is_fit_then_transform(cls, X, fitted):
    np.testing.assert_array_equal(fast(cls).fit_transform(X), fitted(cls).transform(X))


@a_few
def test_inverse_transform_through_a_pipeline(cls, X):
    scaler, model = StandardScaler(), fast(cls)
    pipeline = make_pipeline(scaler, model).fit(X)
    back = pipeline.inverse_transform(pipeline.transform(X))
    assert isinstance(back, np.ndarray) and back.shape == X.shape
    by_hand = scaler.inverse_transform(model.inverse_transform(pipeline.transform(X)))
    np.testing.assert_array_equal(back, by_hand)


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@a_few
def test_search_over_names(cls, X):
    search = GridSearchCV(fast(cls), {"n_components": [1, 2], "alpha": [0, 0.1]}, cv=2).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.transform(X).shape == (96, search.best_params_["n_components"])


@each_autoencoder
def test_failing_candidates_are_named_by_the_search(cls, X):
    search = GridSearchCV(fast(cls), {"alpha": [-1.0]}, cv=2, error_score="raise")
    with pytest.raises(ValueError, match="alpha"):
        search.fit(X)


@pytest.mark.thorough
@a_few
def test_parallel_search_gives_the_same_scores(cls, X):
    grid = {"learning_rate": [1e-3, 1e-2]}
    one, other = (
        RandomizedSearchCV(fast(cls), grid, n_iter=2, cv=2, random_state=0, n_jobs=n).fit(X)
        for n in (None, 2)
    )
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], other.cv_results_["mean_test_score"]
    )


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@a_few
def test_union_and_columns(cls, X):
    union = FeatureUnion([("a", fast(cls)), ("b", fast(cls, n_components=1))])
    assert union.fit_transform(X).shape == (96, 3)
    columns = ColumnTransformer([("codes", fast(cls), [0, 1, 2])], remainder="passthrough")
    assert columns.fit_transform(X).shape == (96, 5)
    assert len(columns.get_feature_names_out()) == 5


@each_autoencoder
def test_feature_names_out(cls, fitted):
    name = cls.__name__.lower()
    assert list(fitted(cls).get_feature_names_out()) == [f"{name}0", f"{name}1"]


@pytest.mark.thorough
def test_the_issue_s_example_on_digits():
    X, y = load_digits(return_X_y=True)
    X, y = X[:600], y[:600]
    pipe = make_pipeline(
        StandardScaler(),
        AutoencoderTransformer(10, max_iter=2, random_state=0),
        KNeighborsClassifier(),
    )
    search = GridSearchCV(
        pipe,
        {
            "autoencodertransformer__n_components": [5, 10],
            "autoencodertransformer__learning_rate": [1e-3, 3e-3],
        },
        cv=2,
    ).fit(X, y)
    assert search.best_score_ > 0.75
    assert search.predict(X[:5]).shape == (5,)


def test_pca_can_be_replaced_by_position():
    model = AutoencoderTransformer(3, max_iter=0)
    assert clone(model).get_params()["n_components"] == 3
    assert model.fit_transform(np.random.default_rng(0).normal(size=(20, 5))).shape == (20, 3)
