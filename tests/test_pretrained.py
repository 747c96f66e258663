"""Semi-supervised estimators: transfer of weights, fine-tuning, targets and input validation."""

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV

import skae
from skae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    PretrainedClassifier,
    PretrainedRegressor,
    SemanticHasher,
)
from skae.meta._fine_tuning import _validation_counts
from skae.networks import Convolutional, Recurrent, Residual
from skae.objectives import supervised
from tests.datasets import curved
from tests.discovery import fast, short
from tests.own_modules import pair
from tests.test_compilation import compilations

NETWORKS = {
    "dense": None,
    "convolutional": Convolutional(image_shape=(2, 3), channels=(2,), kernel_size=2),
    "recurrent": Recurrent(sequence_shape=(3, 2), hidden_sizes=(4,)),
    "residual": Residual(width=4, n_blocks=1, outer_layer_sizes=(5,)),
    "own": pair(),
}
each_network = pytest.mark.parametrize("name", short(NETWORKS))
TARGETS = {PretrainedClassifier: lambda y: y, PretrainedRegressor: lambda y: y.astype(float)}
each_estimator = pytest.mark.parametrize("cls", TARGETS)


def autoencoder(network=None, **parameters):
    dense = {"hidden_layer_sizes": (8,)} if network is None else {}
    few = {"batch_size": 32, "max_iter": 2, "early_stopping": False, "random_state": 0}
    return DenoisingAutoencoder(
        2, network=network, code_activation="tanh", **dense, **few, **parameters
    )


@pytest.fixture(scope="module")
def pretrained(X):
    """``pretrained(name)``: an autoencoder with that network, fitted once; do not modify it."""
    models = {}

    def fit(name):
        if name not in models:
            models[name] = autoencoder(NETWORKS[name]).fit(X)
        return models[name]

    return fit


def head_outputs(model, features):
    """The head's outputs for these features."""
    unit, head = model.params_["fixed"]["unit"], model.params_["head"]
    return (features - unit["mean"]) / unit["scale"] @ head["kernel"] + head["bias"]


def scores(model, X):
    return np.log(model.predict_proba(X)[:, 1] / model.predict_proba(X)[:, 0])


# ---- layers below the head


@each_network
def test_features_of_the_head_are_the_codes_if_all_is_frozen(name, pretrained, X, y):
    pretrained_model = pretrained(name)
    model = fast(PretrainedClassifier, autoencoder=pretrained_model, prefit=True, freeze="all")
    want = head_outputs(model.fit(X, y), pretrained_model.transform(X))
    np.testing.assert_allclose(model.decision_function(X), want[:, 1] - want[:, 0], atol=1e-5)


@pytest.mark.parametrize(
    "name, layer", short([("dense", 0), ("convolutional", 0), ("own", "encoder")])
)
def test_features_of_one_layer_are_its_hidden_activations(name, layer, pretrained, X, y):
    pretrained_model = pretrained(name)
    settings = {"prefit": True, "freeze": "all", "n_layers": 1}
    model = fast(PretrainedClassifier, autoencoder=pretrained_model, **settings).fit(X, y)
    hidden = pretrained_model.hidden_activations(X, layer).reshape(len(X), -1)
    want = head_outputs(model, hidden)
    np.testing.assert_allclose(model.decision_function(X), want[:, 1] - want[:, 0], atol=1e-5)


@pytest.mark.thorough
def test_features_of_one_recurrent_layer_are_its_last_state(pretrained, X, y):
    pretrained_model = pretrained("recurrent")
    settings = {"prefit": True, "freeze": "all", "n_layers": 1}
    model = fast(PretrainedClassifier, autoencoder=pretrained_model, **settings).fit(X, y)
    want = head_outputs(model, pretrained_model.hidden_activations(X, 0)[:, -1])
    np.testing.assert_allclose(model.decision_function(X), want[:, 1] - want[:, 0], atol=1e-5)


