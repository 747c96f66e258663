"""Standardized units: ``(X - mean) / scale``, the units that networks are trained in.

Every conversion between the user's units and standardized units is defined here: in float64 on the
host, in float32 inside a compiled program, and in float32 with compensation for a large mean inside
functions that users call or export.
"""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

__all__ = [
    "FARTHEST",
    "DeviceUnits",
    "Units",
    "check_float32",
    "clip_to_float32",
    "portable_units",
    "restore_portable",
    "standardize_portable",
]

#: Largest distance from the mean, in standardized units. Its square is finite in float32.
FARTHEST = np.float32(1e15)

# Limits of units in float32, where XLA flushes subnormal numbers to 0. At the first, this error is
# one rounding error of values as large as the scale. Beyond the second, reciprocals are subnormal.
_SMALLEST_SCALE = float(np.finfo(np.float32).tiny / np.finfo(np.float32).eps)
_LARGEST = float(1 / np.finfo(np.float32).tiny)


class Units(NamedTuple):
    """Mean of each feature and one scale for all of them, in float64, on the host."""

    mean: np.ndarray
    scale: float = 1.0

    @classmethod
    def identity(cls, n_features: int) -> "Units":
        """Units in which samples are what they are in the user's units."""
        return cls(np.zeros(n_features), 1.0)

    @property
    def is_identity(self) -> bool:
        """Whether standardizing changes nothing."""
        return self.scale == 1 and not np.any(self.mean)

    @property
    def offset(self) -> float:
        """Largest magnitude of a feature's mean, in standardized units."""
        return float(np.abs(self.mean).max(initial=0.0) / self.scale)

    def standardize(self, X, out: np.ndarray | None = None) -> np.ndarray:
        """``(X - mean) / scale``, computed in float64; rounded only where `out` is float32."""
        centered = np.subtract(X, self.mean, dtype=np.float64)
        return np.divide(centered, self.scale, out=out, casting="same_kind")

    def for_device(self) -> "DeviceUnits":
        """The same units for float32 arithmetic."""
        return DeviceUnits(self.mean.astype(np.float32), np.float32(1 / self.scale))


class DeviceUnits(NamedTuple):
    """Units in float32: ``(x - shift) * factor``. A multiplication is faster than a division."""

    shift: Any
    factor: Any

    @classmethod
    def identity(cls, n_features: int) -> "DeviceUnits":
        """Units in which samples are what they are."""
        return cls(np.zeros(n_features, np.float32), np.float32(1))

    def standardize(self, x: Any) -> Any:
        """Standardized samples, inside a traced function."""
        return (x.astype(jnp.float32) - self.shift) * self.factor

    def standardize_on_host(self, x: np.ndarray) -> np.ndarray:
        """The same in NumPy, with one temporary array."""
        standardized = np.subtract(x, self.shift, dtype=np.float32)
        standardized *= self.factor
        return standardized


def check_float32(units: Units, data: str, mean: str, scale: str) -> None:
    """Raise if functions in float32 cannot compute in these units.

    Parameters
    ----------
    units : Units
    data, mean, scale : str
        Names of the data and of the fitted attributes in the message.
    """
    largest_mean = float(np.abs(units.mean).max(initial=0.0))
    largest = max(largest_mean, units.scale)
    if units.scale < _SMALLEST_SCALE or largest > _LARGEST:
        divisor = 10.0 ** math.floor(math.log10(largest))
        raise ValueError(
            "encoder_function, decoder_function and exported models compute in float32, whose "
            f"range does not suffice for {scale}={units.scale:.3g} and a largest |{mean}| of "
            f"{largest_mean:.3g}: divide {data} by {divisor:.0e} and fit again."
        )


def portable_units(units: Units) -> dict[str, np.ndarray | np.floating]:
    """Units as float32 parameters of a function that has no float64 at its disposal.

    Beside a large mean, the rounding error of the mean in float32 can exceed the spread of the
    samples. ``rest`` holds that error, in standardized units.

    Raises
    ------
    ValueError
        The range of float32 does not suffice for the mean or the scale.
    """
    check_float32(units, "X", "mean_", "scale_")
    mean = units.mean.astype(np.float32)
    return {
        "mean": mean,
        "rest": ((units.mean - mean) / units.scale).astype(np.float32),
        "scale": np.float32(units.scale),
    }


def standardize_portable(params: dict, X: Any) -> Any:
    """Standardized samples for parameters made by `portable_units`, clipped to `FARTHEST`."""
    # Divided before `rest` is subtracted: XLA would fold two subtracted constants into one and
    # round the sum to float32.
    samples = (jnp.asarray(X) - params["mean"]) / params["scale"] - params["rest"]
    return jnp.clip(samples, -FARTHEST, FARTHEST)


def restore_portable(params: dict, x: Any) -> Any:
    """Samples in the user's units."""
    return clip_to_float32(x * params["scale"] + params["mean"])


def clip_to_float32(values: Any) -> Any:
    """Values that overflow float32 become its largest ones, as in the estimator's methods."""
    largest = np.finfo(np.float32).max
    return jnp.clip(values, -largest, largest)
