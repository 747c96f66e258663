"""The log of a fit."""

import io
import logging
import re
from contextlib import contextmanager

import pytest

from skae import AutoencoderTransformer, PretrainedClassifier
from tests.discovery import fast

LINE = re.compile(
    r"(?P<name>\w+) epoch (?P<epoch>\d+)/(?P<epochs>\d+): (?P<losses>.*), "
    r"(?P<speed>\d+) samples/s, (?P<left>\d+\.\d) s left"
)


@pytest.fixture
def lines(caplog):
    """``lines()``: the lines of the epochs so far, taken to pieces."""
    caplog.set_level(logging.INFO, "skae")
    return lambda: [m.groupdict() for line in messages(caplog) if (m := LINE.fullmatch(line))]


def messages(caplog):
    """All messages of skae so far, without the name of the estimator."""
    return [r.getMessage() for r in caplog.records if r.name == "skae"]


def test_a_line_has_losses_speed_and_remaining_time(X, lines):
    model = fast(AutoencoderTransformer, validation_fraction=0.3, verbose=1).fit(X)
    logged = lines()
    assert [int(line["epoch"]) for line in logged] == list(range(1, model.n_iter_ + 1))
    assert {(line["name"], line["epochs"]) for line in logged} == {("AutoencoderTransformer", "4")}
    for line, loss, held_out in zip(
        logged, model.history_["loss"], model.history_["validation_loss"], strict=True
    ):
        assert line["losses"] == f"loss {loss:.6g}, validation loss {held_out:.6g}"
    assert all(int(line["speed"]) > 0 for line in logged)


@pytest.mark.parametrize("verbose", [3, 5])
def test_verbose_logs_every_kth_epoch(verbose, X, lines):
    fast(AutoencoderTransformer, max_iter=15, early_stopping=False, verbose=verbose).fit(X)
    logged = lines()
    assert [int(line["epoch"]) for line in logged] == list(range(verbose, 16, verbose))
    assert logged[-1]["left"] == "0.0"


def test_nothing_is_logged_by_default(X, caplog):
    caplog.set_level(logging.INFO, "skae")
    fast(AutoencoderTransformer, early_stopping=False).fit(X)
    assert messages(caplog) == []


def test_fine_tuning_is_logged_under_its_own_name(X, y, lines):
    model = fast(PretrainedClassifier, verbose=1).fit(X, y)
    logged = lines()
    assert {line["name"] for line in logged} == {"PretrainedClassifier"}
    assert [int(line["epoch"]) for line in logged] == list(range(1, model.n_iter_ + 1))


@contextmanager
def unconfigured():
    """Logging as in a fresh interpreter, inside the test: pytest adds its handlers before."""
    loggers = [logging.getLogger(), logging.getLogger("skae")]
    before = [(logger.handlers, logger.level) for logger in loggers]
    for logger, level in zip(loggers, (logging.WARNING, logging.NOTSET), strict=True):
        logger.handlers = []
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, (handlers, level) in zip(loggers, before, strict=True):
            logger.handlers = handlers
            logger.setLevel(level)


def test_lines_appear_once_before_and_after_logging_is_configured(X, capsys):
    model, stream = fast(AutoencoderTransformer, early_stopping=False, verbose=4), io.StringIO()
    with unconfigured():
        for _ in range(2):
            model.fit(X)
            assert capsys.readouterr().err.count("epoch 4/4") == 1
        logging.basicConfig(stream=stream, format="mine %(message)s")
        model.fit(X)
        assert logging.getLogger("skae").handlers == []
    assert stream.getvalue().count("epoch 4/4") == 1 and stream.getvalue().startswith("mine ")
    assert capsys.readouterr().err == ""


def test_a_handler_of_the_user_on_the_logger_replaces_the_default(X, capsys):
    model, stream = fast(AutoencoderTransformer, early_stopping=False, verbose=4), io.StringIO()
    handler = logging.StreamHandler(stream)
    with unconfigured():
        model.fit(X)
        logging.getLogger("skae").addHandler(handler)
        assert capsys.readouterr().err.count("epoch 4/4") == 1
        model.fit(X)
        assert logging.getLogger("skae").handlers == [handler]
    assert stream.getvalue().count("epoch 4/4") == 1 and capsys.readouterr().err == ""