def leaves(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


@each_network
@pytest.mark.parametrize("freeze", ["none", 1, "all"])
def test_frozen_weights_stay_and_other_weights_are_trained(name, freeze, pretrained, X, y):
    pretrained_model = pretrained(name)
    before = copy.deepcopy(pretrained_model.params_)
    model = fast(PretrainedClassifier, autoencoder=pretrained_model, prefit=True, freeze=freeze)
    params = model.fit(X, y).params_
    earlier = dict(leaves(before["encoder"]))
    frozen = dict(leaves(params["fixed"].get("encoder", {})))
    moved = dict(leaves(params.get("encoder", {})))
    assert not frozen.keys() & moved.keys() and frozen.keys() | moved.keys() == earlier.keys()
    assert bool(frozen) == (freeze != "none") and bool(moved) == (freeze != "all")
    assert ("linear" in params) == (freeze != "all")
    for path, weights in frozen.items():
        np.testing.assert_array_equal(weights, earlier[path])
    for path, weights in moved.items():
        if path[-1] == "kernel":
            assert not np.array_equal(weights, earlier[path]), path
    for path, weights in leaves(pretrained_model.params_):
        np.testing.assert_array_equal(weights, dict(leaves(before))[path])


@pytest.mark.thorough
def test_head_is_trained_on_a_subset_if_features_need_too_much_memory(
    monkeypatch, pretrained, X, y
):
    """Beyond the memory limit, the head is first trained on a subset, then on all samples."""
    model = fast(PretrainedClassifier, autoencoder=pretrained("dense"), prefit=True, freeze="all")
    whole = clone(model).fit(X, y)
    monkeypatch.setattr(supervised, "_MAX_FEATURE_VALUES", 2 * 40)
    parts = clone(model).set_params(early_stopping=True, validation_fraction=0.2).fit(X, y)
    assert "encoder" not in parts.params_ or not parts.params_["encoder"]
    assert np.isfinite(parts.history_["validation_loss"]).all()
    assert not np.array_equal(parts.params_["head"]["kernel"], whole.params_["head"]["kernel"])


def test_dropout_applies_to_training_only(pretrained, X, y):
    model = fast(PretrainedClassifier, autoencoder=pretrained("dense"), prefit=True)
    plain, noisy = (clone(model).set_params(dropout=rate).fit(X, y) for rate in (0.0, 0.5))
    assert not np.array_equal(plain.params_["head"]["kernel"], noisy.params_["head"]["kernel"])
    np.testing.assert_array_equal(noisy.predict_proba(X), noisy.predict_proba(X))


# ---- labels


@pytest.mark.parametrize("mark", short([-1, "nothing", np.nan]))
def test_unlabeled_samples_train_the_autoencoder_only(mark, X, y):
    labels = np.array(["no", "yes"])[y] if isinstance(mark, str) else y.astype(type(mark))
    some = labels.copy() if not isinstance(mark, str) else labels.astype(object)
    some[40:] = mark
    model = fast(PretrainedClassifier, unlabeled=mark).fit(X, some)
    np.testing.assert_array_equal(model.classes_, np.unique(labels))
    alone = clone(model.autoencoder_).fit(X)
    np.testing.assert_array_equal(alone.transform(X), model.autoencoder_.transform(X))
    labeled = fast(PretrainedClassifier, autoencoder=alone, prefit=True).fit(X[:40], labels[:40])
    np.testing.assert_array_equal(labeled.predict_proba(X), model.predict_proba(X))
    assert model.score(X, some) == np.mean(model.predict(X[:40]) == labels[:40])


def test_minus_one_is_a_label_by_default(X, y):
    model = fast(PretrainedClassifier).fit(X, y - 1)
    np.testing.assert_array_equal(model.classes_, [-1, 0])


def test_missing_regression_targets(X):
    t = 3 * X[:, 0] + 7
    some = t.copy()
    some[50:] = np.nan
    settings = {"max_iter": 200, "learning_rate": 1e-2, "unlabeled": np.nan}
    model = fast(PretrainedRegressor, **settings).fit(X, some)
    assert model.target_mean_ == pytest.approx(t[:50].mean())
    assert model.score(X[50:], t[50:]) > 0.9
    assert model.score(X, some) == pytest.approx(model.score(X[:50], t[:50]))


def test_probabilities_labels_and_logits_are_consistent(X):
    labels = np.array(["a", "b", "c"], object)[np.digitize(X[:, 0], [0.4, 0.6])]
    model = fast(PretrainedClassifier, max_iter=100, learning_rate=1e-2).fit(X, labels)
    chances = model.predict_proba(X)
    assert chances.shape == (len(X), 3) and model.score(X, labels) > 0.9
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_[chances.argmax(axis=1)], model.predict(X))
    logits = model.decision_function(X)
    np.testing.assert_allclose(
        np.log(chances) - logits, (np.log(chances) - logits)[:, :1] * [[1] * 3]
    )


