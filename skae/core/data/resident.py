"""Samples that stay in device memory for a whole training run, if they fit.

Each call then transfers the positions of its samples instead of the samples. Gathering samples on
the host and transferring them takes longer, each epoch, than a GPU takes to train on them.
"""

import jax
import numpy as np

from skae.core.compile.programs import compiled
from skae.core.data.buffers import Buffers, aligned
from skae.core.data.samples import TRAINING_BLOCK_BYTES, Samples

__all__ = ["Resident", "may_stay"]

_STEPS_PER_CALL = 256
# Samples may fill one part in so many of the memory that JAX may use.
_MEMORY_SHARE = 4


def may_stay(samples: Samples, n_samples: int, device) -> bool:
    """Whether `n_samples` of `samples` are kept in the memory of `device`.

    Never on a CPU, whose memory is the host's: it gained nothing there and cost a copy. Nor if a
    few blocks hold all samples: their shape does not depend on the number of samples, so that fits
    to any number of samples share one program.
    """
    if n_samples * _sample_bytes(samples) <= TRAINING_BLOCK_BYTES:
        return False
    return _capacity(n_samples) * _sample_bytes(samples) <= _available_bytes(device)


class Resident(Buffers):
    """Positions of samples in alternating blocks, and the samples themselves on the device.

    The capacity on the device is a power of two, so that folds of nearly the same size share a
    program. The sample after the last is 0 and pads mini-batches.

    Parameters
    ----------
    samples : Samples
    index : ndarray of shape (n,)
        The samples that mini-batches may contain.
    batch_size : int
    device : jax.Device
    """

    def __init__(self, samples: Samples, index: np.ndarray, batch_size: int, device):
        super().__init__(samples, batch_size, _STEPS_PER_CALL)
        self._padding = len(index)
        self._positions = np.zeros(samples.n_samples, np.int32)
        self._positions[index] = np.arange(len(index), dtype=np.int32)
        self._on_device = _transferred(samples, index, device)

    def filled(self, batches: list[np.ndarray], weight: np.ndarray):
        """As `Buffers.filled`, but all samples, of shape (capacity, n_features), are on the device.

        `positions`, of shape (capacity, batch_size), are those of the mini-batches' samples.
        """
        positions, weights, targets = self._fill(batches, weight)
        return self._on_device, weights, targets, positions

    def _memory(self, shape):
        return aligned(shape, np.int32)

    def _write(self, batch, out):
        out[...] = self._positions[batch]


def _available_bytes(device) -> int:
    """Bytes that samples may fill on a device; 0 if it uses host memory or reports nothing."""
    stats = None if device.platform == "cpu" else device.memory_stats()
    return (stats or {}).get("bytes_limit", 0) // _MEMORY_SHARE


def _capacity(n_samples):
    return 1 << n_samples.bit_length()


def _sample_bytes(samples):
    return samples.n_features * samples.dtype.itemsize


def _transferred(samples, index, device):
    """The samples at `index` on the device, block by block: host memory may not hold all."""
    capacity = _capacity(len(index))
    fitting = max(1, TRAINING_BLOCK_BYTES // _sample_bytes(samples))
    # Both are powers of two, so that no block extends beyond the capacity.
    step = min(capacity, 1 << (fitting.bit_length() - 1))
    on_device = jax.device_put(np.zeros((), samples.dtype), device)
    on_device = jax.numpy.broadcast_to(on_device, (capacity, samples.n_features))
    program = None
    for start in range(0, len(index) + 1, step):
        part = index[start : start + step]
        # A new block each time: the transfer of the last one may not have ended yet.
        block = aligned((step, samples.n_features), samples.dtype)
        samples.read(part, block[: len(part)])
        block[len(part) :] = 0
        args = (on_device, *jax.device_put((block, np.int32(start)), device))
        if program is None:
            program, _ = compiled(_insert, None, args, donated=(0,))
        on_device = program(*args)
    return on_device


def _insert(static, on_device, block, start):
    del static
    return jax.lax.dynamic_update_slice(on_device, block, (start, jax.numpy.int32(0)))
