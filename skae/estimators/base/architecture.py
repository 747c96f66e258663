"""From parameters to a network, and from a fitted description back to the same network."""

from functools import lru_cache

import jax

from skae.core.initialization.pca import MAX_LINEAR_PATH
from skae.core.losses import LOSSES
from skae.core.networks import Network, build_network
from skae.core.networks.own_modules import check_modules, describe_module, is_module
from skae.estimators.base.automatic import automatic_hidden_layer_sizes

__all__ = [
    "describe",
    "describe_dense",
    "describe_modules",
    "find_device",
    "network_of",
    "portable_network",
    "widths",
]


def describe(parameters: dict, network: dict, n_features: int, **options) -> dict:
    """All that the fitted functions depend on, in plain Python.

    Parameters
    ----------
    parameters : dict
        The estimator's, resolved.
    network : dict
        Description of encoder and decoder: see `describe_dense` and `skae.networks`.
    n_features : int
    **options
        "heads", "binary" and "prior_units" of the estimator's class.
    """
    n_components = int(parameters["n_components"])
    small = n_features * n_components <= MAX_LINEAR_PATH
    return {
        "n_features": n_features,
        "n_components": n_components,
        "network": network,
        "code_activation": parameters["code_activation"],
        "linear_path": parameters["init"] == "pca" and small,
        **options,
        "n_active": parameters.get("n_active"),
        "loss": parameters["loss"],
    }


def describe_dense(parameters: dict, n_features: int) -> dict:
    """The dense network that the parameters ask for."""
    encoder = parameters["hidden_layer_sizes"]
    if encoder == "auto":
        encoder = automatic_hidden_layer_sizes(n_features, int(parameters["n_components"]))
    encoder = widths("hidden_layer_sizes", encoder)
    decoder = parameters["decoder_hidden_layer_sizes"]
    decoder = encoder[::-1] if decoder is None else widths("decoder_hidden_layer_sizes", decoder)
    if parameters["tied_weights"] and decoder != encoder[::-1]:
        raise ValueError(
            f"decoder_hidden_layer_sizes={decoder} does not mirror hidden_layer_sizes={encoder}: "
            "tied_weights=True uses the encoder's matrices, so leave it None"
        )
    return {
        "kind": "dense",
        "encoder_widths": encoder,
        "decoder_widths": decoder,
        "activation": parameters["activation"],
        "tied": bool(parameters["tied_weights"]),
    }


def describe_modules(modules, n_features: int, n_components: int) -> dict:
    """A user's (encoder, decoder), taken apart into plain Python and checked."""
    if len(modules) != 2 or not all(map(is_module, modules)):
        raise ValueError(
            "network must be None, a specification of skae.networks, or a pair (encoder, decoder) "
            f"of flax.linen modules, got {modules!r}"
        )
    encoder, decoder = map(describe_module, modules)
    _checked(_frozen(encoder), _frozen(decoder), n_features, n_components)
    return {"kind": "own", "encoder": encoder, "decoder": decoder}


@lru_cache(maxsize=64)
def _checked(encoder, decoder, n_features, n_components):
    check_modules(_thawed(encoder), _thawed(decoder), n_features, n_components)


def widths(name, sizes) -> tuple[int, ...]:
    """Checked widths of layers."""
    if not all(_is_width(size) for size in sizes):
        raise ValueError(f"{name}={sizes!r} must hold integers of at least 1, such as (128, 32)")
    return tuple(int(size) for size in sizes)


def _is_width(size):
    return hasattr(size, "__index__") and not isinstance(size, bool) and size >= 1


class _Items(tuple):
    """A dict that hashes."""

    __slots__ = ()


def _frozen(value):
    if isinstance(value, dict):
        return _Items((name, _frozen(item)) for name, item in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, tuple | list) else value


def _thawed(value):
    if isinstance(value, _Items):
        return {name: _thawed(item) for name, item in value}
    return tuple(map(_thawed, value)) if isinstance(value, tuple) else value


def network_of(architecture: dict, device=None) -> Network:
    """The network of a description made by `describe`, as it is fast on a device of JAX."""
    device = device if device is not None else jax.local_devices()[0]
    return _build(_frozen(architecture), device.platform)


def portable_network(architecture: dict) -> Network:
    """The same, with convolutions as convolutions: for files that other libraries run."""
    return _build(_frozen(architecture), "gpu")


@lru_cache(maxsize=256)
def _build(architecture, platform) -> Network:
    fields = _thawed(architecture)
    network = fields.pop("network")
    standardized = LOSSES[fields.pop("loss")].standardized
    identity = fields["code_activation"] == "identity"
    # the way back is the way in where codes are the principal components' own
    same = not fields.pop("prior_units") and identity and standardized
    gain = network.get("tied", False) and fields["linear_path"] and not same
    return build_network(network, platform=platform, gain=gain, **fields)


def find_device(name: str | None, *, or_default: bool = False):
    """JAX's device of that name; None stays None (JAX's default).

    With `or_default`, a device that is not there is None too: a model fitted on a GPU also
    encodes where there is none.
    """
    if name is None:
        return None
    platform, _, number = name.partition(":")
    try:
        return jax.local_devices(backend=platform)[int(number or 0)]
    except (RuntimeError, IndexError, ValueError):
        if or_default:
            return None
        there = sorted({device.platform for device in jax.local_devices()} | {"cpu"})
        raise ValueError(
            f"device={name!r} is not there: use None or one of {there}, with a number as in "
            "'cpu:0' where there are several"
        ) from None