# ---- weights


def test_balanced_class_weights_use_weighted_frequencies(pretrained, X, weights):
    labels = (X[:, 0] > np.quantile(X[:, 0], 0.8)).astype(int)
    model = fast(PretrainedClassifier, autoencoder=pretrained("dense"), prefit=True)
    size = np.bincount(labels, weights=weights)
    explicit = dict(enumerate(size.sum() / (2 * size)))
    one, other, plain = (
        clone(model).set_params(class_weight=w).fit(X, labels, sample_weight=weights)
        for w in ("balanced", explicit, None)
    )
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    assert one.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean()


@each_estimator
def test_weights_equal_repetition(cls, X, y, weights):
    """Also where the same sample has two labels."""
    samples, targets = np.concatenate([X, X[:10]]), np.concatenate([y, 1 - y[:10]])
    targets, weight = TARGETS[cls](targets), np.concatenate([weights, weights[:10]])
    order = np.random.default_rng(0).permutation(len(samples))
    by_weight = fast(cls).fit(samples[order], targets[order], sample_weight=weight[order])
    times = weight.astype(int)
    repeated = fast(cls).fit(np.repeat(samples, times, axis=0), np.repeat(targets, times))
    np.testing.assert_allclose(by_weight.predict(X), repeated.predict(X), rtol=1e-5)
    np.testing.assert_allclose(
        by_weight.params_["head"]["kernel"], repeated.params_["head"]["kernel"], rtol=1e-4
    )


# ---- early stopping


@pytest.mark.parametrize(
    "sizes, count, want",
    [
        ([50, 30, 20], 10, [5, 3, 2]),
        ([90, 8, 2], 10, [8, 1, 1]),
        ([33, 33, 34], 10, [3, 3, 4]),
        ([2, 2, 2], 5, [1, 1, 1]),
    ],
)
def test_validation_set_is_stratified(sizes, count, want):
    np.testing.assert_array_equal(_validation_counts(np.array(sizes), count), want)


@each_estimator
def test_early_stopping_keeps_the_best_weights(cls, X, y):
    settings = {"early_stopping": True, "validation_fraction": 0.2, "max_iter": 30}
    model = fast(cls, learning_rate=0.1, **settings).fit(X, TARGETS[cls](y))
    losses = model.history_["validation_loss"]
    assert len(losses) == model.n_iter_ and np.isfinite(losses).all()
    if model.best_iter_:
        assert losses[model.best_iter_ - 1] == losses.min()


# ---- prefit autoencoders and grid search


def test_clones_share_a_prefit_autoencoder(pretrained, X, y):
    pretrained_model = pretrained("dense")
    model = fast(PretrainedClassifier, autoencoder=pretrained_model, prefit=True)
    grid = {"alpha": [0.0, 0.1], "dropout": [0.0, 0.3]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_estimator_.autoencoder_.params_ is pretrained_model.params_
    clone(model).set_params(autoencoder__noise_level=0.7)
    assert pretrained_model.noise_level != 0.7


def test_parameters_of_both_stages_are_searched_together(X, y):
    some = np.where(np.arange(len(y)) % 2, y, -1)
    grid = {"autoencoder__noise_level": [0.1, 0.5], "alpha": [0.0, 0.1]}
    model = fast(PretrainedClassifier, unlabeled=-1)
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, some)
    assert set(search.best_params_) == set(grid)
    best = search.best_params_["autoencoder__noise_level"]
    assert search.best_estimator_.autoencoder_.noise_level == best


def test_prefit_autoencoder_must_be_fitted_with_the_same_features(pretrained, X, y):
    with pytest.raises(NotFittedError):
        fast(PretrainedClassifier, prefit=True).fit(X, y)
    model = fast(PretrainedClassifier, autoencoder=pretrained("dense"), prefit=True)
    with pytest.raises(ValueError, match="5 features"):
        model.fit(X[:, :5], y)
    with pytest.raises(ValueError, match="prefit"):
        PretrainedClassifier(prefit=True).fit(X, y)


