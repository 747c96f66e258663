"""Samples on the host: dense, memory-mapped or CSR, read in blocks and standardized.

Nothing assumes that all samples fit into memory as float32.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from skae.core.data.units import FARTHEST, DeviceUnits, Units

__all__ = [
    "BLOCK_BYTES",
    "TRAINING_BLOCK_BYTES",
    "Clip",
    "Samples",
    "largest_with_same_power",
    "n_batches",
    "steps_per_block",
]

BLOCK_BYTES = 16 * 2**20
# Each block costs the host some milliseconds, during which a CPU device does not compute.
TRAINING_BLOCK_BYTES = 32 * 2**20
_MAX_STEPS = 256
_EXACT_IN_FLOAT32 = frozenset(map(np.dtype, ("f4", "f2", "u1", "i1", "u2", "i2", "?")))


def steps_per_block(batch_size: int, n_features: int) -> int:
    """Number of mini-batches that are transferred at once: a power of two, about 32 MB."""
    fitting = TRAINING_BLOCK_BYTES // max(1, 4 * batch_size * n_features)
    return 1 << max(0, min(_MAX_STEPS, fitting).bit_length() - 1)


class Clip(NamedTuple):
    """Smallest and largest value of each feature, in the dtype of the samples."""

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of_features(cls, samples: "Samples", features, low, high) -> "Clip":
        """Limits for some features, none for the others."""
        dtype = samples.data.dtype.newbyteorder("=")
        limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
        clip = cls(*(np.full(samples.n_features, end, dtype) for end in (limits.min, limits.max)))
        clip.low[features], clip.high[features] = low, high
        return clip

    def __call__(self, values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Clipped values."""
        return np.clip(values, self.low, self.high, out=out)


