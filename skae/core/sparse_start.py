"""Where logistic codes that shall be sparse start: each unit mostly off, and on for a few rows.

A mean of .1 is also reached by a unit that is always a little on, and training that starts near
there stays there: a mean says nothing of how a unit comes by it.
"""

import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.networks import Network

__all__ = ["sparse_start"]

_SAMPLE = 1000
# standard deviation of a unit before its activation: enough for off and on, and for slopes
_SPREAD = 2.0


def sparse_start(params: dict, network: Network, rows, weight, target: float) -> dict:
    """Weights whose code layer is scaled and shifted so that each unit's mean is `target`.

    Parameters
    ----------
    params : dict
        Random initial weights; those of the encoder's last layer are changed.
    network : Network
        With logistic codes and without a linear path.
    rows : Rows
        Training rows in units of training; at most 1,000 of them are read.
    weight : ndarray of shape (n_rows,)
    target : float
    """
    some = np.linspace(0, rows.n_rows - 1, min(rows.n_rows, _SAMPLE)).astype(int)
    share = weight[some] / weight[some].sum()
    layers = [params["encoder"][f"layer_{i}"] for i in range(len(params["encoder"]))]
    code = _through(layers, network.encoder.activation, rows.standardised(some))
    mean = share @ code
    deviation = np.sqrt(share @ np.square(code - mean))
    varies = deviation > 1e-6
    factor = np.divide(_SPREAD, deviation, out=np.ones_like(deviation), where=varies)
    centred = (code - mean) * factor
    bias = _bias(centred, share, target) - mean * factor
    layers[-1]["kernel"] = (layers[-1]["kernel"] * factor).astype(np.float32)
    layers[-1]["bias"] = (layers[-1]["bias"] * factor + bias).astype(np.float32)
    return params


def _through(layers, activation, x):
    """What enters the code's activation."""
    a = x.astype(np.float64)
    for i, layer in enumerate(layers):
        a = a if i == 0 else ACTIVATIONS[activation](a, np)
        a = a @ layer["kernel"] + layer["bias"]
    return a


def _bias(code, share, target):
    """By unit, the shift at which the mean of the logistic code is `target`: by bisection."""
    low, high = np.full((2, code.shape[1]), [[-60.0], [60.0]])
    for _ in range(50):
        middle = 0.5 * (low + high)
        below = share @ ACTIVATIONS["logistic"](code + middle, np) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
