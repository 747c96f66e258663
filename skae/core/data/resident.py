"""Samples that stay on a device of its own memory for a whole run, where there is room for them.

A call then sends which samples its batches hold, not the samples: to gather them on the host and to send
them takes longer, each epoch, than a GPU takes to train on them.
"""

import jax
import numpy as np

from skae.core.compile.programs import compiled
from skae.core.data.buffers import Buffers, aligned
from skae.core.data.samples import TRAINING_BLOCK_BYTES, Samples

__all__ = ["Resident", "may_stay"]

_STEPS_PER_CALL = 256
# of the memory that jax may take
_SHARE = 4


def may_stay(samples: Samples, n_samples: int, device) -> bool:
    """Whether `n_samples` of `samples` are to stay on `device`.

    Not on a CPU, whose memory is the host's: there it gained nothing, and cost a copy. Not what a
    few blocks hold: their shape does not depend on the number of samples, so that fits to any number
    share a program.
    """
    if n_samples * _sample_bytes(samples) <= TRAINING_BLOCK_BYTES:
        return False
    return _capacity(n_samples) * _sample_bytes(samples) <= _room_on(device)


class Resident(Buffers):
    """Places of samples in blocks that take turns, and the samples themselves, on the device.

    There is room for a power of two of samples, so that folds of nearly the same size share a
    program. The sample behind the last is 0, and is what batches are padded with.

    Parameters
    ----------
    samples : Samples
    index : ndarray of shape (n,)
        The samples that batches may hold.
    batch_size : int
    device : jax.Device
    """

    def __init__(self, samples: Samples, index: np.ndarray, batch_size: int, device):
        super().__init__(samples, batch_size, _STEPS_PER_CALL)
        self._padding = len(index)
        self._places = np.zeros(samples.n_samples, np.int32)
        self._places[index] = np.arange(len(index), dtype=np.int32)
        self._cells = _sent(samples, index, device)

    def filled(self, batches: list[np.ndarray], weight: np.ndarray):
        """As `Buffers.filled`, but `samples` are all samples, of shape (room, n_features), on the device.

        `places`, of shape (capacity, batch_size), says which of them the batches hold.
        """
        places, weights, targets = self._fill(batches, weight)
        return self._cells, weights, targets, places

    def _memory(self, shape):
        return aligned(shape, np.int32)

    def _write(self, batch, out):
        out[...] = self._places[batch]


def _room_on(device) -> int:
    """Bytes that samples may take on a device; 0 where its memory is the host's, or is not known."""
    known = None if device.platform == "cpu" else device.memory_stats()
    return (known or {}).get("bytes_limit", 0) // _SHARE


def _capacity(n_samples):
    return 1 << n_samples.bit_length()


def _sample_bytes(samples):
    return samples.n_features * samples.dtype.itemsize


def _sent(samples, index, device):
    """The samples at `index` on the device, sent block by block: the host may have no room for all."""
    capacity = _capacity(len(index))
    fitting = max(1, TRAINING_BLOCK_BYTES // _sample_bytes(samples))
    # powers of two both, so that the last block ends where the room ends, or before it
    step = min(capacity, 1 << (fitting.bit_length() - 1))
    cells = jax.device_put(np.zeros((), samples.dtype), device)
    cells = jax.numpy.broadcast_to(cells, (capacity, samples.n_features))
    program = None
    for start in range(0, len(index) + 1, step):
        block = aligned((step, samples.n_features), samples.dtype)
        part = index[start : start + step]
        samples.read(part, block[: len(part)])
        block[len(part) :] = 0
        args = (cells, *jax.device_put((block, np.int32(start)), device))
        if program is None:
            program, _ = compiled(_put, None, args, donated=(0,))
        cells = program(*args)
    return cells


def _put(static, cells, block, start):
    del static
    return jax.lax.dynamic_update_slice(cells, block, (start, jax.numpy.int32(0)))