@pytest.mark.thorough
def test_default_autoencoder_is_denoising(X, y):
    model = PretrainedClassifier(max_iter=1, random_state=0).fit(X[:20], y[:20])
    assert isinstance(model.autoencoder_, DenoisingAutoencoder)
    assert isinstance(model.autoencoder_.random_state, int)


@pytest.mark.thorough
def test_convolutional_and_tied_autoencoders(X, y):
    convolutional = fast(ConvolutionalAutoencoder, image_shape=(2, 3), kernel_size=2)
    for pretrained_model in (convolutional, fast(AutoencoderTransformer, tied_weights=True)):
        model = fast(PretrainedClassifier, autoencoder=pretrained_model).fit(X, y)
        assert model.predict(X).shape == y.shape


# ---- new hidden layers


def head_with_hidden_layers(pretrained, X, y, cls=PretrainedClassifier, **parameters):
    settings = {"hidden_layer_sizes": (6, 9), "activation": "relu", "prefit": True, **parameters}
    return fast(cls, autoencoder=pretrained("dense"), **settings).fit(X, y)


def hidden_units(model, features):
    unit, head = model.params_["fixed"]["unit"], model.params_["head"]
    x = (features - unit["mean"]) / unit["scale"]
    for name in ("layer_0", "layer_1"):
        x = np.maximum(x @ head[name]["kernel"] + head[name]["bias"], 0)
    return x


def test_outputs_and_bits_of_new_hidden_layers(pretrained, X, y):
    model = head_with_hidden_layers(pretrained, X, y, freeze="all")
    units, head = hidden_units(model, pretrained("dense").transform(X)), model.params_["head"]
    want = units @ head["kernel"] + head["bias"]
    np.testing.assert_allclose(model.decision_function(X), want[:, 1] - want[:, 0], atol=1e-5)
    clear = np.abs(units).min(axis=1) > 1e-5
    clear |= (units == 0).any(axis=1)
    np.testing.assert_array_equal(model.hash(X, packed=False)[clear], (units > 0)[clear])
    assert model.hash(X).shape == (len(X), 2)


@pytest.mark.thorough
@pytest.mark.parametrize("cls", TARGETS)
def test_new_hidden_layers_are_saved_and_exported(cls, pretrained, X, y, tmp_path):
    model = head_with_hidden_layers(pretrained, X, y, cls)
    method = "predict_proba" if cls is PretrainedClassifier else "predict"
    want = getattr(model, method)(X)
    model.save(tmp_path / "model.skae")
    loaded = skae.load(tmp_path / "model.skae")
    np.testing.assert_array_equal(getattr(loaded, method)(X), want)
    # The fitted head does not follow parameters that are set later.
    loaded.set_params(hidden_layer_sizes=(), activation="tanh")
    np.testing.assert_array_equal(getattr(loaded, method)(X), want)
    onnxruntime = pytest.importorskip("onnxruntime")
    model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (found,) = session.run(None, {session.get_inputs()[0].name: X.astype(np.float32)})
    np.testing.assert_allclose(found, want, atol=1e-4)


def test_new_hidden_layers_separate_classes_that_a_linear_head_cannot():
    X = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    y = X[:, 0] * X[:, 1] > 0
    ae = AutoencoderTransformer(2, max_iter=0, random_state=0).fit(X)
    shared = {"prefit": True, "freeze": "all", "max_iter": 100, "random_state": 0}
    linear = PretrainedClassifier(ae, **shared).fit(X[:300], y[:300])
    model = PretrainedClassifier(ae, hidden_layer_sizes=16, **shared).fit(X[:300], y[:300])
    assert linear.score(X[300:], y[300:]) < 0.7 and model.score(X[300:], y[300:]) > 0.9


def test_dropout_and_penalty_apply_to_new_hidden_layers(pretrained, X, y):
    plain = head_with_hidden_layers(pretrained, X, y, freeze="all")
    kernel = plain.params_["head"]["layer_1"]["kernel"]
    for changed in ({"alpha": 10.0}, {"dropout": 0.5}):
        model = head_with_hidden_layers(pretrained, X, y, freeze="all", **changed)
        assert not np.array_equal(model.params_["head"]["layer_1"]["kernel"], kernel)
        np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))
    strong = head_with_hidden_layers(pretrained, X, y, freeze="all", alpha=10.0, max_iter=60)
    norm = np.linalg.norm(strong.params_["head"]["layer_1"]["kernel"])
    assert norm < 0.5 * np.linalg.norm(kernel)


