"""Inference in blocks: results per sample are correct and independent of the other samples."""

from itertools import pairwise

import numpy as np
import pytest

from skae import AutoencoderTransformer
from skae.core import inference
from skae.core.data.buffers import aligned
from skae.core.inference import BLOCK_SAMPLES, MANY_SAMPLES, apply_in_blocks
from tests.datasets import curved
from tests.discovery import AUTOENCODERS

MATRIX = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)


def product(static, params, x):
    del static
    return x @ params


@pytest.mark.parametrize(
    "n_samples", [0, 1, BLOCK_SAMPLES, BLOCK_SAMPLES + 1, MANY_SAMPLES, MANY_SAMPLES + 7]
)
def test_results_for_any_number_of_samples(n_samples):
    X = np.random.default_rng(1).standard_normal((n_samples, 6)).astype(np.float32)
    out = np.full((n_samples, 3), np.nan, np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part], out)
    np.testing.assert_allclose(out, X @ MATRIX, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_samples", [3 * BLOCK_SAMPLES, MANY_SAMPLES + 70])
def test_results_are_bitwise_identical_in_any_block(n_samples):
    X = np.random.default_rng(1).standard_normal((n_samples, 6)).astype(np.float32)
    together, alone = np.empty((2, len(X), 3), np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part], together)
    for i in (0, BLOCK_SAMPLES - 1, BLOCK_SAMPLES, 2 * BLOCK_SAMPLES, len(X) - 1):
        one = X[i : i + 1]
        apply_in_blocks(
            product, "a product", MATRIX, one.shape, lambda part, one=one: one[part], alone[i:]
        )
        np.testing.assert_array_equal(alone[i], together[i])


@pytest.fixture
def blocks_used(monkeypatch):
    """The blocks that programs are called with."""
    blocks, find = [], inference.compiled

    def recording(*task):
        program, seconds = find(*task)
        return lambda params, block: blocks.append(block) or program(params, block), seconds

    monkeypatch.setattr(inference, "compiled", recording)
    return blocks


def test_no_more_than_two_blocks_are_held(blocks_used):
    """For any number of samples; no block is filled while the device computes on it."""
    X = aligned((6 * BLOCK_SAMPLES + 1, 6), np.float32)[1:]  # not aligned
    X[:] = 1
    out = np.empty((len(X), 3), np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part], out)
    places = [block.ctypes.data for block in blocks_used]
    assert len(places) == 6 and len(set(places)) == 2
    assert all(one != other for one, other in pairwise(places))


