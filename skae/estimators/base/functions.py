"""Pure JAX functions of a fitted autoencoder in the user's units."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.compile.settings import standard_settings
from skae.core.data.units import (
    clip_to_float32,
    portable_units,
    restore_portable,
    standardize_portable,
)
from skae.core.losses import LOSSES
from skae.core.networks import Network
from skae.estimators.base.architecture import portable_network
from skae.export.portable import Portable

__all__ = [
    "FARTHEST_CODE",
    "decode_in_units",
    "encode_in_units",
    "function_params",
    "link_of",
    "logits_in_units",
    "portable",
    "portable_over",
]


#: largest absolute value of a code in standardized units, so that sums in the decoder stay finite
FARTHEST_CODE = 1e20


@standard_settings()
def encode_in_units(network: Network, params: dict[str, Any], X: Any) -> jax.Array:
    """Encode samples."""
    codes = network.encode(params["network"], standardize_portable(params, X))
    return clip_to_float32(codes * params["code_unit"])


@standard_settings()
def logits_in_units(network: Network, params: dict[str, Any], X: Any) -> jax.Array:
    """Codes of samples before their activation."""
    return network.preactivation(params["network"], standardize_portable(params, X))


@standard_settings()
def decode_in_units(network: Network, link: Callable, params: dict[str, Any], Z: Any) -> jax.Array:
    """Decode codes."""
    # as in `inverse_transform`: codes beyond this overflow in the decoder
    codes = jnp.clip(jnp.asarray(Z) / params["code_unit"], -FARTHEST_CODE, FARTHEST_CODE)
    output = network.decode(params["network"], codes)
    return restore_portable(params, link(output))


@standard_settings()
def _reconstruct_in_units(
    network: Network, link: Callable, params: dict[str, Any], X: Any
) -> jax.Array:
    """Encode and decode samples."""
    output = network.reconstruct(params["network"], standardize_portable(params, X))
    return restore_portable(params, link(output))


def function_params(autoencoder: Any) -> dict[str, Any]:
    """Weights, mean, scale and unit of codes of a fitted autoencoder."""
    return {
        "network": autoencoder.params_,
        **portable_units(autoencoder._units),
        "code_unit": np.float32(autoencoder._code_unit),
    }


def link_of(architecture: dict) -> Callable:
    """The function from the raw output of the decoder to the reconstruction."""
    return LOSSES[architecture["loss"]].link


def portable(autoencoder: Any, method: str) -> Portable:
    """A method of a fitted autoencoder as a pure function, for export."""
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


def portable_over(architecture: dict, function: Callable, width: int) -> Portable:
    """A function of any number of samples of a given width, for export.

    A user's modules may depend on the number of samples in Python, as ``len(x)`` does, which is
    symbolic in an export. So they are applied to one sample at a time.
    """
    if architecture["network"]["kind"] == "own":
        return Portable(jax.vmap(lambda sample: function(sample[None])[0]), width)
    return Portable(function, width)


def _codes(network: Network, params: dict[str, Any], X: Any) -> jax.Array:
    codes = encode_in_units(network, params, X)
    return codes.astype(jnp.uint8) if network.binary else codes
