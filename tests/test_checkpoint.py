"""Resuming interrupted fits: bitwise identical to a fit without interruption."""

import os
import signal
import subprocess
import sys
import time

import joblib
import numpy as np
import pytest
from scipy import sparse

import skae
from skae import AutoencoderTransformer
from skae.core.training import driver as engine
from skae.persistence import container
from skae.persistence.checkpoint import FileCheckpoint
from tests.conftest import ROOT
from tests.datasets import curved
from tests.discovery import AUTOENCODERS, REPRESENTATIVES, fast, short
from tests.test_saving import assert_equal

# Attributes that may differ: durations and the path of the file.
DIFFERENT = ("fit_time_", "checkpoint", "checkpoint_interval")


class Killed(BaseException):
    """Simulates the death of the process: skae must not catch it."""


@pytest.fixture
def killed_after(monkeypatch):
    """``killed_after(n)``: simulate a kill after the n-th write from now on."""
    keep = FileCheckpoint.keep

    def plan(n):
        left = [n]

        def counted(self, snapshot):
            keep(self, snapshot)
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        monkeypatch.setattr(FileCheckpoint, "keep", counted)

    # A call for every few steps, so that there are many writes, also within epochs.
    monkeypatch.setattr(engine, "_SECONDS_PER_CALL", 1e-9)
    return plan


def state(model):
    return {name: value for name, value in vars(model).items() if name not in DIFFERENT}


def interrupted_fits(make, fit, moments, killed_after):
    """A model whose fit was killed after each of these numbers of writes and then completed."""
    for n in moments:
        model = make()
        killed_after(n)
        with pytest.raises(Killed):
            fit(model)
        assert not hasattr(model, "params_")
    killed_after(10**9)
    model = make()
    fit(model)
    return model


# Snapshots do not depend on the objective: a few estimators always, all by `make stress`.
CASES = [(cls, flag) for cls in REPRESENTATIVES for flag in (False, True)] + [
    pytest.param(cls, False, marks=pytest.mark.stress)
    for cls in AUTOENCODERS
    if cls not in REPRESENTATIVES
]


@pytest.mark.parametrize("cls, early_stopping", CASES)
def test_resumed_fit_is_bitwise_identical(cls, early_stopping, X, fitted, tmp_path, killed_after):
    path = tmp_path / "fit.skae"
    options = {"early_stopping": early_stopping, "max_iter": 12}
    model = interrupted_fits(
        lambda: fast(cls, checkpoint=path, checkpoint_interval=0, **options),
        lambda m: m.fit(X),
        (1, 3, 1),
        killed_after,
    )
    assert_equal(state(model), state(fitted(cls, **options)))
    assert os.listdir(tmp_path) == [], "a completed fit must remove its checkpoint"


SETTINGS = {
    "held-out samples": ({"validation_fraction": 0.2, "n_iter_no_change": 99}, {}, (1, 3, 1)),
    "patience": ({"validation_fraction": 0.2, "n_iter_no_change": 1, "tol": 0.9}, {}, (1,)),
    "given samples": ({"n_iter_no_change": 99}, {"X_val": curved(30, seed=5)}, (1, 3, 1)),
    "weights": ({"early_stopping": False}, {"sample_weight": np.arange(96.0)}, (1, 3)),
    "layer by layer": ({"pretraining": "layerwise", "init": "random"}, {}, (2, 7, 9)),
    "recorded pairs": ({"early_stopping": False}, {"X_noisy": curved()[::-1]}, (1, 3)),
    "Muon": ({"optimizer": "muon", "early_stopping": False}, {}, (1, 3)),
    "a log": ({"verbose": 5, "early_stopping": False}, {}, (1, 3)),
}


@pytest.mark.parametrize("kind", short(SETTINGS, 4))
def test_resuming_with_other_settings(kind, X, tmp_path, killed_after):
    parameters, arguments, moments = SETTINGS[kind]
    parameters = {"max_iter": 12, **parameters}
    cls = skae.DenoisingAutoencoder if "X_noisy" in arguments else AutoencoderTransformer
    expected = fast(cls, **parameters).fit(X, **arguments)
    options = {"checkpoint": tmp_path / "fit.skae", "checkpoint_interval": 0, **parameters}
    model = interrupted_fits(
        lambda: fast(cls, **options),
        lambda m: m.fit(X, **arguments),
        moments,
        killed_after,
    )
    assert_equal(state(model), state(expected))


