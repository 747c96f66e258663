"""Many fits, odd parameters together, kills: a small sample always, the rest by `make stress`."""

import gc
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from skae import AutoencoderTransformer, clear_caches
from skae.core.compile import clearing, programs
from tests.conftest import ROOT
from tests.datasets import curved

SMALL = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    # shrinking compiles hundreds of programs more
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LARGE = settings(SMALL, max_examples=300, derandomize=False)

# few shapes, so that programs are shared; everything else is drawn
shapes = st.sampled_from([(1, 1), (2, 5), (7, 3), (60, 5), (130, 5), (20, 12)])
dtypes = st.sampled_from(["float64", "float32", "float16", "int64", "uint8", "bool", "object"])
parameters = st.fixed_dictionaries(
    {
        "n_components": st.sampled_from([1, 2, 7]),
        "hidden_layer_sizes": st.sampled_from([(), (8,)]),
        "activation": st.sampled_from(["gelu", "softplus"]),
        "code_activation": st.sampled_from(["identity", "logistic"]),
        "loss": st.sampled_from(["squared_error", "huber", "binary_cross_entropy"]),
        "init": st.sampled_from(["pca", "random"]),
        "tied_weights": st.booleans(),
        "alpha": st.floats(0, 10),
        "learning_rate": st.floats(1e-6, 0.1),
        "learning_rate_schedule": st.sampled_from(["constant", "cosine", ("exponential", 0.5)]),
        "batch_size": st.sampled_from(["auto", 16]),
        "max_iter": st.integers(0, 4),
        "tol": st.floats(0, 0.5),
        "early_stopping": st.booleans(),
        "n_iter_no_change": st.integers(1, 5),
        "random_state": st.integers(0, 2**32 - 1),
    }
)
cells = st.sampled_from(["smooth", "equal", "bits", "tied samples"])


def samples_of(kind, shape, dtype):
    X = curved(*shape, seed=shape[0])
    if kind == "equal":
        X = np.full(shape, 0.25)
    elif kind == "bits" or dtype in ("bool", "uint8", "int64"):
        X = (X > 0.5).astype(float)
    elif kind == "tied samples":
        X = np.repeat(X[: -(-shape[0] // 3)], 3, axis=0)[: shape[0]]
    return X.astype(dtype)


def fits_and_answers(parameters, kind, shape, dtype):
    X = samples_of(kind, shape, dtype)
    model = AutoencoderTransformer(**parameters).fit(X)
    codes = model.transform(X)
    assert codes.shape == (len(X), parameters["n_components"])
    assert codes.dtype == (X.dtype if X.dtype.kind == "f" else np.float32)
    for values in (codes, model.reconstruct(X), model.inverse_transform(codes)):
        assert np.isfinite(values.astype(np.float64)).all()
    assert np.isfinite(model.score(X)) and model.score(X) <= 1 + 1e-6
    assert 0 <= model.best_iter_ <= model.n_iter_ <= parameters["max_iter"]
    np.testing.assert_array_equal(model.transform(X[-1:])[0], codes[-1])


@pytest.mark.thorough
@SMALL
@given(parameters, cells, shapes, dtypes)
def test_parameters_and_samples_of_all_kinds(parameters, kind, shape, dtype):
    fits_and_answers(parameters, kind, shape, dtype)


@pytest.mark.stress
@LARGE
@given(parameters, cells, shapes, dtypes)
def test_parameters_and_samples_of_all_kinds_at_length(parameters, kind, shape, dtype):
    fits_and_answers(parameters, kind, shape, dtype)


def memory_maps():
    """Of this process; 0 where the system does not list them."""
    listed = Path("/proc/self/maps")  # psutil reads how much of each is resident: seconds
    return listed.read_text().count("\n") if listed.exists() else 0


def fit_of_a_new_shape(i):
    columns, width = 3 + i % 17, 4 + i % 13
    AutoencoderTransformer(
        1 + i % 3, hidden_layer_sizes=(width,), batch_size=16, max_iter=1 + i % 2,
        early_stopping=i % 2 == 0, random_state=i,
    ).fit_transform(curved(20 + i % 50, columns))  # fmt: skip


@pytest.mark.thorough
def test_removed_programs_free_their_memory_maps(monkeypatch):
    monkeypatch.setattr(programs, "MAX_PROGRAMS", 2)
    counts = []
    for i in range(7):
        fit_of_a_new_shape(i)
        gc.collect()
        counts.append(memory_maps())
        assert len(programs._programs) <= 2
    # each fit compiles two programs of some 170 maps: kept ones would show
    assert counts[-1] < counts[2] + 400


@pytest.mark.thorough
def test_clear_caches_removes_traces_and_programs_but_not_the_users_functions():
    # a release of jax that gives them another name must be noticed
    assert clearing.trace_caches()
    traced = []

    @jax.jit
    def own_function(x):
        traced.append(x.shape)
        return jax.numpy.where(x > 0, jax.nn.gelu(x), 0)

    want = own_function(np.ones(3))
    fit_of_a_new_shape(0)
    assert programs._programs
    clear_caches()
    assert not programs._programs
    np.testing.assert_array_equal(own_function(np.ones(3)), want)
    assert traced == [(3,)]
    own_function(np.ones(4))
    assert traced == [(3,), (4,)]


# ever new shapes, and those that come back as in a search
@pytest.mark.stress
@pytest.mark.parametrize(("n_fits", "n_shapes"), [(300, 300), (1000, 30)])
def test_many_fits_stay_flat(n_fits, n_shapes):
    process = psutil.Process()
    maps, memory = [], []
    for i in range(n_fits):
        fit_of_a_new_shape(i % n_shapes)
        if i % 100 == 99:
            clear_caches()
            gc.collect()
            maps.append(memory_maps())
            memory.append(process.memory_info().rss)
    assert maps[-1] <= 1.1 * maps[0], maps
    assert memory[-1] <= 1.15 * memory[0], memory


INTERRUPTED = """
import sys
import numpy as np
from tests.datasets import curved
from skae import AutoencoderTransformer
X = curved(300)
model = AutoencoderTransformer(
    2, hidden_layer_sizes=(8,), batch_size=32, max_iter=10**8, n_iter_no_change=10**8,
    early_stopping=bool(int(sys.argv[1])), random_state=0,
)
start = AutoencoderTransformer(2, hidden_layer_sizes=(8,), max_iter=1).fit(X)
print("ready", flush=True)
try:
    model.fit(X)
except KeyboardInterrupt:
    assert np.isfinite(model.transform(X)).all()
    print("fitted", flush=True)
"""


@pytest.mark.stress
@pytest.mark.parametrize("early_stopping", [0, 1])
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0])
def test_interrupt_at_any_moment(seconds, early_stopping):
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(early_stopping)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert child.stdout.readline().strip() == "ready"
    time.sleep(seconds + 0.02)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0 and out.strip() == "fitted", err
