"""The device that a fit runs on."""

import pytest

from skae.core.devices import default_device


@pytest.mark.thorough
def test_default_device_of_the_users_program(run_python):
    code = """
        import jax, numpy as np
        jax.config.update("jax_num_cpu_devices", 2)
        from skae.core.devices import default_device
        from tests.datasets import curved
        from tests.discovery import fast
        from skae import AutoencoderTransformer

        X = curved()[:60]
        first = fast(AutoencoderTransformer).fit(X).transform(X)
        with jax.default_device(jax.devices()[1]):
            assert default_device() == jax.devices()[1]
            np.testing.assert_array_equal(fast(AutoencoderTransformer).fit(X).transform(X), first)
        jax.config.update("jax_default_device", "cpu")
        assert default_device() == jax.devices()[0]
    """
    run_python(code)


@pytest.mark.thorough
def test_platform_without_a_device(run_python):
    code = """
        import os
        os.environ["JAX_PLATFORMS"] = "cuda"
        import skae
        from tests.datasets import curved
        skae.AutoencoderTransformer(2).fit(curved())
    """
    done = run_python(code, check=False)
    if done.returncode == 0:
        pytest.skip("needs a machine without a GPU")
    assert "RuntimeError: JAX finds no device (JAX_PLATFORMS" in done.stderr
    assert "JAX_PLATFORMS=cuda,cpu" in done.stderr


def test_there_is_a_default_device():
    assert default_device().platform in ("cpu", "gpu", "tpu")
