"""Descriptions of networks in plain Python, and networks built from them."""

from functools import lru_cache
from numbers import Integral
from typing import Any

from skae.core.devices import default_device
from skae.core.initialization.pca import MAX_LINEAR_PATH
from skae.core.losses import LOSSES
from skae.core.networks import Network, build_network
from skae.core.networks.module_checks import check_modules
from skae.core.networks.own_modules import describe_module, is_module, rebuilt
from skae.estimators.base.automatic import automatic_hidden_layer_sizes
from skae.estimators.base.direct_codes import check_direct_code

__all__ = [
    "describe",
    "describe_dense",
    "describe_modules",
    "network_of",
    "portable_network",
    "widths",
]


def describe(parameters: dict, network: dict, n_features: int, **options: Any) -> dict:
    """Description of everything that the fitted functions depend on, in plain Python.

    Parameters
    ----------
    parameters : dict
        Resolved parameters of the estimator.
    network : dict
        Description of encoder and decoder: see `describe_dense` and `skae.networks`.
    n_features : int
    **options
        "heads", "binary" and "prior_units" of the estimator's class.

    Returns
    -------
    architecture : dict
    """
    n_components = int(parameters["n_components"])
    check_direct_code(network, n_components, options["heads"], parameters["init"])
    small = n_features * n_components <= MAX_LINEAR_PATH
    # Only where it is True, since files of earlier versions have no such entry.
    unit_decoder = {"unit_decoder": True} if parameters.get("decoder_norm") == "unit" else {}
    return {
        "n_features": n_features,
        "n_components": n_components,
        "network": network,
        "code_activation": parameters["code_activation"],
        "linear_path": parameters["init"] == "pca" and small,
        **options,
        "n_active": parameters.get("n_active"),
        "loss": parameters["loss"],
        **unit_decoder,
    }


def describe_dense(parameters: dict, n_features: int) -> dict:
    """Description of the dense network with these parameters."""
    encoder = parameters["hidden_layer_sizes"]
    if encoder == "auto":
        encoder = automatic_hidden_layer_sizes(n_features, int(parameters["n_components"]))
    encoder = widths("hidden_layer_sizes", encoder)
    decoder = parameters["decoder_hidden_layer_sizes"]
    decoder = encoder[::-1] if decoder is None else widths("decoder_hidden_layer_sizes", decoder)
    if parameters["tied_weights"] and decoder != encoder[::-1]:
        raise ValueError(
            f"decoder_hidden_layer_sizes={decoder} does not mirror hidden_layer_sizes={encoder}: "
            "tied_weights=True uses the encoder's matrices, so set it to None"
        )
    return {
        "kind": "dense",
        "encoder_widths": encoder,
        "decoder_widths": decoder,
        "activation": parameters["activation"],
        "tied": bool(parameters["tied_weights"]),
    }


def describe_modules(modules: tuple, n_features: int, n_components: int) -> dict:
    """Checked description of a user's (encoder, decoder)."""
    if len(modules) != 2 or not all(map(is_module, modules)):
        raise ValueError(
            "network must be None, a specification of skae.networks, or a pair (encoder, decoder) "
            f"of flax.linen modules, got {modules!r}"
        )
    encoder, decoder = map(describe_module, modules)
    _check_modules(_freeze(encoder), _freeze(decoder), n_features, n_components)
    return {"kind": "own", "encoder": encoder, "decoder": decoder}


# Checking traces the modules, and every fit and clone describes the same ones.
@lru_cache(maxsize=64)
def _check_modules(encoder: Any, decoder: Any, n_features: int, n_components: int) -> None:
    modules = rebuilt(_unfreeze(encoder)), rebuilt(_unfreeze(decoder))
    check_modules(*modules, n_features, n_components)


def widths(name: str, sizes: Any) -> tuple[int, ...]:
    """Widths of layers as ints; an int is one layer. Raises ValueError if one is not positive."""
    layers = (sizes,) if isinstance(sizes, Integral) else sizes
    if not all(_is_width(size) for size in layers):
        raise ValueError(f"{name}={sizes!r} must hold integers of at least 1, such as (128, 32)")
    return tuple(int(size) for size in layers)


def _is_width(size: Any) -> bool:
    return hasattr(size, "__index__") and not isinstance(size, bool) and size >= 1


# A class of its own, since tuples are values of descriptions too.
class _Items(tuple):
    """Hashable items of a dict."""

    __slots__ = ()


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return _Items((name, _freeze(item)) for name, item in value.items())
    return tuple(map(_freeze, value)) if isinstance(value, tuple | list) else value


def _unfreeze(value: Any) -> Any:
    if isinstance(value, _Items):
        return {name: _unfreeze(item) for name, item in value}
    return tuple(map(_unfreeze, value)) if isinstance(value, tuple) else value


def network_of(architecture: dict, device: Any = None) -> Network:
    """The network of a description, in the implementation that is fast on the device."""
    device = default_device() if device is None else device
    return _build(_freeze(architecture), device.platform)


def portable_network(architecture: dict) -> Network:
    """The network of a description with XLA's convolutions, for export to other libraries."""
    # on CPUs convolutions are computed as matrix products of windows, which exported files need not
    return _build(_freeze(architecture), "gpu")


# Networks are static arguments of programs: equal descriptions give the same object, which compares
# and hashes fast.
@lru_cache(maxsize=256)
def _build(architecture: Any, platform: str) -> Network:
    fields = _unfreeze(architecture)
    network = fields.pop("network")
    standardized = LOSSES[fields.pop("loss")].standardized
    identity = fields["code_activation"] == "identity"
    # without a prior, a non-linear activation and a link, the decoder's skip connection is the
    # transpose of the encoder's; otherwise tied weights need a gain of their own
    is_transpose = not fields.pop("prior_units") and identity and standardized
    gain = network.get("tied", False) and fields["linear_path"] and not is_transpose
    return build_network(network, platform=platform, gain=gain, **fields)
