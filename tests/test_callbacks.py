"""scikit-learn's callbacks: progress, monitors and early stops."""

import copy
import pickle
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import AutoencoderTransformer, SemanticHasher
from tests.datasets import flat
from tests.discovery import AUTOENCODERS, REPRESENTATIVES, fast, short

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has no sklearn.callback")
a_few = pytest.mark.parametrize("cls", [AutoencoderTransformer, SemanticHasher])


class Recorder:
    """Writes down what it is told; answers True after epoch `stop_after`."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.begun, self.ended, self.scores, self.shapes = 0, 0, [], []
        self.log = []

    def setup(self, estimator, context):
        self.log.append("setup")

    def teardown(self, estimator, context):
        self.log.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun += context.max_subtasks == 0

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        if context.max_subtasks != 0:
            return False
        self.ended += 1
        self.shapes.append((np.shape(X), np.shape(y)))
        self.scores.append(fitted_estimator.score(X))
        return self.stop_after is not None and self.ended >= self.stop_after


@a_few
def test_one_task_per_epoch_with_a_usable_model(cls, X):
    recorder = Recorder()
    model = fast(cls, early_stopping=False).set_callbacks(recorder).fit(X)
    assert recorder.log == ["setup", "teardown"]
    assert recorder.begun == recorder.ended == model.n_iter_ == 4
    assert set(recorder.shapes) == {((96, 6), (96, 6))}
    assert recorder.scores[-1] == pytest.approx(model.score(X))
    assert len(set(recorder.scores)) == 4, "the model does not change from epoch to epoch"


@a_few
def test_callbacks_do_not_change_the_fit(cls, X, fitted):
    heard = fast(cls, early_stopping=False).set_callbacks(Recorder()).fit(X)
    np.testing.assert_array_equal(
        heard.transform(X), fitted(cls, early_stopping=False).transform(X)
    )


@a_few
@pytest.mark.parametrize("parameters", [{"early_stopping": False}, {"validation_fraction": 0.3}])
def test_a_callback_that_returns_true_stops_the_fit(cls, parameters, X):
    recorder = Recorder(stop_after=2)
    model = fast(cls, max_iter=50, **parameters).set_callbacks(recorder).fit(X)
    assert model.n_iter_ == recorder.ended == 2
    assert np.isfinite(model.transform(X)).all()


@a_few
def test_callbacks_leave_no_attributes(cls, X):
    model = fast(cls).set_callbacks(Recorder()).fit(X)
    assert not hasattr(model, "_callback_fit_ctx")
    assert not hasattr(clone(model).set_callbacks(), "_skl_callbacks")


@a_few
def test_teardown_follows_a_failing_fit(cls, X):
    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("from the callback")

    failing = Failing()
    model = fast(cls, early_stopping=False).set_callbacks(failing)
    with pytest.raises(RuntimeError, match="from the callback"):
        model.fit(X)
    assert failing.log == ["setup", "teardown"]
    assert not [name for name in vars(model) if name.endswith("_")]


def minus_squared_error(estimator, X, y):
    return -np.mean((estimator.reconstruct(X) - y) ** 2)


@a_few
def test_scoring_monitor(cls, X):
    scoring = {"error": minus_squared_error, "own": lambda model, X, y: model.score(X)}
    monitor = callback.ScoringMonitor(scoring=scoring)
    model = fast(cls, early_stopping=False).set_callbacks(monitor).fit(X)
    # the fit itself may be a sample of its own
    samples = [r for r in monitor.get_logs().data if "error" in r and len(r["task_id_path"]) > 1]
    assert len(samples) == model.n_iter_ == 4
    assert samples[-1]["error"] == pytest.approx(minus_squared_error(model, X, X))
    assert samples[-1]["own"] == pytest.approx(model.score(X))


@a_few
def test_progress_bar_alone(cls, X, capsys):
    model = fast(cls).set_callbacks(callback.ProgressBar()).fit(X)
    assert cls.__name__ in capsys.readouterr().out
    assert np.isfinite(model.transform(X)).all()


@a_few
def test_progress_bar_nested_under_search_and_pipeline(cls, X, capsys):
    pipeline = make_pipeline(StandardScaler(), fast(cls, early_stopping=False))
    name = pipeline.steps[-1][0]
    search = GridSearchCV(pipeline, {f"{name}__learning_rate": [1e-3, 1e-2]}, cv=2)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(X)
    said = capsys.readouterr().out
    assert "GridSearchCV" in said and cls.__name__ in said
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


LONG = {"max_iter": 40, "early_stopping": False}


def test_training_does_not_wait_for_a_progress_bar(X, sent, monkeypatch):
    told, tell = [], callback.ProgressBar.on_fit_task_end

    def heard(bar, estimator, context):
        told.append((context.task_name, context.task_id))
        return tell(bar, estimator, context)

    monkeypatch.setattr(callback.ProgressBar, "on_fit_task_end", heard)
    model = fast(AutoencoderTransformer, **LONG).set_callbacks(callback.ProgressBar()).fit(X)
    assert told == [*(("epoch", i) for i in range(model.n_iter_)), ("fit", 0)]
    assert len(sent) < 20


def tasks_of(model, X, monkeypatch, *others):
    """Names of the tasks that a progress bar sees end, with their numbers of subtasks."""
    told, tell = [], callback.ProgressBar.on_fit_task_end

    def heard(bar, estimator, context):
        told.append((context.task_name, context.max_subtasks))
        return tell(bar, estimator, context)

    monkeypatch.setattr(callback.ProgressBar, "on_fit_task_end", heard)
    model.set_callbacks(callback.ProgressBar(), *others).fit(X)
    return told


def test_a_progress_bar_moves_in_the_folds_of_the_selection(X, monkeypatch):
    model = fast(AutoencoderTransformer, max_iter=12, init="random", learning_rate=1e-2)
    told = tasks_of(model, X, monkeypatch)
    fold = [*[("epoch", 0)] * 12, ("fold", 12)]
    n_epochs = model.best_iter_
    training = [*[("epoch", 0)] * n_epochs, ("training", n_epochs)]
    assert told == [*fold * 3, *training, ("fit", 4)]


def test_other_callbacks_see_folds_without_epochs(X, monkeypatch):
    model = fast(AutoencoderTransformer, max_iter=12, init="random", learning_rate=1e-2)
    recorder = Recorder()
    told = tasks_of(model, X, monkeypatch, recorder)
    n_epochs = model.best_iter_
    training = [*[("epoch", 0)] * n_epochs, ("training", n_epochs)]
    assert told == [*[("fold", 12)] * 3, *training, ("fit", 4)]
    assert recorder.ended == n_epochs


def test_tasks_of_a_selection_that_keeps_the_initialization(monkeypatch):
    model = fast(AutoencoderTransformer, max_iter=40, learning_rate=1e-2)
    told = tasks_of(model, flat(), monkeypatch)
    assert told == [*[*[("epoch", 0)] * 4, ("fold", 40)] * 3, ("fit", 4)]


def test_training_waits_for_other_callbacks(X, sent):
    both = callback.ProgressBar(), Recorder()
    fast(AutoencoderTransformer, **LONG).set_callbacks(*both).fit(X)
    trained = [call for call in sent if call.batches]
    assert sum(call.ends_epoch[-1] for call in trained) == 40


class Saver:
    """Saves, pickles and copies the model while it is fitted; not importable itself."""

    def __init__(self, path):
        self.path, self.lock, self.models = path, threading.Lock(), []

    def setup(self, estimator, context):
        self.check(estimator)

    def teardown(self, estimator, context):
        self.check(estimator)

    def on_fit_task_begin(self, estimator, context):
        self.check(estimator)

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.check(estimator)
        loaded = self.check(fitted_estimator)
        np.testing.assert_array_equal(loaded.transform(X), fitted_estimator.transform(X))
        self.models.append(loaded)

    def check(self, estimator):
        estimator.save(self.path)
        loaded = skae.load(self.path)
        for other in (loaded, pickle.loads(pickle.dumps(estimator)), copy.deepcopy(estimator)):
            assert type(other) is type(estimator) and not hasattr(other, "_callback_fit_ctx")
        assert not hasattr(clone(estimator), "_callback_fit_ctx")
        return loaded


@pytest.mark.parametrize("cls", short(sorted(AUTOENCODERS, key=REPRESENTATIVES.count)[::-1], 3))
def test_models_are_saved_and_copied_inside_of_callbacks(cls, X, tmp_path):
    saver = Saver(tmp_path / "model.skae")
    model = fast(cls, early_stopping=False).set_callbacks(saver).fit(X)
    assert [saved.n_iter_ for saved in saver.models] == [1, 2, 3, 4, 4]
    assert [saved.n_steps_ for saved in saver.models] == [3, 6, 9, 12, 12]
    assert len(saver.models[1].history_["loss"]) == 2
    np.testing.assert_array_equal(saver.models[-2].transform(X), model.transform(X))
    continued = saver.models[1].partial_fit(X)
    assert continued.n_steps_ == 9 and np.isfinite(continued.transform(X)).all()
