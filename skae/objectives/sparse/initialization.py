"""Initialization of sparse logistic codes: each unit is inactive for most samples.

A mean activation of 0.1 is also reached by a unit that is slightly active for all samples, and
training that is initialized there does not leave that solution: the mean does not determine the
distribution. So each unit starts with a large spread before its activation, and with the bias
that gives its target mean.
"""

import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks
from skae.core.networks import DenseStack, Network
from skae.core.networks.modules import layers_in_order

__all__ = ["sparse_initialization"]

_MAX_SAMPLES = 1000
# Standard deviation of a unit before its activation. Units are then clearly active or inactive,
# and the derivative of the logistic function is not yet negligible.
_SPREAD = 3.0
_N_BISECTIONS = 50


def sparse_initialization(
    params: dict,
    network: Network,
    samples: Samples,
    weight: np.ndarray,
    rng: np.random.Generator,
    *,
    target: float,
) -> dict:
    """Scale and shift the code layer so that each unit has the mean activation `target`.

    Parameters
    ----------
    params : dict
        Random initial weights; those of the encoder's last layer are changed.
    network : Network
        Nothing is changed with a linear skip connection, with codes that are not logistic, or
        where no dense layer computes them.
    samples : Samples
        At most 1,000 of them are used.
    weight : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
        Not used.
    target : float

    Returns
    -------
    params : dict
    """
    del rng
    is_logistic = network.code_activation == "logistic"
    if network.linear_path or not is_logistic or not network.encoder.has_dense_code:
        return params
    index = np.linspace(0, samples.n_samples - 1, min(samples.n_samples, _MAX_SAMPLES)).astype(int)
    share = weight[index] / weight[index].sum()
    code = _before_activation(params, network, samples.standardized(index))
    mean = share @ code
    deviation = np.sqrt(share @ np.square(code - mean))
    varies = deviation > 1e-6
    factor = np.divide(_SPREAD, deviation, out=np.ones_like(deviation), where=varies)
    centered = (code - mean) * factor
    bias = _bias(centered, share, target) - mean * factor
    last = network.code_layer(params)
    last["kernel"] = (last["kernel"] * factor).astype(np.float32)
    last["bias"] = (last["bias"] * factor + bias).astype(np.float32)
    return params


def _before_activation(params, network, x):
    """Codes before their activation.

    Dense layers are computed in NumPy, which saves a compilation; other networks are compiled.
    """
    if not isinstance(network.encoder, DenseStack):
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
    """For each unit, the bias that gives its logistic code the mean `target`, by bisection."""
    low, high = np.full((2, code.shape[1]), [[-60.0], [60.0]])
    for _ in range(_N_BISECTIONS):
        middle = 0.5 * (low + high)
        below = share @ ACTIVATIONS["logistic"](code + middle, np) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
