"""Units of weighted samples, in float64 and in one pass, block by block."""

import numpy as np

from skae.core.data.samples import Samples
from skae.core.data.units import Units

__all__ = ["float64_blocks", "refuse_beyond_squares", "weighted_units"]

# The sum of squares of such values is finite in float64.
_LARGEST = 1e150


def float64_blocks(samples: Samples):
    """All samples in the user's units, as new float64 arrays."""
    return samples.blocks(lambda part: samples.raw(part).astype(np.float64))


def refuse_beyond_squares(largest: float, name: str) -> None:
    """Raise ValueError if the largest magnitude in `name` overflows when it is squared."""
    if not largest <= _LARGEST:
        raise ValueError(
            f"{name} contains values beyond {_LARGEST:.0e}, which overflow when they are squared. "
            f"Divide {name} by a typical value."
        )


def weighted_units(samples: Samples, weight: np.ndarray) -> Units:
    """Weighted mean of each feature and root mean square of ``X - mean`` over all entries.

    Blocks are merged by the update of Chan, Golub and LeVeque (1983), which needs one pass and does
    not cancel. Differences are relative to the first sample and divided by the largest so far, so
    that neither a large offset nor the unit of X costs precision. Samples that are all equal, up to
    rounding of float64, have the scale 1.

    Parameters
    ----------
    samples : Samples
    weight : ndarray of shape (n_samples,)
        Not negative, not all 0.

    Raises
    ------
    ValueError
        For values beyond 1e150.
    """
    share = weight / np.sum(weight, dtype=np.float64)
    origin = samples.raw(slice(0, 1))[0].astype(np.float64)
    mean = np.zeros(samples.n_features)
    total = squares = largest = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for part, block in float64_blocks(samples):
            block -= origin
            block_largest = float(np.max(np.abs(block), initial=0.0))
            refuse_beyond_squares(block_largest / 2, "X")  # a difference of two values
            if block_largest > largest:
                squares *= (largest / block_largest) ** 2
                largest = block_largest
            block_total = float(share[part].sum())
            if block_total == 0 or largest == 0:
                total += block_total
                continue
            block_mean = share[part] @ block / block_total
            block -= block_mean
            block /= largest
            step = (block_mean - mean) / largest
            merged = total + block_total
            squares += float(share[part] @ np.square(block).sum(axis=1))
            squares += float(step @ step) * total * block_total / merged
            mean += (block_mean - mean) * (block_total / merged)
            total = merged
        mean += origin
    magnitude = float(np.max(np.abs(mean), initial=0.0))
    refuse_beyond_squares(magnitude, "X")
    if not largest > 1e-14 * magnitude:
        return Units(mean, 1.0)
    # 0 if all samples but one have a negligible weight
    return Units(mean, float(largest * np.sqrt(squares / samples.n_features)) or 1.0)