@pytest.mark.parametrize("parameter", [{"hidden_layer_sizes": (8, 0)}, {"activation": "cube"}])
def test_invalid_hidden_layers_of_the_head_raise(parameter, X, y):
    assert_raises(X, y, *parameter, **parameter)


# ---- supervised binary codes


@pytest.mark.parametrize("activation, threshold", short([("logistic", 0.5), ("relu", 0.0)]))
def test_a_bit_is_set_above_the_activation_at_zero(activation, threshold, X, y):
    pretrained_model = fast(AutoencoderTransformer, n_components=9, code_activation=activation)
    model = fast(PretrainedClassifier, autoencoder=pretrained_model, freeze="all").fit(X, y)
    bits = model.hash(X, packed=False)
    np.testing.assert_array_equal(bits, model.autoencoder_.transform(X) > threshold)
    assert bits.dtype == np.uint8 and model.hash(X).shape == (len(X), 2)
    np.testing.assert_array_equal(np.unpackbits(model.hash(X), axis=1, count=9), bits)


@pytest.mark.thorough
def test_fine_tuning_a_hasher_separates_classes(X, y):
    hasher = fast(SemanticHasher, n_components=8).fit(X)
    model = fast(PretrainedClassifier, autoencoder=hasher, prefit=True, learning_rate=1e-2)
    model.set_params(max_iter=60).fit(X, y)
    frozen = clone(model).set_params(freeze="all").fit(X, y)
    np.testing.assert_array_equal(frozen.hash(X), hasher.hash(X))

    def class_separation(bits):
        signs = 2.0 * bits - 1
        alike = signs @ signs.T / bits.shape[1]
        same = y[:, None] == y
        return alike[same].mean() - alike[~same].mean()

    assert (
        class_separation(model.hash(X, packed=False)) > class_separation(hasher.transform(X)) + 0.2
    )


# ---- invalid input


def assert_raises(X, y, word, **parameters):
    model = fast(PretrainedClassifier, **parameters)
    with pytest.raises(ValueError, match=word):
        model.fit(X, y)
    assert not [name for name in vars(model) if name not in model.get_params(deep=False)]


def test_invalid_labels_raise_and_leave_the_estimator_unfitted(X, y):
    assert_raises(X, np.ones(len(X)), "one class, 1.0")
    assert_raises(X, np.where(y == 1, 1, -1), "one class, 1,", unlabeled=-1)
    assert_raises(X, np.full(len(X), -1), "only unlabeled samples", unlabeled=-1)
    assert_raises(X, np.full(len(X), np.nan), "only unlabeled samples", unlabeled=np.nan)
    assert_raises(X, np.where(y == 1, np.nan, 0.0), "NaN")
    assert_raises(X, X[:, 0], "Unknown label type")
    assert_raises(X, None, "y is None")
    assert_raises(X, y[:-1], "inconsistent")
    assert_raises(X, y, "n_layers=3", n_layers=3)
    assert_raises(X, y, "freeze=2", n_layers=1, freeze=2)


def test_too_small_validation_sets_raise(X):
    labels = np.arange(len(X)) % 12
    assert_raises(X, labels, "fewer than the 12 classes", early_stopping=True)
    assert_raises(X, labels, "puts 0 in the", early_stopping=True, validation_fraction=0.001)
    labels = (np.arange(len(X)) == 0).astype(int)
    assert_raises(X, labels, "Class 1 has only one", early_stopping=True)


def test_zero_weights_of_all_labeled_samples_raise(X, y):
    with pytest.raises(ValueError, match="labeled sample"):
        some = np.where(np.arange(len(y)) < 20, y, -1)
        fast(PretrainedClassifier, unlabeled=-1).fit(X, some, sample_weight=some == -1)
    with pytest.raises(ValueError, match="one class"):
        fast(PretrainedClassifier).fit(X, y, sample_weight=y)


@pytest.mark.parametrize("cls", [PretrainedClassifier, PretrainedRegressor])
def test_score_raises_for_inconsistent_input(cls, pretrained, X, y):
    model = fast(cls, autoencoder=pretrained("dense"), prefit=True).fit(X, y)
    weight = np.ones(len(y))
    for arguments in ((y[:-1], None), (y, weight[:-1]), (y, -weight), (y, 0 * weight)):
        with pytest.raises(ValueError, match=r"samples|shape|negative|Negative|weights|positive"):
            model.score(X, *arguments)
    assert model.score(X, y, weight) == pytest.approx(model.score(X, y))


