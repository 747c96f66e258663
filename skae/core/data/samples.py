"""Samples in, padded weighted batches out; samples may be dense, mapped from a file, or CSR.

Nothing assumes that all samples fit into memory as float32: they are read in blocks.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

__all__ = [
    "BLOCK_BYTES",
    "FARTHEST",
    "TRAINING_BLOCK_BYTES",
    "Samples",
    "most_alike",
    "n_batches",
    "steps_per_block",
]

BLOCK_BYTES = 16 * 2**20
# the host must be awake once a block: a call costs some milliseconds of the processor
TRAINING_BLOCK_BYTES = 32 * 2**20
# units of training from the mean: the square is still a float32
FARTHEST = np.float32(1e15)
_MAX_STEPS = 256
_EXACT_IN_FLOAT32 = frozenset(map(np.dtype, ("f4", "f2", "u1", "i1", "u2", "i2", "?")))


def steps_per_block(batch_size: int, n_features: int) -> int:
    """Batches that travel to the device at once: a power of two, about 32 MB."""
    fitting = TRAINING_BLOCK_BYTES // max(1, 4 * batch_size * n_features)
    return 1 << max(0, min(_MAX_STEPS, fitting).bit_length() - 1)


class Samples:
    """Host samples with their center and scale; the only reader of the user's data.

    Parameters
    ----------
    data : ndarray, memmap or CSR array of shape (n, n_features)
        Any real numeric dtype; never changed.
    mean : ndarray of shape (n_features,), float64
        Center, in units of `data`.
    scale : float
        One positive number; samples in units of training are ``(data - mean) / scale``.
    index : ndarray of shape (n_samples,), optional
        Which samples of `data`, in which order; all by default.
    units : tuple (mean, scale), optional
        What makes the user's units of samples in units of training; `mean` and `scale` by default.
    targets : ndarray of shape (n, n_targets), float32, optional
        What is to be told of each sample of `data`: none by default.

    Notes
    -----
    float32 and narrow integers are standardized on the device. float64 and wide integers are
    centered in float64 here, before they become float32: 1700000001 and 1700000050 are equal in
    float32. The same goes for float32 whose mean is large against its spread.
    """

    def __init__(self, data, mean=None, scale: float = 1.0, index=None, units=None, targets=None):
        self.data, self.index = data, index
        self._targets = np.zeros((data.shape[0], 0), np.float32) if targets is None else targets
        self.n_targets = self._targets.shape[1]
        self.n_features = data.shape[1]
        self.n_samples = data.shape[0] if index is None else len(index)
        self.mean = np.zeros(self.n_features) if mean is None else mean
        self.scale = float(scale)
        self.units = (self.mean, self.scale) if units is None else units
        offset = 0.0 if mean is None else np.abs(mean).max(initial=0.0) / self.scale
        plain = data.dtype.newbyteorder("=") in _EXACT_IN_FLOAT32
        self._as_they_are = mean is None and self.scale == 1
        self.on_host = not plain or offset > 100 or not 1e-18 < self.scale < 1e18
        narrow = data.dtype == np.uint8 and not self.on_host
        self.dtype = np.dtype(np.uint8 if narrow else np.float32)

    def centered(self, mean, scale: float) -> "Samples":
        """The same samples with another center and scale."""
        return Samples(self.data, mean, scale, self.index, targets=self._targets)

    def select(self, index) -> "Samples":
        """Some of these samples, in the order of `index`."""
        chosen = index if self.index is None else self.index[index]
        return Samples(self.data, self.mean, self.scale, chosen, self.units, self._targets)

    @property
    def shift_and_scale(self) -> tuple[np.ndarray, np.float32]:
        """What the device does to a block: ``(samples - shift) * scale``."""
        if self.on_host:
            return np.zeros(self.n_features, np.float32), np.float32(1)
        return self.mean.astype(np.float32), np.float32(1 / self.scale)

    def in_memory(self) -> "Samples":
        """These samples, standardized once if that is done on the host and they are in memory."""
        if not self.on_host or not isinstance(self.data, np.ndarray) or _is_mapped(self.data):
            return self
        data = np.empty((self.n_samples, self.n_features), np.float32)
        for part in self._parts():
            self.read(part, data[part])
        return Samples(data, units=self.units, targets=self.targets(slice(None)))

    def raw(self, part) -> np.ndarray:
        """Samples at `part` (slice or integers) as they came, dense."""
        samples = self.data[part if self.index is None else self.index[part]]
        return samples if isinstance(samples, np.ndarray) else samples.toarray()

    def targets(self, part) -> np.ndarray:
        """What is to be told of the samples at `part`, of shape (samples, n_targets)."""
        return self._targets[part if self.index is None else self.index[part]]

    def read(self, part, out: np.ndarray) -> None:
        """Write the samples at `part`, ready for the device, into `out`."""
        if not self.on_host:
            self._copy(part, out)
            return
        with np.errstate(over="ignore"):
            samples = np.subtract(self.raw(part), self.mean, dtype=np.float64)
            np.divide(samples, self.scale, out=out, casting="same_kind")
        np.clip(out, -FARTHEST, FARTHEST, out=out)

    def _copy(self, part, out):
        index = part if self.index is None else self.index[part]
        plain = type(self.data) is np.ndarray and self.data.dtype == out.dtype
        # of data in another order `take` would make a copy, all of it
        if plain and self.data.flags.c_contiguous and isinstance(index, np.ndarray):
            # without an array in between; the places are known to be there
            np.take(self.data, index, axis=0, out=out, mode="clip")
        else:
            out[...] = self.raw(part)

    def standardized(self, part) -> np.ndarray:
        """Samples at `part` in units of training, float32; no cell is further away than 1e15.

        Sums of what is further would be no numbers, and a sensor may well say 3.4e38.
        """
        if self._as_they_are:
            return self.raw(part).astype(np.float32, copy=False)
        with np.errstate(over="ignore"):
            samples = self._centered_and_scaled(part)
        return np.clip(samples, -FARTHEST, FARTHEST, out=samples)

    def _centered_and_scaled(self, part):
        raw = self.raw(part)
        if self.on_host:
            return ((raw.astype(np.float64) - self.mean) / self.scale).astype(np.float32)
        shift, scale = self.shift_and_scale
        samples = np.subtract(raw, shift, dtype=np.float32)
        samples *= scale
        return samples

    def blocks(self, read: Callable | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """All samples in order, a block at a time: in units of training, or as `read` gives them."""
        for part in self._parts():
            yield part, (read or self.standardized)(part)

    def _parts(self):
        step = max(1, BLOCK_BYTES // max(1, 8 * self.n_features))
        return [slice(a, min(a + step, self.n_samples)) for a in range(0, self.n_samples, step)]

    def batches(self, index, weight, batch_size: int, capacity: int):
        """Samples at `index` as `capacity` padded batches, filled one after the other.

        Returns
        -------
        samples : ndarray of shape (capacity, batch_size, n_features)
        weights : ndarray of shape (capacity, batch_size)
            0 for padding.
        targets : ndarray of shape (capacity, batch_size, n_targets)
        """
        samples = np.zeros((capacity * batch_size, self.n_features), self.dtype)
        weights = np.zeros(capacity * batch_size, np.float32)
        targets = np.zeros((capacity * batch_size, self.n_targets), np.float32)
        if len(index):
            self.read(index, samples[: len(index)])
            weights[: len(index)] = weight[index]
            targets[: len(index)] = self.targets(index)
        shape = (capacity, batch_size)
        return (
            samples.reshape(*shape, self.n_features),
            weights.reshape(shape),
            targets.reshape(*shape, self.n_targets),
        )


def most_alike(n_samples: int) -> int:
    """The largest number of samples that shares its power of two with `n_samples`."""
    return (1 << n_samples.bit_length()) - 1


def n_batches(n_samples: int, batch_size: int) -> int:
    """Batches of an epoch."""
    return math.ceil(n_samples / batch_size)


def _is_mapped(array) -> bool:
    """Whether samples lie in a file, under a plain array too, as scikit-learn's checks give."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False
