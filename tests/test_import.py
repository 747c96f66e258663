"""What importing skae and a first fit do to the process, each in a fresh interpreter.

Interpreters are few, since each takes seconds to start: one imports and fits step by step and
writes down what it finds, which the tests compare.
"""

import importlib
import json
import subprocess
import sys
import textwrap

import pytest

import skae
from tests.conftest import ROOT

STEPS = """
import json, logging, sys
found = {}

import skae
found["scikit-learn after import skae"] = "sklearn" in sys.modules
found["missing from dir"] = sorted(set(skae.__all__) - set(dir(skae)))
skae.AutoencoderTransformer
found["scikit-learn after a first name"] = "sklearn" in sys.modules

import importlib, pkgutil
for module in pkgutil.walk_packages(skae.__path__, "skae."):
    importlib.import_module(module.name)
from sklearn.base import clone
from tests.discovery import ESTIMATORS, fast
for cls in ESTIMATORS:
    repr(clone(fast(cls)))
from jax._src import xla_bridge
found["devices before fit"] = list(xla_bridge._backends)

skae.AutoencoderTransformer(max_iter=0).fit([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
found["devices after fit"] = list(xla_bridge._backends)
handlers = logging.getLogger().handlers + logging.getLogger("skae").handlers
found["log handlers"] = [repr(h) for h in handlers if not isinstance(h, logging.NullHandler)]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(run_python):
    """What `STEPS` writes down; it prints nothing else."""
    return json.loads(run_python(STEPS).stdout)


def test_public_names_are_loaded_lazily(found):
    assert not found["scikit-learn after import skae"], "import skae imports scikit-learn"
    assert found["missing from dir"] == []
    assert found["scikit-learn after a first name"]


def test_no_device_is_initialized_before_fit(found):
    assert found["devices before fit"] == []
    assert found["devices after fit"], "the test looks in the wrong place for devices"


def test_a_fit_without_verbose_adds_no_log_handler(found):
    assert found["log handlers"] == []


@pytest.mark.thorough
def test_estimators_work_without_docstrings():
    """``python -OO`` removes docstrings and assert statements."""
    code = """
        import skae
        for name in skae.__all__:
            getattr(skae, name)
        X = [[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]]
        model = skae.AutoencoderTransformer(max_iter=0, hidden_layer_sizes=()).fit(X)
        if model.transform(X).shape != (3, 2):
            raise SystemExit("transform")
    """
    command = [sys.executable, "-OO", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_star_import_brings_exactly_the_public_names():
    names: dict = {}
    exec("from skae import *", names)
    assert set(skae.__all__) == set(names) - {"__builtins__"}


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="NoSuchName"):
        skae.NoSuchName  # noqa: B018


def test_version_is_a_string():
    assert importlib.import_module("skae").__version__.count(".") >= 1


WITHOUT_SCIKIT_LEARN = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sklearn", "joblib"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Blocker())
try:
    import sklearn
except ModuleNotFoundError as error:
    assert "is blocked" in str(error)
else:
    raise AssertionError("scikit-learn is not blocked")

import importlib, pkgutil
import skae.core
for module in pkgutil.walk_packages(skae.core.__path__, "skae.core."):
    importlib.import_module(module.name)
from skae.core.losses import LOSSES
import jax.numpy as jnp
assert float(LOSSES["squared_error"].per_entry(jnp.float32(3.0), jnp.float32(1.0))) == 4.0
assert "sklearn" not in sys.modules
"""


def test_core_runs_without_scikit_learn(run_python):
    run_python(WITHOUT_SCIKIT_LEARN)
