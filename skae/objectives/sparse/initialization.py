"""Where logistic codes that shall be sparse start: each unit mostly off, and on for a few samples.

A mean of .1 is also reached by a unit that is always a little on, and training that starts near
there stays there: a mean says nothing of how a unit comes by it.
"""

import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.inference import apply_in_blocks
from skae.core.networks import Network
from skae.core.networks.ends import code_layer
from skae.core.networks.network import layers_in_order

__all__ = ["sparse_start"]

_SAMPLE = 1000
# standard deviation of a unit before its activation: enough for off and on, and for slopes
_SPREAD = 3.0


def sparse_start(params: dict, network: Network, samples, weight, rng, *, target: float) -> dict:
    """Weights whose code layer is scaled and shifted so that each unit's mean is `target`.

    Parameters
    ----------
    params : dict
        Random initial weights; those of the encoder's last layer are changed.
    network : Network
        With a linear path, or codes that are not logistic, nothing is changed.
    samples : Samples
        Training samples in units of training; at most 1,000 of them are read.
    weight : ndarray of shape (n_samples,)
    target : float
    """
    del rng
    if network.linear_path or network.code_activation != "logistic":
        return params
    some = np.linspace(0, samples.n_samples - 1, min(samples.n_samples, _SAMPLE)).astype(int)
    share = weight[some] / weight[some].sum()
    code = _before_activation(params, network, samples.standardized(some))
    mean = share @ code
    deviation = np.sqrt(share @ np.square(code - mean))
    varies = deviation > 1e-6
    factor = np.divide(_SPREAD, deviation, out=np.ones_like(deviation), where=varies)
    centered = (code - mean) * factor
    bias = _bias(centered, share, target) - mean * factor
    last = code_layer(params)
    last["kernel"] = (last["kernel"] * factor).astype(np.float32)
    last["bias"] = (last["bias"] * factor + bias).astype(np.float32)
    return params


def _before_activation(params, network, x):
    """What enters the code's activation; dense layers are quick in NumPy, others are compiled."""
    if code_layer(params) is params["encoder"].get("head"):
        codes = np.empty((len(x), network.n_components), np.float32)
        apply_in_blocks(_preactivation, network, params, x.shape, lambda part: x[part], codes)
        return codes.astype(np.float64)
    a = x.astype(np.float64)
    for i, layer in enumerate(layers_in_order(params["encoder"])):
        a = a if i == 0 else ACTIVATIONS[network.encoder.activation](a, np)
        a = a @ layer["kernel"] + layer["bias"]
    return a


def _preactivation(network, params, x):
    return network.preactivation(params, x)


def _bias(code, share, target):
    """By unit, the shift at which the mean of the logistic code is `target`: by bisection."""
    low, high = np.full((2, code.shape[1]), [[-60.0], [60.0]])
    for _ in range(50):
        middle = 0.5 * (low + high)
        below = share @ ACTIVATIONS["logistic"](code + middle, np) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
