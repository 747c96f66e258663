"""What a fitted autoencoder computes, as pure functions of JAX in the user's units."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.data.samples import FARTHEST
from skae.core.losses import LOSSES
from skae.estimators.base.architecture import portable_network
from skae.export.portable import Portable

__all__ = [
    "FARTHEST_CODE",
    "decode_in_units",
    "encode_in_units",
    "function_params",
    "link_of",
    "portable",
    "portable_over",
    "standardized",
]


#: in units of training, what the decoder's sums can bear
FARTHEST_CODE = 1e20


def encode_in_units(network, params, X):
    """Codes of samples."""
    return network.encode(params["network"], standardized(params, X)) * params["code_unit"]


def decode_in_units(network, link, params, Z):
    """Samples of codes."""
    codes = jnp.clip(jnp.asarray(Z) / params["code_unit"], -FARTHEST_CODE, FARTHEST_CODE)
    output = network.decode(params["network"], codes)
    return _in_units_of_X(params, link(output))


def _reconstruct_in_units(network, link, params, X):
    """Samples encoded and decoded."""
    output = network.reconstruct(params["network"], standardized(params, X))
    return _in_units_of_X(params, link(output))


def standardized(params, X):
    """Samples in units of training, no cell further away than `transform` takes it to be."""
    # beside a large mean, what float32 rounds off of it is as large as what varies; two constants
    # that are subtracted one after the other would be made one, and rounded
    samples = (jnp.asarray(X) - params["mean"]) / params["scale"] - params["rest"]
    return jnp.clip(samples, -FARTHEST, FARTHEST)


def _in_units_of_X(params, x_hat):
    return x_hat * params["scale"] + params["mean"]


def function_params(autoencoder) -> dict:
    """Weights and units of a fitted autoencoder."""
    mean, scale = autoencoder._units
    rounded = mean.astype(np.float32)
    return {
        "network": autoencoder.params_,
        "mean": rounded,
        "rest": ((mean - rounded) / scale).astype(np.float32),
        "scale": np.float32(scale),
        "code_unit": np.float32(autoencoder._code_unit),
    }


def link_of(architecture: dict):
    """From the decoder's raw output to the reconstruction."""
    return LOSSES[architecture["loss"]].link


def portable(autoencoder, method: str) -> Portable:
    """What a method of a fitted autoencoder computes, for files that run elsewhere."""
    architecture = autoencoder.architecture_
    network, link = portable_network(architecture), link_of(architecture)
    params, width = function_params(autoencoder), autoencoder.n_features_in_
    if method == "inverse_transform":
        function = partial(decode_in_units, network, link, params)
        width = autoencoder.n_components_
    elif method == "reconstruct":
        function = partial(_reconstruct_in_units, network, link, params)
    else:
        function = partial(_codes, network, params)
    return portable_over(architecture, function, width)


def portable_over(architecture: dict, function, width: int) -> Portable:
    """A function of samples that runs over the network of a description.

    A user's modules may ask how many samples there are, as ``len(x)`` does: they are shown one alone.
    """
    if architecture["network"]["kind"] == "own":
        return Portable(jax.vmap(lambda sample: function(sample[None])[0]), width)
    return Portable(function, width)


def _codes(network, params, X):
    codes = encode_in_units(network, params, X)
    return codes.astype(jnp.uint8) if network.binary else codes
