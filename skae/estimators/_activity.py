"""Which units of a code are in use: measured on the rows of a fit, block by block."""

import numpy as np

from skae.core.batching import Rows

__all__ = ["activity"]

# of its largest code, what a unit must exceed to be active in a row
_ACTIVE = 0.01
# of the largest standard deviation among units, below which a unit tells no rows apart
_DEAD = 1e-3


def activity(model, X, weight) -> dict[str, np.ndarray]:
    """``mean_activation_``, ``active_fraction_`` and ``dead_units_`` of a fitted autoencoder.

    Parameters
    ----------
    model : estimator
    X : ndarray or CSR array
        Checked rows.
    weight : ndarray of shape (n_rows,)
    """
    used = np.flatnonzero(weight > 0)
    rows, share = Rows(X).select(used), weight[used] / weight[used].sum()

    def codes():
        for part, block in rows.blocks(rows.raw):
            yield share[part], model._codes(block, np.float64)

    total, squares, highest = np.zeros((3, model.n_components_))
    origin = next(z[0] for _, z in codes())
    for w, z in codes():
        total += w @ (z - origin)
        squares += w @ np.square(z - origin)
        np.maximum(highest, np.abs(z).max(axis=0), out=highest)
    deviation = np.sqrt(np.maximum(0, squares - np.square(total)))
    dead = deviation <= _DEAD * deviation.max()
    active = sum(w @ (np.abs(z) > _ACTIVE * highest) for w, z in codes())
    return {
        "mean_activation_": total + origin,
        "active_fraction_": np.where(dead, 0.0, active),
        "dead_units_": np.flatnonzero(dead),
    }
