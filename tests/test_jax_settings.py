"""JAX's process-wide settings, which belong to the user's program, do not change a fit."""

import json
from functools import cache

import pytest

from tests.discovery import ESTIMATORS, META_ESTIMATORS, REPRESENTATIVES

SETTINGS = {
    "jax_default_prng_impl": "rbg",
    "jax_threefry_partitionable": False,
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_debug_key_reuse": True,
    "jax_legacy_prng_key": "error",
    "jax_numpy_rank_promotion": "raise",
    "jax_numpy_dtype_promotion": "strict",
    "jax_disable_jit": True,
    "jax_transfer_guard": "disallow",
}

# What a process with other settings computes: hashes of all outputs, by estimator and method.
CODE = """
import hashlib, json, jax, numpy as np
for name, value in {settings!r}.items():
    jax.config.update(name, value)
import skae
from tests.datasets import curved, labels
from tests.discovery import fast, outputs

X, found = curved()[:60], {{}}
for name in {names!r}:
    model = fast(getattr(skae, name)).fit(X, labels(X))
    values = outputs(model, X)
    codes = values.get("transform")
    if hasattr(model, "inverse_transform"):
        values["inverse_transform"] = model.inverse_transform(codes)
        values["pullback_metric"] = model.pullback_metric(X)
        values["hidden_activations"] = model.hidden_activations(X, -1)
    for method in ("sample", "corrupt", "encoder_jacobian", "log_likelihood"):
        if hasattr(model, method):
            argument = 5 if method == "sample" else X
            extra = {{"random_state": 0}} if method in ("sample", "corrupt") else {{}}
            values[method] = getattr(model, method)(argument, **extra)
    for key, value in values.items():
        assert np.isfinite(value).all(), (name, key)
        found[f"{{name}}.{{key}}"] = hashlib.sha256(np.ascontiguousarray(value)).hexdigest()
assert all(getattr(jax.config, name) == value for name, value in {settings!r}.items())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def computed(run_python):
    """``computed(classes, **settings)``: hashes of what a process with these settings computes."""

    @cache
    def hashes(classes, **settings):
        names = [cls.__name__ for cls in classes]
        return json.loads(run_python(CODE.format(names=names, settings=settings)).stdout)

    return hashes


@pytest.mark.thorough
@pytest.mark.parametrize(
    "classes",
    [tuple(REPRESENTATIVES[:1]), pytest.param(tuple(ESTIMATORS), marks=pytest.mark.thorough)],
)
def test_all_settings_together(computed, classes):
    assert computed(classes, **SETTINGS) == computed(classes)


@pytest.mark.thorough
@pytest.mark.parametrize("name", SETTINGS)
def test_one_setting(computed, name):
    classes = (REPRESENTATIVES[-1], META_ESTIMATORS[0])
    assert computed(classes, **{name: SETTINGS[name]}) == computed(classes)