def test_resuming_with_warm_start(X, tmp_path, killed_after):
    path = tmp_path / "fit.skae"

    def make():
        first = fast(AutoencoderTransformer, warm_start=True, early_stopping=False).fit(X)
        return first.set_params(checkpoint=path, checkpoint_interval=0)

    expected = make().set_params(checkpoint=None).fit(X)
    killed_after(2)
    with pytest.raises(Killed):
        make().fit(X)
    killed_after(10**9)
    with pytest.raises(ValueError, match="with different weights to continue from"):
        make().partial_fit(X).fit(X)
    assert_equal(state(make().fit(X)), state(expected))


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)])
def test_drawn_seeds_are_restored(seed, X, tmp_path, killed_after):
    path = tmp_path / "fit.skae"
    options = {"checkpoint": path, "checkpoint_interval": 0, "random_state": seed}
    killed_after(2)
    with pytest.raises(Killed):
        fast(AutoencoderTransformer, **options).fit(X)
    killed_after(10**9)
    content, codes = path.read_bytes(), []
    for _ in range(2):
        path.write_bytes(content)
        codes.append(fast(AutoencoderTransformer, **options).fit(X).transform(X))
    np.testing.assert_array_equal(*codes)


@pytest.fixture
def checkpoint_file(X, tmp_path, killed_after):
    """The checkpoint of a killed fit."""
    path = tmp_path / "fit.skae"
    killed_after(2)
    with pytest.raises(Killed):
        fast(AutoencoderTransformer, checkpoint=path, checkpoint_interval=0).fit(X)
    killed_after(10**9)
    return path


def changed(X):
    X = X.copy()
    X[5, 3] += 1e-12
    return X