INVALID_CLASS_WEIGHTS = [
    {0: np.inf, 1: 1},
    {0: 1e308, 1: 1e308},
    {0: np.nan, 1: 1},
    {0: -1, 1: 1},
    {0: 0, 1: 0},
]


@pytest.mark.parametrize("class_weight", INVALID_CLASS_WEIGHTS, ids=str)
def test_invalid_class_weights_raise_before_pretraining(class_weight, X, y, monkeypatch):
    monkeypatch.setattr(AutoencoderTransformer, "fit", None)
    model = PretrainedClassifier(AutoencoderTransformer(1), class_weight=class_weight)
    with pytest.raises(ValueError, match="class_weight"):
        model.fit(X, y)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA], ids=str)
def test_missing_values_in_labels(gap, pretrained, X, y):
    names = np.array(["odd", "even"])[y].astype(object)
    names[::3] = gap
    settings = {"autoencoder": pretrained("dense"), "prefit": True}
    model = fast(PretrainedClassifier, unlabeled=np.nan, **settings).fit(X, names)
    assert set(model.classes_) == {"odd", "even"} and 0 <= model.score(X, names) <= 1
    with pytest.raises(ValueError, match=r"unlabeled=np\.nan"):
        fast(PretrainedClassifier, **settings).fit(X, names)


def test_object_dtype_targets(pretrained, X, y):
    settings = {"autoencoder": pretrained("dense"), "prefit": True, "unlabeled": np.nan}
    numbers = y.astype(object)
    numbers[::3] = None
    model = fast(PretrainedRegressor, **settings).fit(X, numbers)
    assert np.isfinite(model.score(X, numbers))
    constant = fast(PretrainedRegressor, **settings).fit(X, np.full(len(X), 0.1))
    assert constant.target_scale_ == 1


def test_negligible_sample_weights(X, y):
    weight = np.where(np.arange(len(y)) == 0, 1e4, 1e-93)
    model = fast(PretrainedRegressor).fit(X, y, sample_weight=weight)
    assert np.isfinite(model.predict(X)).all()


def test_extreme_targets_raise(X, y):
    with pytest.raises(ValueError, match="y contains values beyond"):
        fast(PretrainedRegressor).fit(X, 1e160 * y)


def test_divergence_warns(pretrained, X, y):
    model = fast(PretrainedClassifier, autoencoder=pretrained("dense"), prefit=True)
    with pytest.warns(ConvergenceWarning, match="learning_rate"):
        model.set_params(optimizer="sgd", learning_rate=1e30).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()


# ---- one program for all


@pytest.mark.representatives.with_args(PretrainedClassifier)
@each_estimator
@pytest.mark.parametrize("early_stopping", short([True, False]))
def test_clones_compile_nothing(cls, early_stopping):
    n_features = 12 + early_stopping  # otherwise both cases share their programs
    X = curved(300, n_features)
    t = TARGETS[cls]((X[:, 0] > np.median(X[:, 0])).astype(int))
    settings = {"batch_size": "auto", "max_iter": 2, "early_stopping": early_stopping}
    model = fast(cls, autoencoder=autoencoder().set_params(batch_size="auto"), **settings)
    with compilations() as found:
        model.fit(X, t).predict(X)
    assert 1 <= len(found) <= 5  # of stage one, features, the head, all, outputs
    changes = {
        "alpha": 0.1,
        "dropout": 0.4,
        "learning_rate": 1e-2,
        "head_learning_rate": 1e-2,
        "learning_rate_schedule": "constant",
        "tol": 0.01,
        "max_iter": 3,
        "random_state": 5,
        "autoencoder__noise_level": 0.6,
    }
    with compilations() as found:
        for name, value in changes.items():
            clone(model).set_params(**{name: value}).fit(X, t).predict(X)
        for n_samples in (257, 400, 511):
            samples = curved(n_samples, n_features, seed=n_samples)
            targets = TARGETS[cls]((samples[:, 0] > np.median(samples[:, 0])).astype(int))
            clone(model).fit(samples, targets).predict(samples)
    assert len(found) == 0
