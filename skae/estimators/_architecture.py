"""From parameters to a network, and from a fitted description back to the same network."""

from functools import lru_cache

import jax

from skae.core.losses import LOSSES
from skae.core.networks import Network, dense_network
from skae.estimators._automatic import automatic_hidden_layer_sizes

__all__ = ["MAX_LINEAR_PATH", "describe", "find_device", "network_of", "widths"]

# weights of the linear path beyond which it is left out
MAX_LINEAR_PATH = 20_000_000


def describe(parameters: dict, n_features: int, *, heads=1, binary=False, prior_units=False):
    """The network that the parameters ask for, in plain Python."""
    n_components = int(parameters["n_components"])
    encoder = parameters["hidden_layer_sizes"]
    if encoder == "auto":
        encoder = automatic_hidden_layer_sizes(n_features, n_components)
    encoder = widths("hidden_layer_sizes", encoder)
    decoder = parameters["decoder_hidden_layer_sizes"]
    decoder = encoder[::-1] if decoder is None else widths("decoder_hidden_layer_sizes", decoder)
    if parameters["tied_weights"] and decoder != encoder[::-1]:
        raise ValueError(
            f"decoder_hidden_layer_sizes={decoder} does not mirror hidden_layer_sizes={encoder}: "
            "tied_weights=True uses the encoder's matrices, so leave it None"
        )
    small = n_features * n_components <= MAX_LINEAR_PATH
    return {
        "n_features": n_features,
        "encoder_widths": encoder,
        "n_components": n_components,
        "decoder_widths": decoder,
        "activation": parameters["activation"],
        "code_activation": parameters["code_activation"],
        "tied": bool(parameters["tied_weights"]),
        "linear_path": parameters["init"] == "pca" and small,
        "heads": heads,
        "binary": binary,
        "prior_units": prior_units,
        "n_active": parameters.get("n_active"),
        "loss": parameters["loss"],
    }


def widths(name, sizes) -> tuple[int, ...]:
    """Checked widths of layers."""
    if not all(_is_width(size) for size in sizes):
        raise ValueError(f"{name}={sizes!r} must hold integers of at least 1, such as (128, 32)")
    return tuple(int(size) for size in sizes)


def _is_width(size):
    return hasattr(size, "__index__") and not isinstance(size, bool) and size >= 1


def network_of(architecture: dict) -> Network:
    """The network of a description made by `describe`."""
    return _build(tuple(architecture.items()))


@lru_cache(maxsize=256)
def _build(items) -> Network:
    fields = dict(items)
    centred = LOSSES[fields.pop("loss")].centred
    identity = fields["code_activation"] == "identity"
    # the way back is the way in where codes are the principal components' own
    same = not fields.pop("prior_units") and identity and centred
    gain = fields["tied"] and fields["linear_path"] and not same
    return dense_network(**fields, gain=gain)


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
