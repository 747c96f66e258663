"""Rows that stay on a device of its own memory for a whole run, where there is room for them.

A call then sends which rows its batches hold, not the rows: to gather them on the host and to send
them takes longer, each epoch, than a GPU takes to train on them.
"""

import jax
import numpy as np

from skae.core.batching import TRAINING_BLOCK_BYTES, Rows
from skae.core.buffers import Buffers, aligned
from skae.core.programs import compiled

__all__ = ["Resident", "may_stay"]

_STEPS_PER_CALL = 256
# of the memory that jax may take
_SHARE = 4


def may_stay(rows: Rows, n_rows: int, device) -> bool:
    """Whether `n_rows` of `rows` are to stay on `device`.

    Not on a CPU, whose memory is the host's: there it gained nothing, and cost a copy. Not what a
    few blocks hold: their shape does not depend on the number of rows, so that fits to any number
    share a program.
    """
    if n_rows * _row_bytes(rows) <= TRAINING_BLOCK_BYTES:
        return False
    return _capacity(n_rows) * _row_bytes(rows) <= _room_on(device)


class Resident(Buffers):
    """Places of rows in blocks that take turns, and the rows themselves, on the device.

    There is room for a power of two of rows, so that folds of nearly the same size share a
    program. The row behind the last is 0, and is what batches are padded with.

    Parameters
    ----------
    rows : Rows
    index : ndarray of shape (n,)
        The rows that batches may hold.
    batch_size : int
    device : jax.Device
    """

    def __init__(self, rows: Rows, index: np.ndarray, batch_size: int, device):
        super().__init__(rows, batch_size, _STEPS_PER_CALL)
        self._padding = len(index)
        self._places = np.zeros(rows.n_rows, np.int32)
        self._places[index] = np.arange(len(index), dtype=np.int32)
        self._cells = _sent(rows, index, device)

    def filled(self, batches: list[np.ndarray], weight: np.ndarray):
        """As `Buffers.filled`, but `rows` are all rows, of shape (room, n_features), on the device.

        `places`, of shape (capacity, batch_size), says which of them the batches hold.
        """
        places, weights, targets = self._fill(batches, weight)
        return self._cells, weights, targets, places

    def _memory(self, shape):
        return aligned(shape, np.int32)

    def _write(self, batch, out):
        out[...] = self._places[batch]


def _room_on(device) -> int:
    """Bytes that rows may take on a device; 0 where its memory is the host's, or is not known."""
    known = None if device.platform == "cpu" else device.memory_stats()
    return (known or {}).get("bytes_limit", 0) // _SHARE


def _capacity(n_rows):
    return 1 << n_rows.bit_length()


def _row_bytes(rows):
    return rows.n_features * rows.dtype.itemsize


def _sent(rows, index, device):
    """The rows at `index` on the device, sent block by block: the host may have no room for all."""
    capacity = _capacity(len(index))
    fitting = max(1, TRAINING_BLOCK_BYTES // _row_bytes(rows))
    # powers of two both, so that the last block ends where the room ends, or before it
    step = min(capacity, 1 << (fitting.bit_length() - 1))
    cells = jax.device_put(np.zeros((), rows.dtype), device)
    cells = jax.numpy.broadcast_to(cells, (capacity, rows.n_features))
    program = None
    for start in range(0, len(index) + 1, step):
        block = aligned((step, rows.n_features), rows.dtype)
        part = index[start : start + step]
        rows.read(part, block[: len(part)])
        block[len(part) :] = 0
        args = (cells, *jax.device_put((block, np.int32(start)), device))
        if program is None:
            program, _ = compiled(_put, None, args, donated=(0,))
        cells = program(*args)
    return cells


def _put(static, cells, block, start):
    del static
    return jax.lax.dynamic_update_slice(cells, block, (start, jax.numpy.int32(0)))
