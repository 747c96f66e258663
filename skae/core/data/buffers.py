"""Blocks of mini-batches in host memory that is reused.

A block is as large as the processor's cache and is filled once per call. Allocating and copying it
each time would take as long as a small network's step on it.
"""

import math

import numpy as np

from skae.core.data.samples import Samples

__all__ = ["Buffers", "aligned", "is_aligned"]

# A CPU device reads an array in place if it begins at a multiple of this.
_ALIGNMENT = 64


class Buffers:
    """Two blocks in alternation: the device may read one while the other is filled.

    Parameters
    ----------
    samples : Samples
    batch_size, capacity : int
        Samples of a mini-batch, mini-batches of a block.
    """

    _padding = 0

    def __init__(self, samples: Samples, batch_size: int, capacity: int):
        self.samples, self.capacity = samples, capacity
        shape = (capacity, batch_size)
        self._blocks = [
            (
                self._memory(shape),
                aligned(shape, np.float32),
                aligned((*shape, samples.n_targets), np.float32),
            )
            for _ in range(2)
        ]

    def filled(self, batches: list[np.ndarray], weight: np.ndarray):
        """The samples of `batches`, padded. Overwrites the block filled before the last one.

        Returns
        -------
        samples : ndarray of shape (capacity, batch_size, n_features)
        weights : ndarray of shape (capacity, batch_size)
            0 for padding.
        targets : ndarray of shape (capacity, batch_size, n_targets)
            The content of mini-batches after the last of `batches` is undefined.
        positions : None
            The samples are in the order in which they are used.
        """
        samples, weights, targets = self._fill(batches, weight)
        return samples, weights, targets, None

    def _fill(self, batches, weight):
        self._blocks.reverse()
        samples, weights, targets = self._blocks[0]
        for i, batch in enumerate(batches):
            size = len(batch)
            self._write(batch, samples[i, :size])
            weights[i, :size] = weight[batch]
            targets[i, :size] = self.samples.targets(batch)
            for array, padding in ((samples, self._padding), (weights, 0), (targets, 0)):
                array[i, size:] = padding
        return samples, weights, targets

    def _memory(self, shape):
        return aligned((*shape, self.samples.n_features), self.samples.dtype)

    def _write(self, batch, out):
        self.samples.read(batch, out)


def aligned(shape, dtype) -> np.ndarray:
    """An uninitialized array that a CPU device reads in place."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(n_bytes + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


def is_aligned(array: np.ndarray) -> bool:
    """Whether a CPU device reads an array in place, as float32."""
    flags = array.flags
    is_plain = array.dtype == np.float32 and flags.c_contiguous
    return is_plain and array.ctypes.data % _ALIGNMENT == 0
