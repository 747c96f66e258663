"""Rows in blocks: each row's own result, whatever its number and its neighbours."""

from itertools import pairwise

import jax
import numpy as np
import pytest

from skae.core.inference import BLOCK_ROWS, apply_in_blocks

MATRIX = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)


def product(static, params, x):
    del static
    return x @ params


@pytest.mark.parametrize("n_rows", [0, 1, BLOCK_ROWS, BLOCK_ROWS + 1, 5 * BLOCK_ROWS - 7])
def test_every_row_gets_its_own_result(n_rows):
    X = np.random.default_rng(1).standard_normal((n_rows, 6)).astype(np.float32)
    out = np.full((n_rows, 3), np.nan, np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part], out)
    np.testing.assert_allclose(out, X @ MATRIX, rtol=1e-5, atol=1e-5)


def test_a_row_gives_the_same_bits_in_any_block():
    X = np.random.default_rng(1).standard_normal((3 * BLOCK_ROWS, 6)).astype(np.float32)
    together, alone = np.empty((2, len(X), 3), np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part], together)
    for i in (0, BLOCK_ROWS - 1, BLOCK_ROWS, len(X) - 1):
        one = X[i : i + 1]
        apply_in_blocks(
            product, "a product", MATRIX, one.shape, lambda part, one=one: one[part], alone[i:]
        )
        np.testing.assert_array_equal(alone[i], together[i])


def test_no_more_than_two_blocks_are_held(monkeypatch):
    """However many rows there are, and none is filled while it is still computed on."""
    sent, put = [], jax.device_put

    def noted(value, device=None):
        sent.append(value)
        return put(value, device)

    monkeypatch.setattr(jax, "device_put", noted)
    X = np.ones((6 * BLOCK_ROWS, 6), np.float32)
    out = np.empty((len(X), 3), np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part], out)
    places = [block.ctypes.data for block in sent[1:]]
    assert len(places) == 6 and len(set(places)) == 2
    assert all(one != other for one, other in pairwise(places))