@pytest.mark.parametrize("level, n_lines", [(logging.WARNING, 0), (logging.DEBUG, 1)])
def test_a_level_of_the_logger_is_respected(level, n_lines, X, capsys):
    with unconfigured():
        logging.getLogger("skae").setLevel(level)
        fast(AutoencoderTransformer, early_stopping=False, verbose=4).fit(X)
        assert logging.getLogger("skae").level == level
    assert capsys.readouterr().err.count("epoch 4/4") == n_lines


def test_folds_and_the_training_are_announced(X, caplog):
    caplog.set_level(logging.INFO, "skae")
    long = {"max_iter": 12, "init": "random", "learning_rate": 1e-2, "verbose": 12}
    model = fast(AutoencoderTransformer, **long).fit(X)
    logged = [line for line in messages(caplog) if "compiling" not in line]
    name, folds = "AutoencoderTransformer", logged[:6]
    for i in range(3):
        title = f"{name}: choosing the number of epochs, fold {i + 1} of 3"
        assert folds[2 * i] == title
        assert folds[2 * i + 1].startswith(f"{name} fold {i + 1} of 3, epoch 12/12: loss ")
        loss = model.history_["fold_validation_loss"][i, 12]
        assert f"validation loss {loss:.6g}, " in folds[2 * i + 1]
    assert logged[6] == f"{name}: training on all 96 samples for {model.best_iter_} epochs"


def test_compilation_is_announced_before_it_begins(X, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "skae")
    model = fast(AutoencoderTransformer, hidden_layer_sizes=(3,), early_stopping=False, verbose=1)
    programs = "skae.core.compile.programs"
    monkeypatch.setattr(f"{programs}._store", lambda *a: compiled.append(messages(caplog)))
    compiled = []
    model.fit(X)
    assert compiled == [["AutoencoderTransformer: compiling the training program"]]
    monkeypatch.undo()


def test_pretraining_is_announced(X, caplog):
    caplog.set_level(logging.INFO, "skae")
    layers = {"pretraining": "layerwise", "pretraining_max_iter": 2, "init": "random"}
    fast(AutoencoderTransformer, early_stopping=False, verbose=2, **layers).fit(X)
    logged = [line for line in messages(caplog) if "compiling" not in line]
    for i in range(2):
        assert logged[2 * i] == f"AutoencoderTransformer: pretraining {i + 1} of 2"
        assert f"pretraining {i + 1} of 2, epoch 2/2: loss" in logged[2 * i + 1]


def test_epochs_are_logged_while_training_runs(X, lines, monkeypatch):
    from skae.core.training import driver

    seen, send = [], driver._Run._send
    monkeypatch.setattr(driver, "_SECONDS_PER_CALL", 1e-9)

    def recorded(run, call):
        if call.batches:  # other calls evaluate the loss
            seen.append(len(lines()))
        return send(run, call)

    monkeypatch.setattr(driver._Run, "_send", recorded)
    fast(AutoencoderTransformer, early_stopping=False, verbose=1).fit(X)
    # Three steps in each of four epochs: the first step of an epoch follows the line of the last.
    assert seen == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


LONG = {"max_iter": 40, "early_stopping": False}


def test_logging_does_not_change_the_calls_of_the_program(X, lines, sent):
    model = fast(AutoencoderTransformer, verbose=1, **LONG).fit(X)
    # waiting for each epoch would take 40 calls
    assert len(sent) < 20
    logged = lines()
    assert [int(line["epoch"]) for line in logged] == list(range(1, 41))
    assert [line["losses"] for line in logged] == [f"loss {v:.6g}" for v in model.history_["loss"]]


def test_early_stopping_within_a_call_is_logged(X, lines):
    stop = {"max_iter": 400, "validation_fraction": 0.3, "n_iter_no_change": 1, "tol": 0.3}
    model = fast(AutoencoderTransformer, verbose=1, **stop).fit(X)
    assert 0 < model.n_iter_ < 400
    assert [int(line["epoch"]) for line in lines()] == list(range(1, model.n_iter_ + 1))
