"""Validation sets of whole groups, and of a splitter: `groups` and `validation_splitter`."""

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import AutoencoderTransformer
from skae.core.training.driver import train
from skae.estimators.base import fit as fit_module
from tests.discovery import AUTOENCODERS, fast

PEOPLE = np.repeat(list("abcdefgh"), 12)  # of the 96 samples of X


def from_groups(n_groups, n_samples, seed):
    """Each group has an offset of its own, which says nothing about the offsets of others."""
    rng = np.random.default_rng(seed)
    plane = np.random.default_rng(99).normal(size=(2, 8))
    groups = np.repeat(np.arange(n_groups), n_samples)
    X = 0.5 * rng.normal(size=(len(groups), 2)) @ plane
    X += rng.normal(size=(n_groups, 8))[groups] + 0.05 * rng.normal(size=X.shape)
    return X, groups


@pytest.fixture
def splits(monkeypatch):
    """Samples of X in the training and the validation set of each run that a fit consists of."""
    found = []

    def record(job, data, *args, **kwargs):
        held_out = [] if data.validation is None else data.validation.index
        found.append((sorted(data.index), sorted(held_out), data.samples))
        return train(job, data, *args, **kwargs)

    monkeypatch.setattr(fit_module, "train", record)
    monkeypatch.setattr("skae.core.training.cross_validation.train", record)
    return found


def positions(X, run):
    """Rows of X (distinct) that a run trains on, and those that it validates on."""
    training, held_out, samples = run
    rows = samples.standardized(slice(None)) * samples.original_units.scale
    rows = rows + samples.original_units.mean
    nearest = [int(np.argmin(np.abs(X - row).sum(axis=1))) for row in rows]
    return {nearest[i] for i in training}, {nearest[i] for i in held_out}


def test_new_groups_are_not_reconstructed_worse_than_by_pca():
    X, groups = from_groups(6, 60, seed=1)
    X_new, _ = from_groups(50, 20, seed=2)

    def loss(model):
        return np.mean((X_new - model.inverse_transform(model.transform(X_new))) ** 2)

    def model():
        return AutoencoderTransformer(
            2, hidden_layer_sizes=(32,), max_iter=30, learning_rate=5e-3, random_state=0
        )

    pca = loss(PCA(2).fit(X))
    assert loss(model().fit(X)) > 1.05 * pca
    assert loss(model().fit(X, groups=groups)) <= pca * (1 + 1e-6)


@pytest.mark.representatives
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_folds_hold_whole_groups(cls, X, splits):
    fast(cls, max_iter=1).fit(X, groups=PEOPLE)
    *folds, final = [positions(X, run) for run in splits]
    assert len(folds) == 3
    for training, held_out in folds:
        assert training | held_out == set(range(96))
        assert not set(PEOPLE[list(training)]) & set(PEOPLE[list(held_out)])
    assert final == (set(range(96)), set())


def test_validation_set_holds_whole_groups(X, splits):
    fast(AutoencoderTransformer, validation_fraction=0.25).fit(X, groups=PEOPLE)
    ((training, held_out),) = [positions(X, run) for run in splits]
    assert training | held_out == set(range(96))
    assert len(held_out) == 24 and len(set(PEOPLE[list(held_out)])) == 2


@pytest.mark.parametrize("n_groups, n_runs", [(19, 4), (20, 1)])
def test_few_groups_are_cross_validated(n_groups, n_runs, splits):
    X, groups = from_groups(n_groups, 106, seed=0)
    fast(AutoencoderTransformer, max_iter=1).fit(X, groups=groups)
    assert len(splits) == n_runs


def test_equal_samples_of_two_groups_are_held_out_together(X, splits):
    """A blank sample occurs in every group: it does not join the groups to one."""
    repeated, groups = np.concatenate([X, X[:8]]), np.concatenate([PEOPLE, np.unique(PEOPLE)])
    fast(AutoencoderTransformer, max_iter=1).fit(repeated, groups=groups)
    for training, held_out in [positions(X, run) for run in splits[:-1]]:
        assert not training & held_out
        assert not set(PEOPLE[list(training)]) & set(PEOPLE[list(held_out)])