def test_aligned_samples_are_not_copied(blocks_used):
    X = aligned((2 * BLOCK_SAMPLES + 5, 6), np.float32)
    X[:] = np.random.default_rng(2).standard_normal(X.shape)
    out = np.empty((len(X), 3), np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part], out)
    np.testing.assert_allclose(out, X @ MATRIX, rtol=1e-5, atol=1e-5)
    assert [np.shares_memory(block, X) for block in blocks_used] == [True, True, False]


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy"])
@pytest.mark.parametrize("value, message", [(np.nan, "contains NaN"), (np.inf, "infinity")])
def test_entries_that_are_not_finite_raise(loss, value, message):
    model = AutoencoderTransformer(2, loss=loss, max_iter=0, random_state=0).fit(unit_samples(40))
    for dtype in (np.float32, np.float64):
        X = unit_samples(MANY_SAMPLES + 10).astype(dtype)
        X[-3, 1] = value
        for method in (model.transform, model.reconstruct, model.score_samples):
            with pytest.raises(ValueError, match=message):
                method(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_value_out_of_range_is_found_at_any_position(dtype):
    """`fit` reads the smallest and the largest value block by block."""
    model = AutoencoderTransformer(2, loss="binary_cross_entropy", max_iter=0, random_state=0)
    X = unit_samples(MANY_SAMPLES + 10).astype(dtype)
    X[-2, 1], X[7, 0] = 1.5, -0.5
    with pytest.raises(ValueError, match=r"values from -0.5 to 1.5"):
        model.fit(X)


def unit_samples(n_samples):
    return np.random.default_rng(4).random((n_samples, 3), np.float32)


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_any_network_is_bitwise_identical_for_one_and_for_many_samples(cls, fitted):
    model, X = fitted(cls), curved(3 * BLOCK_SAMPLES + 5, seed=3)
    codes, samples = model.transform(X), model.reconstruct(X)
    for some in (slice(0, 1), slice(BLOCK_SAMPLES, BLOCK_SAMPLES + 40), slice(len(X) - 2, len(X))):
        np.testing.assert_array_equal(model.transform(X[some]), codes[some])
        np.testing.assert_array_equal(model.reconstruct(X[some]), samples[some])


def sizes_of_blocks(function, n_samples, blocks_used):
    matrix = np.random.default_rng(0).standard_normal((64, 16)).astype(np.float32)
    X, out = np.ones((n_samples, 64), np.float32), np.empty((n_samples, 16), np.float32)
    for _ in range(2):  # the first call compares wide with narrow blocks
        blocks_used.clear()
        apply_in_blocks(function, "blocks", matrix, X.shape, lambda part: X[part], out)
    return {len(block) for block in blocks_used}


def depends_on_size(static, params, x):
    """Depends on the size of a block, as rounding might."""
    return product(static, params, x) + 1e-3 * len(x)


def bits(static, params, x):
    return (product(static, params, x) > 0).astype(np.float32)


def test_many_samples_use_wide_blocks(blocks_used):
    assert sizes_of_blocks(product, MANY_SAMPLES - 1, blocks_used) == {BLOCK_SAMPLES}
    assert sizes_of_blocks(product, MANY_SAMPLES, blocks_used) == {1024}


def test_wide_blocks_of_many_features_have_fewer_samples(blocks_used):
    width = 6000
    matrix = np.random.default_rng(0).standard_normal((width, 3)).astype(np.float32)
    out = np.empty((MANY_SAMPLES, 3), np.float32)

    def read(part):
        return np.ones((part.stop - part.start, width), np.float32)

    apply_in_blocks(product, "columns", matrix, (MANY_SAMPLES, width), read, out)
    assert {len(block) for block in blocks_used} <= {BLOCK_SAMPLES, 512}
    np.testing.assert_allclose(out, np.tile(matrix.sum(axis=0), (MANY_SAMPLES, 1)), rtol=1e-3)


@pytest.mark.parametrize("function", [depends_on_size, bits])
def test_blocks_stay_small_if_wide_blocks_might_change_results(function, blocks_used):
    assert sizes_of_blocks(function, MANY_SAMPLES, blocks_used) == {BLOCK_SAMPLES}


def layers(static, params, x):
    """The term of the second layer depends on the size of a block, as rounding might."""
    return product(static, params["first"], x) + len(x) * product(static, params["second"], x)


def test_zeros_among_weights_do_not_hide_differences(blocks_used):
    """The comparison of blocks is cached for all weights of the same shapes."""
    first = np.random.default_rng(0).standard_normal((40, 16)).astype(np.float32)
    X, out = np.ones((MANY_SAMPLES, 40), np.float32), np.empty((MANY_SAMPLES, 16), np.float32)
    for _ in range(2):
        blocks_used.clear()
        weights = {"first": first, "second": np.zeros_like(first)}
        apply_in_blocks(layers, "layers", weights, X.shape, lambda part: X[part], out)
    assert {len(block) for block in blocks_used} == {BLOCK_SAMPLES}


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.uint8])
def test_few_samples_of_any_dtype(dtype):
    X = (10 * np.random.default_rng(1).random((4, 6))).astype(dtype)
    out = np.empty((4, 3), np.float32)
    apply_in_blocks(product, "a product", MATRIX, X.shape, lambda part: X[part][:, ::1], out)
    np.testing.assert_allclose(out, X.astype(np.float32) @ MATRIX, rtol=1e-5, atol=1e-5)
