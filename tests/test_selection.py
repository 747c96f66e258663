"""Cross-validation that selects the number of epochs: when it ends, what it keeps and reports."""

import logging
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import skae
from skae import AutoencoderTransformer
from skae.core.training import cross_validation
from skae.core.training.cross_validation import choose_epochs, random_folds
from skae.core.training.plan import Plan
from skae.core.training.records import NO_LISTENER
from tests.datasets import flat
from tests.discovery import AUTOENCODERS, fast

N_SAMPLES, EPOCHS = 90, 40  # 40 epochs have a trial of 4


class FakeTraining:
    """Stands in for `train`: prescribed validation losses for each fold, and the trial's rule."""

    def __init__(self, monkeypatch, *curves, late=()):
        self.curves, self.late, self.runs = np.array(curves, float), late, []
        monkeypatch.setattr(cross_validation, "train", self)

    def __call__(self, job, data, params, plan, *, seed):
        fold = params["fold"]
        losses = list(self.curves[fold])
        trial = len(plan.trial) + 1
        losses = losses[:trial] if plan.fails_trial(losses) else losses
        self.runs.append((fold, len(losses) - 1))
        return SimpleNamespace(
            validation_losses=np.array(losses),
            seconds={"compile": 0.5},
            interrupted=False,
            diverged=False,
            late=fold in self.late,
        )

    def choice(self, **parameters):
        folds = random_folds(N_SAMPLES, np.random.SeedSequence(0))
        folds = folds[: len(self.curves)]

        def initialize(index):
            fold = [tuple(index) for index, _ in folds].index(tuple(index))
            return SimpleNamespace(
                params={"fold": fold}, compile_seconds=0.0, interrupted=False, diverged=False
            )

        plan = Plan(epochs=EPOCHS, batch_size=16, learning_rate=1e-3, **parameters)
        samples, weight = SimpleNamespace(n_samples=N_SAMPLES), np.ones(N_SAMPLES)
        job = cross_validation.Job(None, {}, listener=NO_LISTENER)
        return choose_epochs(
            job, initialize, samples, weight, plan, folds, np.random.SeedSequence(1)
        )


def curve(trial, rest):
    """1 before the first epoch, `trial` in the four epochs of the trial, then `rest`."""
    return [1.0, *[trial] * 4, *[rest] * (EPOCHS - 4)]


def test_folds_end_early_if_the_mean_does_not_improve(monkeypatch):
    # One fold improves, but less than the others get worse.
    fake = FakeTraining(monkeypatch, curve(1.2, 0.1), curve(0.9, 0.1), curve(1.1, 0.1))
    choice = fake.choice()
    assert fake.runs == [(0, 4), (1, 4), (2, 4)]
    assert choice.epochs == 0 and choice.losses.shape == (3, 5) and not choice.late
    assert choice.compile_seconds == 1.5


def test_folds_that_ended_are_trained_again_if_the_mean_improves(monkeypatch):
    fake = FakeTraining(monkeypatch, curve(1.1, 0.5), curve(1.05, 0.4), curve(0.5, 0.6))
    choice = fake.choice()
    assert fake.runs == [(0, 4), (1, 4), (2, 40), (0, 40), (1, 40)]
    np.testing.assert_array_equal(choice.losses, fake.curves)
    assert choice.epochs == 5


def test_folds_are_trained_once_if_the_first_one_improves(monkeypatch):
    fake = FakeTraining(monkeypatch, curve(0.9, 0.5), curve(1.05, 0.4), curve(0.9, 0.6))
    assert fake.choice().epochs == 5
    assert fake.runs == [(0, 40), (1, 40), (2, 40)]


def test_an_improvement_in_one_epoch_of_the_trial_is_enough(monkeypatch):
    early = curve(1.1, 1.1)
    early[2] = 0.8
    fake = FakeTraining(monkeypatch, early, early, early)
    assert fake.choice().epochs == 2 and fake.runs == [(0, 40), (1, 40), (2, 40)]


def test_losses_that_are_not_finite_do_not_count_as_improvements(monkeypatch):
    fake = FakeTraining(monkeypatch, curve(np.nan, np.nan), curve(0.9, 0.5), curve(0.9, 0.5))
    assert fake.choice().epochs == 0


def test_no_fold_begins_without_time_left(monkeypatch):
    fake = FakeTraining(monkeypatch, curve(0.9, 0.5), curve(0.9, 0.4), curve(0.9, 0.6))
    choice = fake.choice(deadline=0.0)
    assert fake.runs == [] and choice.late and choice.epochs == 0
    np.testing.assert_array_equal(choice.losses, np.full((3, 1), np.nan))


def test_a_fold_that_the_time_limit_ends_is_reported(monkeypatch):
    curves = [curve(0.9, 0.5)] * 3
    assert FakeTraining(monkeypatch, *curves, late=[1]).choice().late
    assert not FakeTraining(monkeypatch, *curves).choice().late


