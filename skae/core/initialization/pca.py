"""PCA initialization: the linear skip connection holds the principal components, the rest is zero.

So training starts at the reconstruction error of PCA and reduces it.
"""

import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.initialization.principal_components import Components
from skae.core.losses import LOSSES
from skae.core.networks import Network, initial_weights

__all__ = ["MAX_LINEAR_PATH", "pca_start"]

# weights of the linear skip connection beyond which there is none
MAX_LINEAR_PATH = 20_000_000

# standard deviation of a bounded code's preactivation at the start: well inside the linear range
_LINEAR_RANGE = 0.5


def pca_start(network: Network, loss: str, components: Components, blocks, weight, rng) -> dict:
    """Initial weights with which the reconstructions are those of PCA.

    Parameters
    ----------
    network : Network
        With a linear skip connection.
    loss : str
        A name in `LOSSES`.
    components : Components
        Of the training samples.
    blocks : callable
        Returns an iterator over ``(slice, samples)`` of the training samples in the units of the
        network.
    weight : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
        For the layers inside.
    """
    params = initial_weights(network, rng)
    vectors = components.vectors.astype(np.float64)
    deviations = components.deviations.astype(np.float64)
    mean = np.zeros(network.n_features)
    if not LOSSES[loss].standardized:
        mean = sum(weight[part] @ samples.astype(np.float64) for part, samples in blocks())
        mean = mean / np.sum(weight)
    if network.code_activation == "identity":
        into, back, output = vectors, vectors.T, mean
        code_scale = _code_scale(deviations)
    else:
        spread = np.where(deviations > 0, deviations, np.inf)
        into = _LINEAR_RANGE * vectors / spread
        back, output = _least_squares(network, into, mean, blocks, weight)
        code_scale = np.ones(network.n_components)
    # The reconstruction is link(output), so the linear map to samples becomes its first-order
    # expansion around the mean in the units of the output.
    at_mean = LOSSES[loss].inverse_link(mean)
    slope = LOSSES[loss].inverse_link_slope(at_mean)
    back, output = back * slope, at_mean + (output - mean) * slope
    params["fixed"] = {"code_scale": code_scale}
    params["linear"] = _linear_path(network, into, back)
    encoder_bias = np.zeros(network.heads * network.n_components)
    encoder_bias[: network.n_components] = -mean @ into / code_scale
    network.initialize_linear(params, encoder_bias, output)
    return _as_float32(params)


def _code_scale(deviations):
    """The codes' standard deviations, floored: the networks beside the path see codes of unit
    variance.
    """
    if not np.any(deviations > 0):
        return np.ones_like(deviations)
    smallest = deviations[deviations > 0].min()
    return np.maximum(np.where(deviations > 0, deviations, smallest), 1e-3 * deviations.max())


def _least_squares(network, into, mean, blocks, weight):
    """The linear map with intercept from the starting codes back to the samples."""
    activation = ACTIVATIONS[network.code_activation]
    width = network.n_components + 1
    gram, cross = np.zeros((width, width)), np.zeros((width, network.n_features))
    for part, samples in blocks():
        samples = samples.astype(np.float64)
        codes = activation((samples - mean) @ into, np)
        codes = codes > 0.5 if network.binary else codes
        codes = np.column_stack([codes, np.ones(len(samples))])
        weighted = codes * weight[part, None]
        gram += weighted.T @ codes
        cross += weighted.T @ samples
    # directions without variance (missing components) get no weight
    solution = np.linalg.lstsq(gram, cross, rcond=1e-10)[0]
    return solution[:-1], solution[-1]


def _linear_path(network, into, back):
    if not network.tied:
        return {"encoder": into, "decoder": back}
    if not network.gain:
        return {"encoder": into}
    norm = np.sum(np.square(into), axis=0)
    inner = np.sum(into.T * back, axis=1)
    return {"encoder": into, "gain": np.divide(inner, norm, out=np.ones_like(norm), where=norm > 0)}


def _as_float32(tree):
    if isinstance(tree, dict):
        return {name: _as_float32(leaf) for name, leaf in tree.items()}
    return np.asarray(tree, np.float32)