def test_weights_are_repetition_with_groups(X, weights):
    n = weights.astype(int)
    by_weight = fast(AutoencoderTransformer).fit(X, sample_weight=weights, groups=PEOPLE)
    repeated = fast(AutoencoderTransformer).fit(np.repeat(X, n, axis=0), groups=PEOPLE.repeat(n))
    np.testing.assert_array_equal(by_weight.transform(X), repeated.transform(X))


@pytest.mark.parametrize("kind", [list, sparse.csr_array])
def test_order_and_names_of_groups_do_not_matter(kind, X):
    order = np.random.default_rng(0).permutation(96)
    model = fast(AutoencoderTransformer).fit(X, groups=PEOPLE)
    other = fast(AutoencoderTransformer).fit(
        kind(X[order]), groups=[ord(name) for name in PEOPLE[order]]
    )
    np.testing.assert_allclose(other.transform(X), model.transform(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "splitter, n_folds",
    [
        (KFold(4), 4),
        (ShuffleSplit(2, test_size=0.2, train_size=0.5, random_state=0), 2),
        (TimeSeriesSplit(3), 3),
        (PredefinedSplit(np.arange(96) // 32 - 1), 2),
        (StratifiedKFold(2), 2),
        (GroupKFold(5), 5),
        (LeaveOneGroupOut(), 8),
    ],
)
def test_folds_are_those_of_the_splitter(splitter, n_folds, X, y, splits):
    groups = PEOPLE if "Group" in type(splitter).__name__ else None
    expected = [
        (set(training.tolist()), set(held_out.tolist()))
        for training, held_out in splitter.split(X, y, groups)
    ]
    fast(AutoencoderTransformer, validation_splitter=splitter, max_iter=1).fit(X, y, groups=groups)
    assert [positions(X, run) for run in splits[:-1]] == expected
    assert len(expected) == n_folds


def test_validation_set_is_the_first_split_of_a_splitter(splits):
    X, groups = from_groups(30, 70, seed=0)
    splitter = GroupShuffleSplit(5, test_size=0.2, random_state=3)
    model = fast(AutoencoderTransformer, validation_splitter=splitter, max_iter=1)
    model.fit(X, groups=groups)
    (run,) = splits
    training, held_out = next(splitter.split(X, None, groups))
    assert (len(run[0]), len(run[1])) == (len(training), len(held_out))
    assert len(model.history_["validation_loss"]) == 1


def test_splitter_sees_the_first_of_equal_samples(X, splits):
    """Rows of zero weight and repeated rows keep their places in the splits."""
    repeated = np.concatenate([X[:10], X])
    weight = np.r_[np.zeros(5), np.ones(101)]
    splitter = PredefinedSplit(np.r_[np.zeros(10), -np.ones(96)])
    fast(AutoencoderTransformer, validation_splitter=splitter, max_iter=1).fit(
        repeated, sample_weight=weight
    )
    assert positions(X, splits[0]) == (set(range(96)) - set(range(5, 10)), set(range(5, 10)))


class Splitter:
    """The splits that it was made with."""

    def __init__(self, *splits):
        self.splits = splits

    def __repr__(self):
        return "Splitter()"

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self.splits)

    def split(self, X, y=None, groups=None):
        yield from self.splits


HALF = np.arange(96) < 48


def test_masks_are_splits(X, splits):
    fast(AutoencoderTransformer, validation_splitter=Splitter((HALF, ~HALF)), max_iter=1).fit(X)
    assert positions(X, splits[0]) == (set(range(48)), set(range(48, 96)))


@pytest.mark.parametrize(
    "splitter, words",
    [
        (Splitter(), "returns no split of 96 samples"),
        (Splitter((HALF, HALF)), "puts sample 0 in the training set and in the validation set"),
        (Splitter((HALF, ~HALF), (HALF, [])), "without validation samples"),
        (Splitter(([], HALF)), "without training samples"),
        (Splitter(([0, 1], [96])), "cannot split 96 samples: index 96"),
        (Splitter(([0.5], [1])), "cannot split 96 samples"),
        (Splitter([0]), "cannot split 96 samples"),
        (KFold(97), "cannot split 96 samples: Cannot have number of splits"),
        (GroupKFold(3), r"Pass groups to fit: fit\(X, groups=...\)"),
        (StratifiedKFold(3), "cannot split 96 samples"),
        (PredefinedSplit(np.arange(10) % 2), None),
    ],
)
def test_invalid_splitters(splitter, words, X):
    model = fast(AutoencoderTransformer, validation_splitter=splitter)
    if words is None:  # shorter than X: the other samples are not used
        assert model.fit(X).n_iter_ >= 1
        return
    with pytest.raises(ValueError, match=f"^validation_splitter=.*{words}"):
        model.fit(X)
    assert not hasattr(model, "params_")


def test_split_without_distinct_samples(X):
    splitter = PredefinedSplit(np.r_[-np.ones(96), np.zeros(96)])
    with pytest.raises(ValueError, match=r"without validation samples.*equal samples"):
        fast(AutoencoderTransformer, validation_splitter=splitter).fit(np.concatenate([X, X]))


@pytest.mark.parametrize(
    "parameters, arguments, words",
    [
        ({}, {"groups": PEOPLE[:-1]}, "^groups must be one label for each of the 96 samples"),
        ({}, {"groups": np.c_[PEOPLE, PEOPLE]}, "^groups must be one label"),
        ({}, {"groups": 3}, "^groups must be one label"),
        ({}, {"groups": [None, "a"] * 48}, "^groups must be one label"),
        ({}, {"groups": np.zeros(96)}, "^groups holds one group only.*omit groups, pass X_val"),
        ({"validation_fraction": 0.1}, {"groups": np.zeros(96)}, "^groups holds one group only"),
        ({"early_stopping": False}, {"groups": PEOPLE}, "^groups are .*early_stopping=False"),
        (
            {},
            {"groups": PEOPLE, "X_val": np.zeros((5, 6))},
            "^X_val is the validation set, so groups",
        ),
        ({"validation_splitter": KFold(3)}, {"groups": PEOPLE}, "samples of one group in the tra"),
        (
            {"validation_splitter": KFold(3), "validation_fraction": 0.1},
            {},
            "^validation_fraction=0.1 and validation_splitter=KFold",
        ),
        ({"validation_splitter": 3}, {}, "'validation_splitter' parameter of Auto"),
        ({"validation_splitter": "KFold"}, {}, "'validation_splitter' parameter of Auto"),
    ],
)
@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_invalid_groups(parameters, arguments, words, X):
    with pytest.raises(ValueError, match=words):
        fast(AutoencoderTransformer, **parameters).fit(X, **arguments)


def test_splitters_are_not_used_without_validation(X):
    splitter = Splitter()  # would raise
    for parameters, arguments in [({"early_stopping": False}, {}), ({}, {"X_val": X[:9]})]:
        model = fast(AutoencoderTransformer, validation_splitter=splitter, **parameters)
        model.fit(X, **arguments)
        model.partial_fit(X[:3])


@pytest.mark.parametrize(
    "splitter",
    [
        GroupShuffleSplit(2, test_size=0.3, random_state=1),
        KFold(3, shuffle=True, random_state=np.random.RandomState(2)),
        LeaveOneOut(),
        PredefinedSplit([0, 0, -1, 1]),
        RepeatedKFold(n_splits=2, n_repeats=3, random_state=4),
    ],
)
def test_splitters_are_cloned_and_saved(splitter, X, tmp_path):
    model = AutoencoderTransformer(validation_splitter=splitter)
    loaded = skae.load(model.save(tmp_path / "model.skae") and tmp_path / "model.skae")
    groups = [1, 1, 2, 3] if isinstance(splitter, GroupShuffleSplit) else None
    expected = list(clone(model).validation_splitter.split(X[:4], None, groups))
    splits = list(loaded.validation_splitter.split(X[:4], None, groups))
    assert len(splits) == len(expected)
    for split, other in zip(splits, expected, strict=True):
        for part, same in zip(split, other, strict=True):
            np.testing.assert_array_equal(part, same)


def test_own_splitters_are_not_saved(tmp_path):
    model = AutoencoderTransformer(validation_splitter=Splitter())
    with pytest.raises(ValueError, match=r"^validation_splitter of .*splitters of scikit-learn"):
        model.save(tmp_path / "model.skae")


def test_files_name_only_splitters_of_scikit_learn():
    from skae.persistence.registry import InvalidContent
    from skae.persistence.splitters import rebuilt_splitter

    for name in ("GridSearchCV", "cross_validate", None, ["KFold"]):
        with pytest.raises(InvalidContent, match="not one of scikit-learn's"):
            rebuilt_splitter(name, {})


def test_groups_are_routed_through_pipelines_and_searches(X):
    with sklearn.config_context(enable_metadata_routing=True):
        model = fast(AutoencoderTransformer).set_fit_request(groups=True)
        pipeline = make_pipeline(StandardScaler(), model)
        scaled = StandardScaler().fit_transform(X)
        alone = clone(model).fit(scaled, groups=PEOPLE)
        routed = clone(pipeline).fit(X, groups=PEOPLE)
        np.testing.assert_array_equal(routed[-1].transform(scaled), alone.transform(scaled))
        grid = {"autoencodertransformer__alpha": [0.0, 1e-3]}
        search = GridSearchCV(pipeline, grid, cv=GroupKFold(2)).fit(X, groups=PEOPLE)
        assert np.isfinite(search.best_score_)
        # two groups in each part: a fold without groups would not raise
        with pytest.raises(ValueError, match="one group only"):
            cross_validate(
                model,
                X,
                params={"groups": np.arange(96) // 48},
                cv=GroupKFold(2),
                error_score="raise",
            )


def test_checkpoint_belongs_to_groups(X, tmp_path):
    path = tmp_path / "fit.checkpoint"

    class Stopped(Exception):
        pass

    def stop(*args, **kwargs):
        raise Stopped

    model = fast(AutoencoderTransformer, checkpoint=path, checkpoint_interval=0.0, max_iter=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_module, "train", stop)
        with pytest.raises(Stopped):
            model.fit(X, groups=PEOPLE)
    with pytest.raises(ValueError, match="another fit with different groups"):
        clone(model).fit(X, groups=PEOPLE[::-1])
    resumed = model.fit(X, groups=PEOPLE)
    whole = clone(model).set_params(checkpoint=None).fit(X, groups=PEOPLE)
    np.testing.assert_array_equal(resumed.transform(X), whole.transform(X))


@pytest.mark.parametrize("cls", [skae.PretrainedClassifier, skae.PretrainedRegressor])
def test_groups_of_pretraining(cls, X, y):
    autoencoder = fast(AutoencoderTransformer)
    model = fast(cls, autoencoder=autoencoder).fit(X, y, groups=PEOPLE)
    alone = clone(autoencoder).fit(X, groups=PEOPLE)
    np.testing.assert_array_equal(model.autoencoder_.transform(X), alone.transform(X))
    for parameters in ({"early_stopping": True}, {"prefit": True}):
        given = alone if "prefit" in parameters else autoencoder
        with pytest.raises(ValueError, match="groups split the samples of pretraining"):
            fast(cls, autoencoder=given, **parameters).fit(X, y, groups=PEOPLE)


def test_detectors_say_that_they_have_no_groups(X):
    detector = fast(skae.AutoencoderOutlierDetector)
    with pytest.raises(TypeError, match=r"'groups'.*set validation_splitter on its parameter auto"):
        detector.fit(X, groups=PEOPLE)
