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

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import skae
from skae.core.training.driver import _Run
from tests.datasets import curved, labels
from tests.discovery import ESTIMATORS, fast

ROOT = Path(skae.__file__).parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Run all tests of an estimator in one process, so that its programs are compiled once."""
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        kinds = [value if isinstance(value, type) else type(value) for value in values]
        name = next((kind.__name__ for kind in kinds if kind in ESTIMATORS), item.path.stem)
        item.add_marker(pytest.mark.xdist_group(name))


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
    """Whole numbers, some of them 0."""
    return np.random.default_rng(7).integers(0, 4, 96).astype(float)


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


@pytest.fixture
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
