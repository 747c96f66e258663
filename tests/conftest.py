"""Settings that must stand before scikit-learn is imported, and shared fitted models."""

import os
from importlib.metadata import version

# scikit-learn skips its array API checks without this; SciPy reads it once, when imported
os.environ["SCIPY_ARRAY_API"] = "1"
# Most of the time goes into compiling programs that then run for milliseconds, three quarters of it
# into optimizing them: results stay what they are up to rounding. An unknown flag would end the
# process, so the last are set only where they are known to exist.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    + " --xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
    * version("jaxlib").startswith("0.10."),
)

import gc
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import skae
from skae.core.training.driver import _Run
from tests.datasets import curved, labels
from tests.discovery import ESTIMATORS, FULLY_TESTED, fast

ROOT = Path(skae.__file__).parents[1]


def estimator_class_of(item):
    """The class of the estimator that a test is parametrized with, None if there is none."""
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    classes = [value if isinstance(value, type) else type(value) for value in values]
    return next((cls for cls in classes if cls in ESTIMATORS), None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Leave the cases beyond those for `representatives` to `make test-all`."""
    for item in items:
        marker = item.get_closest_marker("representatives")
        if marker and estimator_class_of(item) not in (marker.args or FULLY_TESTED):
            item.add_marker(pytest.mark.thorough)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from tests.scheduling import ByEstimator

    return ByEstimator(config, log)


def pytest_collection_finish():
    """Exempt imported modules from garbage collection: tracing allocates much and frees little."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session")
def X():
    samples = curved()
    samples.flags.writeable = False
    return samples


@pytest.fixture(scope="session")
def y(X):
    return labels(X)


@pytest.fixture(scope="session")
def X_new():
    samples = curved(40, seed=1)
    samples.flags.writeable = False
    return samples


@pytest.fixture(scope="session")
def weights():
    """Whole numbers, some of them 0; their sum is near the number of samples.

    A fit to the samples repeated that often then shares the program of a fit to X.
    """
    return np.random.default_rng(7).integers(0, 3, 96).astype(float)


@pytest.fixture(scope="session")
def fitted(X, y):
    """``fitted(cls, **parameters)``: a model fitted to X, made once; never change it."""
    models = {}

    def fit(cls, **parameters):
        key = (cls, repr(sorted(parameters.items())))
        if key not in models:
            models[key] = fast(cls, **parameters).fit(X, y)
        return models[key]

    return fit


@pytest.fixture
def sent(monkeypatch):
    """The calls that training sends to the device, as they come."""
    found, send = [], _Run._send
    monkeypatch.setattr(_Run, "_send", lambda run, call: found.append(call) or send(run, call))
    return found


@pytest.fixture(scope="session")
def run_python():
    """``run_python(code)``: what the code prints in a fresh interpreter."""

    def run(code, check=True):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=ROOT,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    return run