def test_a_fit_that_keeps_the_initialization_says_so(caplog, tmp_path):
    caplog.set_level(logging.INFO, "skae")
    X, parameters = flat(), {"learning_rate": 1e-2}
    model = fast(AutoencoderTransformer, max_iter=60, **parameters).fit(X)
    assert model.init_kept_ is True and model.best_iter_ == 0
    losses = model.history_["fold_validation_loss"]
    # The trial is a tenth of the epochs.
    assert model.n_iter_ == 6 and losses.shape == (3, 7) and np.isfinite(losses).all()
    assert len(model.history_["loss"]) == len(model.history_["validation_loss"]) == 0
    start = fast(AutoencoderTransformer, max_iter=0, **parameters).fit(X)
    np.testing.assert_array_equal(model.transform(X), start.transform(X))
    (message,) = [r.getMessage() for r in caplog.records if r.name == "skae"]
    assert "the result is the PCA initialization (init_kept_=True)" in message
    model.save(tmp_path / "model.skae")
    loaded = skae.load(tmp_path / "model.skae")
    assert loaded.init_kept_ is True
    np.testing.assert_array_equal(loaded.history_["fold_validation_loss"], losses)


def test_history_holds_the_losses_of_the_folds(X):
    model = fast(AutoencoderTransformer, max_iter=12, init="random", learning_rate=1e-2).fit(X)
    losses = model.history_["fold_validation_loss"]
    assert losses.shape == (3, 1 + model.n_iter_) and model.n_iter_ == 12
    assert model.init_kept_ is False and 0 < model.best_iter_ == len(model.history_["loss"])
    mean = np.average(losses, axis=0)[1 : 1 + model.best_iter_]
    np.testing.assert_allclose(model.history_["validation_loss"], mean)  # 32 samples each


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_every_autoencoder_has_init_kept(cls, fitted):
    assert fitted(cls).init_kept_ is (fitted(cls).best_iter_ == 0)
    assert not hasattr(cls(), "init_kept_")


def test_epochs_beyond_the_trial_do_not_depend_on_it(X, monkeypatch):
    parameters = {"max_iter": 40, "init": "random", "learning_rate": 1e-2}
    one = fast(AutoencoderTransformer, **parameters).fit(X)
    monkeypatch.setattr(cross_validation, "_TRIAL_FRACTION", 1.0)
    other = fast(AutoencoderTransformer, **parameters).fit(X)
    assert one.best_iter_ == other.best_iter_ > 0
    for name, values in one.history_.items():
        np.testing.assert_array_equal(values, other.history_[name])
    np.testing.assert_array_equal(one.transform(X), other.transform(X))


def test_max_time_that_ends_the_selection_warns(X, sent):
    model = fast(AutoencoderTransformer, max_time=1e-9)
    with pytest.warns(ConvergenceWarning, match=re.escape("max_time=1e-09 ended the cross")) as w:
        model.fit(X)
    assert w[0].filename == __file__
    assert sent == [] and model.init_kept_ and model.n_iter_ == 0
    assert model.fit_time_["compile"] == 0.0


def test_max_time_that_is_not_reached_does_not_warn(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        fast(AutoencoderTransformer, max_time=1e6).fit(X)


@pytest.mark.parametrize(
    "parameters", [{}, {"early_stopping": False}, {"validation_fraction": 0.3}]
)
def test_nothing_is_compiled_after_max_time(parameters, X, sent):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = fast(AutoencoderTransformer, max_time=1e-9, **parameters).fit(X)
    assert sent == [] and model.n_iter_ == 0
    assert {leaf.dtype for leaf in model.params_["linear"].values()} == {np.dtype(np.float32)}
    assert all(isinstance(leaf, np.ndarray) for leaf in model.optimizer_state_)


def test_the_first_call_is_one_step(X, sent):
    fast(AutoencoderTransformer, early_stopping=False).fit(X)
    steps = [len(call.batches) for call in sent if call.batches]  # other calls evaluate the loss
    assert steps[0] == 1 and sum(steps) == 12


def test_of_slow_steps_one_is_in_flight(X, monkeypatch):
    from skae.core.training import driver

    waiting, most, send, collect = [0], [0], driver._Run._send, driver._Run._collect

    def sending(run, call):
        waiting[0] += len(call.batches)
        most.append(waiting[0])
        return send(run, call)

    def collecting(run, sent):
        waiting[0] -= len(sent[0].batches)
        return collect(run, sent)

    monkeypatch.setattr(driver, "_SECONDS_PER_CALL", 1e-9)  # every step takes longer
    monkeypatch.setattr(driver._Run, "_send", sending)
    monkeypatch.setattr(driver._Run, "_collect", collecting)
    fast(AutoencoderTransformer, early_stopping=False).fit(X)
    assert max(most) == 1 and waiting == [0]
    assert len(most) > 12


def test_an_interrupt_copies_the_state_only_for_a_checkpoint(X, monkeypatch):
    from skae.core.training import driver

    def interrupted(run, call, send=driver._Run._send):
        run.interrupt.is_set = True
        return send(run, call)

    monkeypatch.setattr(driver._Run, "_send", interrupted)
    monkeypatch.delattr(driver._Run, "snapshot")
    with pytest.raises(KeyboardInterrupt):
        fast(AutoencoderTransformer, early_stopping=False).fit(X)


def test_time_that_initial_weights_need_is_kept_for_them(monkeypatch):
    from skae.core.training import plan

    moments = iter(range(100))  # each look at the clock takes a second
    clock = SimpleNamespace(perf_counter=lambda: float(next(moments)))
    monkeypatch.setattr(plan, "time", clock)
    monkeypatch.setattr(cross_validation, "time", clock)
    fake = FakeTraining(monkeypatch, *[curve(0.9, 0.5)] * 3)
    choice = fake.choice(deadline=8.5)
    # Looks of a fold: time left, begin, end of the initial weights, time left, share of the time.
    assert fake.runs == [(0, 40)] and choice.late and choice.epochs == 0
