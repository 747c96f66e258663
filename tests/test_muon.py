"""Muon's steps: of equal length in all directions, for inner matrices alone."""

import jax
import numpy as np
import optax
import pytest

from skae.core.training.muon import muon, orthogonalized

RNG = np.random.default_rng(0)
WEIGHTS = {
    "inner": {"kernel": RNG.normal(size=(12, 5)), "bias": RNG.normal(size=5)},
    "samples": {"kernel": RNG.normal(size=(9, 12))},
    "maps": {"kernel": RNG.normal(size=(3, 3, 2, 4))},
    "recurrent": RNG.normal(size=(5, 5)),
}


def one_step(optimizer):
    updates, _ = optimizer.update(WEIGHTS, optimizer.init(WEIGHTS), WEIGHTS)
    return updates


@pytest.mark.thorough
def test_all_singular_values_of_an_inner_step_are_alike():
    step = one_step(muon(0.1, n_features=9))["inner"]["kernel"]
    values = np.linalg.svd(step, compute_uv=False)
    np.testing.assert_allclose(values, 0.1 * 0.2 * np.sqrt(12), rtol=0.4)
    assert np.sum(step * WEIGHTS["inner"]["kernel"]) < 0


@pytest.mark.parametrize("shape", [(8, 8), (8, 30), (30, 8)])
def test_singular_values_down_to_a_thirtieth_end_near_one(shape):
    values = np.array([1.0, 0.9, 0.5, 0.3, 0.1, 0.05, 0.01, 0.001])
    turned, others = (np.linalg.qr(RNG.normal(size=(n, 8)))[0] for n in shape)
    step = np.asarray(orthogonalized((turned * values) @ others.T)) / (0.2 * np.sqrt(max(shape)))
    got = np.diag(turned.T @ step @ others)
    assert np.all((got[:6] > 0.6) & (got[:6] < 1.4))
    bound = np.sum(values**4) ** 0.25
    np.testing.assert_allclose(got[6:], 21.5 * values[6:] / bound, rtol=0.1)


def test_all_else_moves_as_with_nadam():
    got, expected = one_step(muon(0.1, n_features=9)), one_step(optax.nadam(0.1))
    for step in (got, expected):
        del step["inner"]["kernel"]
    jax.tree.map(np.testing.assert_array_equal, got, expected)


def test_rounding_noise_makes_no_steps():
    """At PCA's solution the gradients of inner matrices are exactly 0 but for rounding."""
    noise = RNG.normal(scale=1e-10, size=(20, 30))
    assert np.abs(orthogonalized(noise, eps=1e-6)).max() < 0.02
    full = np.abs(orthogonalized(1e5 * noise, eps=1e-6)).max()
    assert full > 0.1
    np.testing.assert_array_equal(orthogonalized(0 * noise), 0)


def test_wide_and_tall_are_treated_alike():
    matrix = RNG.normal(size=(4, 9)).astype(np.float32)
    np.testing.assert_allclose(orthogonalized(matrix.T), orthogonalized(matrix).T, atol=1e-6)