class Samples:
    """Samples on the host with their units; the only reader of the user's data.

    Parameters
    ----------
    data : ndarray, memmap or CSR array of shape (n, n_features)
        Any real numeric dtype; never changed.
    units : Units, optional
        Standardized samples are ``(data - mean) / scale``; the identity by default.
    index : ndarray of shape (n_samples,), optional
        Which rows of `data`, in which order; all by default.
    original_units : Units, optional
        Conversion from the user's units, where `data` is standardized already; `units` by default.
    targets : Samples, optional
        Samples that belong to these, in the same order: the targets of supervised training, or the
        noisy versions of clean samples.
    clip : Clip, optional
        Limits of the features, applied whenever `data` is read.

    Notes
    -----
    float32 and narrow integers are standardized on the device. float64 and wide integers are
    centered in float64 on the host before they become float32: 1700000001 and 1700000050 are equal
    in float32. The same applies to float32 whose mean is large compared with its spread.
    """

    def __init__(
        self,
        data,
        units: Units | None = None,
        index: np.ndarray | None = None,
        original_units: Units | None = None,
        targets: "Samples | None" = None,
        clip: Clip | None = None,
    ):
        self.data, self.index, self._targets, self.clip = data, index, targets, clip
        self.n_features: int = data.shape[1]
        self.n_targets = 0 if targets is None else targets.n_features
        self.n_samples = data.shape[0] if index is None else len(index)
        self.units = Units.identity(self.n_features) if units is None else units
        self.original_units = self.units if original_units is None else original_units
        self._is_standardized = units is None
        is_exact = data.dtype.newbyteorder("=") in _EXACT_IN_FLOAT32
        is_representable = self.units.offset <= 100 and 1e-18 < self.units.scale < 1e18
        self.on_host = not (is_exact and is_representable)
        narrow = data.dtype == np.uint8 and not self.on_host
        self.dtype = np.dtype(np.uint8 if narrow else np.float32)

    def with_targets(self, targets: "Samples | None") -> "Samples":
        """The same samples with other targets."""
        units = None if self._is_standardized else self.units
        return Samples(self.data, units, self.index, self.original_units, targets, self.clip)

    def with_units(self, units: Units) -> "Samples":
        """The same samples in other units."""
        return Samples(self.data, units, self.index, targets=self._targets, clip=self.clip)

    def clipped(self, clip: Clip | None) -> "Samples":
        """The same samples with limits of the features, or without."""
        units = None if self._is_standardized else self.units
        return Samples(self.data, units, self.index, self.original_units, self._targets, clip)

    def select(self, index: np.ndarray) -> "Samples":
        """Some of these samples, in the order of `index`."""
        chosen = index if self.index is None else self.index[index]
        units = None if self._is_standardized else self.units
        targets = None if self._targets is None else self._targets.select(index)
        return Samples(self.data, units, chosen, self.original_units, targets, self.clip)

    @property
    def device_units(self) -> DeviceUnits:
        """The units that the device applies to a block that `read` has written."""
        return DeviceUnits.identity(self.n_features) if self.on_host else self.units.for_device()

    def in_memory(self) -> "Samples":
        """These samples, standardized once if the host does it and they are not memory-mapped."""
        targets = None if self._targets is None else self._targets.in_memory()
        if not self.on_host or not isinstance(self.data, np.ndarray) or _is_mapped(self.data):
            return self if targets is None else self.with_targets(targets)
        data = np.empty((self.n_samples, self.n_features), np.float32)
        for part in self._parts():
            self.read(part, data[part])
        return Samples(data, original_units=self.original_units, targets=targets)

    def raw(self, part) -> np.ndarray:
        """Samples at `part` (slice or integers) in the user's units and dtype, dense."""
        samples = self.data[part if self.index is None else self.index[part]]
        samples = samples if isinstance(samples, np.ndarray) else samples.toarray()
        return samples if self.clip is None else self.clip(samples)

    def targets(self, part, *, raw: bool = False) -> np.ndarray:
        """Targets of the samples at `part`, of shape (n, n_targets): in the standardized units as
        float32, or as the user passed them.
        """
        if self._targets is None:
            return np.zeros((self.n_samples, 0), np.float32)[part]
        return self._targets.raw(part) if raw else self._targets.standardized(part)

    def read(self, part, out: np.ndarray) -> None:
        """Write the samples at `part`, ready for the device, into `out`."""
        if not self.on_host:
            self._copy(part, out)
            return
        with np.errstate(over="ignore"):
            self.units.standardize(self.raw(part), out=out)
        np.clip(out, -FARTHEST, FARTHEST, out=out)

    def _copy(self, part, out):
        index = part if self.index is None else self.index[part]
        plain = type(self.data) is np.ndarray and self.data.dtype == out.dtype
        # `take` copies an array in Fortran order as a whole.
        if plain and self.data.flags.c_contiguous and isinstance(index, np.ndarray):
            # Without a temporary array; the index is known to be valid.
            np.take(self.data, index, axis=0, out=out, mode="clip")
            if self.clip is not None:
                self.clip(out, out=out)
        else:
            out[...] = self.raw(part)

    def standardized(self, part) -> np.ndarray:
        """Samples at `part` in standardized units, float32, clipped to `FARTHEST`.

        A defective sensor may report 3.4e38; sums of such values overflow float32.
        """
        if self._is_standardized:
            return self.raw(part).astype(np.float32, copy=False)
        with np.errstate(over="ignore"):
            if self.on_host:
                samples = self.units.standardize(self.raw(part)).astype(np.float32)
            else:
                samples = self.units.for_device().standardize_on_host(self.raw(part))
        return np.clip(samples, -FARTHEST, FARTHEST, out=samples)

    def blocks(self, read: Callable | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """All samples in order, a block at a time: standardized, or as `read` returns them."""
        for part in self._parts():
            yield part, (read or self.standardized)(part)

    def _parts(self):
        step = max(1, BLOCK_BYTES // max(1, 8 * self.n_features))
        return [slice(a, min(a + step, self.n_samples)) for a in range(0, self.n_samples, step)]

    def batches(self, index, weight, batch_size: int, capacity: int):
        """Samples at `index` as `capacity` padded mini-batches, filled one after the other.

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


def largest_with_same_power(n_samples: int) -> int:
    """The largest number of samples with as many binary digits as `n_samples`.

    Padding to it lets data sets of similar size share one compiled program.
    """
    return (1 << n_samples.bit_length()) - 1


def n_batches(n_samples: int, batch_size: int) -> int:
    """Number of mini-batches of an epoch."""
    return math.ceil(n_samples / batch_size)


def _is_mapped(array) -> bool:
    """Whether an array is a view of a memory map, possibly through plain arrays."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False