OTHERS = {
    "learning_rate": ({"learning_rate": 0.5}, lambda X: X, {}),
    "random_state": ({"random_state": 1}, lambda X: X, {}),
    "samples": ({}, changed, {}),
    "samples of another kind": ({}, lambda X: sparse.csr_array(X), {}),
    "sample_weight": ({}, lambda X: X, {"sample_weight": np.arange(96.0)}),
    "X_val": ({}, lambda X: X, {"X_val": curved(20)}),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_checkpoint_of_another_fit_raises(kind, X, checkpoint_file):
    parameters, make, arguments = OTHERS[kind]
    before = checkpoint_file.read_bytes()
    model = fast(AutoencoderTransformer, checkpoint=checkpoint_file, **parameters)
    with pytest.raises(ValueError, match=f"to another fit with different {kind.split()[0]}"):
        model.fit(make(X), **arguments)
    assert not hasattr(model, "params_") and checkpoint_file.read_bytes() == before


def test_checkpoint_of_other_recorded_pairs_raises(X, tmp_path, killed_after):
    path = tmp_path / "fit.skae"
    model = fast(skae.DenoisingAutoencoder, checkpoint=path, checkpoint_interval=0)
    killed_after(2)
    with pytest.raises(Killed):
        model.fit(X, X_noisy=X + 1)
    killed_after(10**9)
    with pytest.raises(ValueError, match="to another fit with different X_noisy"):
        model.fit(X, X_noisy=X + 2)


def test_checkpoint_of_other_versions_or_estimators_raises(X, checkpoint_file, monkeypatch):
    with pytest.raises(ValueError, match=r"with different .*estimator"):
        fast(skae.WinnerTakeAllAutoencoder, checkpoint=checkpoint_file).fit(X)
    monkeypatch.setattr(skae, "__version__", "99.0")
    with pytest.raises(ValueError, match="with different versions"):
        fast(AutoencoderTransformer, checkpoint=checkpoint_file).fit(X)


def test_parameters_that_may_change(X, checkpoint_file, fitted):
    model = fast(
        AutoencoderTransformer,
        checkpoint=checkpoint_file,
        checkpoint_interval=9.0,
        max_time=1e6,
        verbose=100,
    ).fit(X)
    expected = fitted(AutoencoderTransformer)
    np.testing.assert_array_equal(model.transform(X), expected.transform(X))


def test_invalid_checkpoints_raise(X, checkpoint_file):
    checkpoint_file.write_bytes(checkpoint_file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"checkpoint='.*truncated"):
        fast(AutoencoderTransformer, checkpoint=checkpoint_file).fit(X)
    fast(AutoencoderTransformer).save(checkpoint_file)
    with pytest.raises(ValueError, match="contains a model, not a checkpoint"):
        fast(AutoencoderTransformer, checkpoint=checkpoint_file).fit(X)
    with pytest.raises(ValueError, match="not a writable folder"):
        fast(AutoencoderTransformer, checkpoint=checkpoint_file / "no" / "folder").fit(X)


def test_sparse_samples_with_another_number_of_features(X, tmp_path, killed_after):
    """A last column of zeros does not change the arrays of a CSR matrix."""
    path = tmp_path / "fit.skae"
    samples = sparse.csr_array(np.round(X, 1))
    wider = sparse.csr_array(
        (samples.data, samples.indices, samples.indptr), (len(X), X.shape[1] + 1)
    )
    killed_after(2)
    with pytest.raises(Killed):
        fast(AutoencoderTransformer, checkpoint=path, checkpoint_interval=0).fit(samples)
    killed_after(10**9)
    with pytest.raises(ValueError, match="with different samples"):
        fast(AutoencoderTransformer, checkpoint=path).fit(wider)


def test_full_disk_does_not_stop_the_fit(X, tmp_path, monkeypatch, fitted):
    def full(path, header, arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container, "write", full)
    monkeypatch.setattr(engine, "_SECONDS_PER_CALL", 1e-9)
    model = fast(AutoencoderTransformer, checkpoint=tmp_path / "fit.skae", checkpoint_interval=0)
    with pytest.warns(UserWarning, match="was not written .*No space"):
        model.fit(X)
    expected = fitted(AutoencoderTransformer)
    np.testing.assert_array_equal(model.transform(X), expected.transform(X))


def replaced_by_a_folder(path):
    path.unlink()
    path.mkdir()


def replaced_by_a_fifo(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("replace", [replaced_by_a_folder, replaced_by_a_fifo])
def test_a_replaced_file_does_not_stop_the_fit(replace, X, tmp_path, monkeypatch, fitted):
    path, write = tmp_path / "fit.skae", container.write
    n_written = []

    def write_once(*arguments):
        write(*arguments)
        n_written.append(1)
        if len(n_written) == 1:
            replace(path)

    monkeypatch.setattr(container, "write", write_once)
    monkeypatch.setattr(engine, "_SECONDS_PER_CALL", 1e-9)
    model = fast(AutoencoderTransformer, checkpoint=path, checkpoint_interval=0)
    with pytest.warns(UserWarning) as warned:
        model.fit(X)
    messages = " ".join(str(warning.message) for warning in warned)
    assert "was not written (" in messages and "was not removed (it is not a regular" in messages
    expected = fitted(AutoencoderTransformer)
    np.testing.assert_array_equal(model.transform(X), expected.transform(X))
    assert path.exists() and n_written == [1]


def test_a_file_that_cannot_be_removed_does_not_stop_the_fit(X, tmp_path, monkeypatch, fitted):
    path = tmp_path / "fit.skae"
    path.touch()
    checkpoint = FileCheckpoint(tmp_path / "none", 5.0, {}, 0)
    checkpoint._file = str(path)

    def read_only(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "unlink", read_only)
    with pytest.warns(UserWarning, match=r"was not removed \(.*Permission denied.* is complete"):
        checkpoint.remove()
    monkeypatch.undo()
    checkpoint.remove()
    assert not path.exists()


def test_symbolic_links_and_unusual_paths(X, tmp_path, killed_after):
    (tmp_path / "link").symlink_to("fit.skae")
    for path in (tmp_path / "link", f"{tmp_path}/fit.skae/"):
        options = {"checkpoint": path, "checkpoint_interval": 0}
        killed_after(2)
        with pytest.raises(Killed):
            fast(AutoencoderTransformer, **options).fit(X)
        assert (tmp_path / "fit.skae").is_file()
        killed_after(10**9)
        fast(AutoencoderTransformer, **options).fit(X)
        assert [path.name for path in tmp_path.iterdir()] == ["link"]
    with pytest.raises(ValueError, match="is empty"):
        fast(AutoencoderTransformer, checkpoint="").fit(X)


def test_forged_checkpoints_raise(X, checkpoint_file):
    header, arrays = container.read(checkpoint_file)
    for forged in ({"dict": []}, {"dict": [["fit", 3]]}, [1]):
        container.write(checkpoint_file, {**header, "checkpoint": forged}, arrays)
        with pytest.raises(ValueError, match=r"does not describe a fit|is inconsistent"):
            fast(AutoencoderTransformer, checkpoint=checkpoint_file).fit(X)


@pytest.mark.parametrize("name", ["results", "standing", "state", "steps", "records", "array"])
def test_checkpoints_with_replaced_parts_raise(name, X, checkpoint_file):
    header, arrays = container.read(checkpoint_file)
    content = dict(header["checkpoint"]["dict"])
    snapshot = dict(content["standing"]["dict"])
    if name == "array":
        arrays = [np.zeros((3, 3, 3), array.dtype) for array in arrays]
    elif name in content:
        content[name] = [3] if name == "results" else {"dict": []}
    else:
        snapshot[name] = [None] if name == "state" else "x"
        content["standing"] = {"dict": list(snapshot.items())}
    forged = {"dict": list(content.items())}
    container.write(checkpoint_file, {**header, "checkpoint": forged}, arrays)
    with pytest.raises(ValueError, match=r"checkpoint.* is invalid"):
        fast(AutoencoderTransformer, checkpoint=checkpoint_file).fit(X)


def test_load_refuses_checkpoints(checkpoint_file):
    with pytest.raises(ValueError, match="contains a checkpoint, not a model"):
        skae.load(checkpoint_file)


def test_partial_fit_ignores_checkpoints(X, checkpoint_file, fitted):
    before = checkpoint_file.read_bytes()
    fast(AutoencoderTransformer, checkpoint=checkpoint_file).partial_fit(X)
    assert checkpoint_file.read_bytes() == before


def test_checkpoint_interval(X, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(engine, "_SECONDS_PER_CALL", 1e-9)
    monkeypatch.setattr(container, "write", lambda path, header, arrays: written.append(path))
    options = {"checkpoint": tmp_path / "fit.skae", "early_stopping": False}
    fast(AutoencoderTransformer, **options).fit(X)
    assert written == []
    fast(AutoencoderTransformer, checkpoint_interval=0, **options).fit(X)
    assert len(written) > 3


INTERRUPTED = """
import os, signal, sys
import numpy as np
from tests.datasets import curved
from skae import AutoencoderTransformer
from skae.core.training import driver as engine

# The shell may ignore SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)
X, path = curved(300), sys.argv[1]
options = dict(
    hidden_layer_sizes=(8,), batch_size=32, max_iter=20, early_stopping=False, random_state=0,
)
expected = AutoencoderTransformer(2, **options).fit(X)
model = AutoencoderTransformer(2, checkpoint=path, checkpoint_interval=60, **options)

# A call for every few steps, and Ctrl-C after the fifth.
engine._SECONDS_PER_CALL = 1e-9
collect, left = engine._Run._collect, [5]

def collect_and_interrupt(self, sent):
    collect(self, sent)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGINT)

engine._Run._collect = collect_and_interrupt
try:
    model.fit(X)
    print("finished")
except KeyboardInterrupt:
    assert model.n_iter_ < 20 and os.path.exists(path)
    model.fit(X)
    print("resumed")
assert model.n_iter_ == 20 and not os.path.exists(path)
np.testing.assert_array_equal(model.transform(X), expected.transform(X))
"""


@pytest.mark.thorough
def test_resuming_after_an_interrupt(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "fit.skae")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["resumed"]


def long_fit(n_epochs, path=None):
    """Hash of the result of a fit of some seconds."""
    model = AutoencoderTransformer(
        2, hidden_layer_sizes=(8,), batch_size=32, max_iter=n_epochs, validation_fraction=0.1,
        n_iter_no_change=n_epochs, random_state=0, checkpoint=path, checkpoint_interval=0,
    ).fit(curved(2000))  # fmt: skip
    return joblib.hash((model.params_, model.history_, model.optimizer_state_))


KILLED = """
import sys
from tests.test_checkpoint import long_fit
print("ready", flush=True)
print(long_fit(int(sys.argv[1]), sys.argv[2]), flush=True)
"""


def started(*arguments):
    command = [sys.executable, "-c", KILLED, *map(str, arguments)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout.readline().strip() == "ready"
    return child


def result_after_kills(n_epochs, path, n_kills):
    """Hash of the result of a fit that is killed `n_kills` times, each time after some progress."""
    rng, n_steps, begin = np.random.default_rng(), [], time.monotonic()
    for _ in range(n_kills):
        child = started(n_epochs, path)
        before = path.stat().st_mtime_ns if path.exists() else 0
        while child.poll() is None and time.monotonic() - begin < 600:
            if path.exists() and path.stat().st_mtime_ns != before:
                break
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.3))
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=60)
        header, _ = container.read(path)
        n_steps.append(dict(dict(header["checkpoint"]["dict"])["standing"]["dict"])["steps"])
    assert n_steps == sorted(n_steps) and n_steps[0] < n_steps[-1], n_steps
    return started(n_epochs, path).communicate(timeout=300)[0].strip()


@pytest.mark.thorough
def test_resuming_after_kills(tmp_path):
    expected = long_fit(1000)
    assert result_after_kills(1000, tmp_path / "fit.skae", 2) == expected


@pytest.mark.stress
def test_resuming_after_20_kills(tmp_path):
    expected = long_fit(8000)
    assert result_after_kills(8000, tmp_path / "fit.skae", 20) == expected
