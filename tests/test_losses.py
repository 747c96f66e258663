"""Reconstruction losses against closed forms, and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.special import expit

from skae.core.losses import LOSSES

OUTPUT = np.linspace(-3, 3, 13, dtype=np.float32)[:, None] * np.ones((1, 5), np.float32)
SAMPLES = np.linspace(0.02, 0.98, 5, dtype=np.float32)[None, :] * np.ones((13, 1), np.float32)


def numpy_huber(output, x):
    error = np.abs(output - x)
    return np.where(error <= 1, 0.5 * error**2, error - 0.5)


def numpy_cross_entropy(output, x):
    p = expit(output.astype(np.float64))
    return -x * np.log(p) - (1 - x) * np.log(1 - p)


FORMULAS = {
    "squared_error": lambda o, x: (o - x) ** 2,
    "absolute_error": lambda o, x: np.abs(o - x),
    "huber": numpy_huber,
    "binary_cross_entropy": numpy_cross_entropy,
}
GRADIENTS = {
    "squared_error": lambda o, x: 2 * (o - x),
    "absolute_error": lambda o, x: np.sign(o - x),
    "huber": lambda o, x: np.clip(o - x, -1, 1),
    "binary_cross_entropy": lambda o, x: expit(o) - x,
}
each_loss = pytest.mark.parametrize("name", FORMULAS)


def test_there_are_no_untested_losses():
    assert set(LOSSES) == set(FORMULAS)


@each_loss
def test_closed_form(name):
    got = LOSSES[name].cell(jnp.asarray(OUTPUT), jnp.asarray(SAMPLES))
    assert got.shape == OUTPUT.shape
    np.testing.assert_allclose(got, FORMULAS[name](OUTPUT, SAMPLES), rtol=2e-5, atol=1e-6)


@each_loss
def test_gradient(name):
    gradient = jax.grad(lambda o: jnp.sum(LOSSES[name].cell(o, jnp.asarray(SAMPLES))))
    np.testing.assert_allclose(gradient(OUTPUT), GRADIENTS[name](OUTPUT, SAMPLES), atol=2e-6)


@each_loss
def test_gradient_where_output_and_sample_are_equal_and_at_zero(name):
    # cells that are met exactly: constant columns, and the first step from a silent network
    for output, x in ((0.0, 0.0), (0.5, 0.5), (0.0, 0.3), (0.0, 1.0)):
        got = jax.grad(lambda o, x=x: LOSSES[name].cell(o, x))(jnp.float32(output))
        assert float(got) == pytest.approx(float(GRADIENTS[name](output, x)), abs=1e-6)


@each_loss
def test_second_derivative_is_finite(name):
    curvature = jax.vmap(jax.grad(jax.grad(lambda o: LOSSES[name].cell(o, 0.3))))
    assert np.isfinite(curvature(jnp.linspace(-4, 4, 33))).all()


def test_cross_entropy_is_optax_s():
    got = LOSSES["binary_cross_entropy"].cell(OUTPUT, SAMPLES)
    want = optax.sigmoid_binary_cross_entropy(OUTPUT, SAMPLES)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_cross_entropy_stays_finite_at_huge_logits():
    logits = jnp.asarray([-1e4, -100.0, 0.0, 100.0, 1e4])
    cell = LOSSES["binary_cross_entropy"].cell
    np.testing.assert_allclose(cell(logits, 1.0), [1e4, 100, np.log(2), 0, 0], atol=1e-5)
    gradient = jax.vmap(jax.grad(lambda o: cell(o, 1.0)))(logits)
    np.testing.assert_allclose(gradient, [-1, -1, -0.5, 0, 0], atol=1e-6)


def test_huber_is_half_a_square_for_small_errors_and_linear_for_large_ones():
    huber = LOSSES["huber"].cell
    np.testing.assert_allclose(huber(OUTPUT * 0.1, 0.0), 0.5 * (OUTPUT * 0.1) ** 2, rtol=1e-5)
    np.testing.assert_allclose(huber(100 + OUTPUT, 0.0), 99.5 + OUTPUT, rtol=1e-5)


def test_links():
    assert LOSSES["binary_cross_entropy"].link(jnp.float32(0.0)) == 0.5
    for name in ("squared_error", "absolute_error", "huber"):
        assert LOSSES[name].link(jnp.float32(-3.5)) == -3.5


def test_centered_losses():
    assert {name for name, loss in LOSSES.items() if not loss.centered} == {"binary_cross_entropy"}
