"""What importing does and does not do, each in a fresh interpreter."""

import importlib
import subprocess
import sys
import textwrap

import pytest

import skae
from tests.conftest import ROOT

BLOCK_SKLEARN = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sklearn", "joblib"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Blocker())
"""


def test_public_names_are_loaded_lazily(run_python):
    run_python(
        """
        import sys
        import skae
        assert "sklearn" not in sys.modules, "import skae imports scikit-learn"
        assert set(skae.__all__) <= set(dir(skae))
        skae.AutoencoderTransformer
        assert "sklearn" in sys.modules
        """
    )


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


def test_core_runs_without_scikit_learn(run_python):
    run_python(
        BLOCK_SKLEARN
        + """
import importlib, pkgutil
import skae.core
for module in pkgutil.walk_packages(skae.core.__path__, "skae.core."):
    importlib.import_module(module.name)
from skae.core.losses import LOSSES
import jax.numpy as jnp
assert float(LOSSES["squared_error"].per_entry(jnp.float32(3.0), jnp.float32(1.0))) == 4.0
assert "sklearn" not in sys.modules
"""
    )


def test_the_blocker_blocks(run_python):
    done = run_python(BLOCK_SKLEARN + "import sklearn", check=False)
    assert done.returncode != 0 and "is blocked" in done.stderr


def test_no_device_is_touched_before_fit(run_python):
    run_python(
        """
        import importlib, pkgutil
        import skae
        for module in pkgutil.walk_packages(skae.__path__, "skae."):
            importlib.import_module(module.name)
        from tests.discovery import ESTIMATORS, fast
        from sklearn.base import clone
        for cls in ESTIMATORS:
            repr(clone(fast(cls)))
        from jax._src import xla_bridge
        assert not xla_bridge._backends, "a device was touched before fit"
        skae.AutoencoderTransformer(max_iter=0).fit([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
        assert xla_bridge._backends, "the probe above no longer probes"
        """
    )


def test_a_quiet_fit_leaves_logging_alone(run_python):
    done = run_python(
        """
        import logging
        import skae
        skae.AutoencoderTransformer(max_iter=0).fit([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
        assert not logging.getLogger().handlers
        assert not [h for h in logging.getLogger("skae").handlers
                    if not isinstance(h, logging.NullHandler)]
        """
    )
    assert done.stdout == ""
