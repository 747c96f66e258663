"""Samples as they are read: batches cost what they hold, in whatever order the user's data lie."""

import tracemalloc

import numpy as np
import pytest
from sklearn.utils import check_array

from skae.core.data.samples import Samples
from skae.core.data.units import Units

X = np.random.default_rng(0).random((4000, 30), dtype=np.float32)
ORDERS = {
    "samples": X,
    "columns": np.asfortranarray(X),
    "every second": np.repeat(X, 2, axis=0)[::2],
    "backwards": X[::-1].copy()[::-1],
    "uint8": (X * 255).astype(np.uint8),
    "float64": X.astype(np.float64),
}


@pytest.mark.parametrize("kind", ORDERS)
def test_a_batch_costs_no_copy_of_all_samples(kind):
    data = ORDERS[kind]
    samples = Samples(data, Units(np.zeros(30), 1.0))
    batch, out = np.arange(16) * 7, np.empty((16, 30), samples.dtype)
    tracemalloc.start()
    samples.read(batch, out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(out, data[batch], rtol=1e-6)
    assert peak < data.nbytes / 4


@pytest.mark.parametrize("kind", ORDERS)
def test_samples_in_units_of_training_leave_the_users_alone(kind):
    data = ORDERS[kind]
    before, mean = data.copy(), np.linspace(-1, 1, 30)
    samples = Samples(data, Units(mean, 2.0))
    given = samples.standardized(slice(0, 40))
    assert given.dtype == np.float32 and not np.shares_memory(given, data)
    np.testing.assert_allclose(given, (data[:40] - mean) / 2, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(data, before)


def test_what_float32_cannot_hold_changes_no_other_sample():
    data = np.array([[1.0, -2.0], [1e17, 3.0], [1e300, -1e300]])
    samples = Samples(data, Units(np.zeros(2), 1.0))
    together = samples.standardized(slice(0, 3))
    for i in range(3):
        np.testing.assert_array_equal(samples.standardized(slice(i, i + 1)), together[i : i + 1])
    out = np.empty((3, 2), np.float32)
    samples.read(np.arange(3), out)
    np.testing.assert_array_equal(out, together)
    assert np.isfinite(together).all()


def test_samples_in_a_file_stay_there(tmp_path):
    """scikit-learn's checks give a plain array over the mapped one."""
    np.save(tmp_path / "samples.npy", np.arange(12.0).reshape(4, 3))
    samples = Samples(
        check_array(np.load(tmp_path / "samples.npy", mmap_mode="r")), Units(np.zeros(3), 2.0)
    )
    assert type(samples.data) is np.ndarray and samples.on_host and samples.in_memory() is samples
    copied = Samples(np.arange(12.0).reshape(4, 3), Units(np.zeros(3), 2.0))
    assert copied.in_memory() is not copied
