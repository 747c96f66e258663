"""Activity of the units of a code over the training samples: mean, frequency, dead units."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from skae.core.data.samples import Samples

__all__ = ["activity"]

# a unit is active if it exceeds this fraction of its largest absolute activation
_MIN_ACTIVATION = 0.01
# a unit is dead if its standard deviation is below this fraction of the largest one
_MIN_DEVIATION = 1e-3
# codes that are kept in memory between two passes over them: 128 MB
_MAX_KEPT_CODES = 2**24


def activity(model: Any, samples: Samples, weight: np.ndarray) -> dict[str, np.ndarray]:
    """``mean_activation_``, ``active_fraction_`` and ``dead_units_`` of a fitted autoencoder.

    Parameters
    ----------
    model : estimator
    samples : Samples
        In the units of X.
    weight : ndarray of shape (n_samples,)
    """
    used = np.flatnonzero(weight > 0)
    samples, share = samples.select(used), weight[used] / weight[used].sum()

    def encoded() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for part, block in samples.blocks(samples.raw):
            yield share[part], model._codes(block, np.float64)

    # Samples are encoded once, unless their codes need more memory than that saves time.
    is_small = samples.n_samples * model.n_components_ <= _MAX_KEPT_CODES
    kept = list(encoded()) if is_small else None
    total, squares, highest = np.zeros((3, model.n_components_))
    origin = None
    for w, z in kept or encoded():
        # Differences from one code: the variance of a large constant would be rounding error.
        origin = z[0] if origin is None else origin
        total += w @ (z - origin)
        squares += w @ np.square(z - origin)
        np.maximum(highest, np.abs(z).max(axis=0), out=highest)
    deviation = np.sqrt(np.maximum(0, squares - np.square(total)))
    dead = deviation <= _MIN_DEVIATION * deviation.max()
    active = sum(w @ (np.abs(z) > _MIN_ACTIVATION * highest) for w, z in kept or encoded())
    return {
        "mean_activation_": total + origin,
        "active_fraction_": np.where(dead, 0.0, active),
        "dead_units_": np.flatnonzero(dead),
    }
