"""Networks from their descriptions in plain Python: the one place that knows all kinds."""

from collections.abc import Callable

from skae.core.networks.convolution import method_for
from skae.core.networks.dense import dense_parts
from skae.core.networks.images import convolutional_parts
from skae.core.networks.maps import MapNetwork, map_parts
from skae.core.networks.network import Network
from skae.core.networks.own_modules import own_parts
from skae.core.networks.recurrence import recurrent_parts
from skae.core.networks.residual import residual_parts

__all__ = ["build_network"]

_PARTS: dict[str, Callable] = {
    "dense": dense_parts,
    "convolutional": convolutional_parts,
    "recurrent": recurrent_parts,
    "residual": residual_parts,
    "maps": map_parts,
    "own": own_parts,
}


def build_network(
    description: dict, n_features: int, n_components: int, platform: str, **options
) -> Network:
    """The network of a description, computed as is fast on a platform of JAX.

    Parameters
    ----------
    description : dict
        "kind", and what the parts of that kind are made of.
    n_features, n_components : int
    platform : str
        "cpu", "gpu" or "tpu". What is computed does not depend on it, up to rounding.
    **options
        `Network`'s own fields.
    """
    fields = dict(description)
    kind = fields.pop("kind")
    if kind in ("dense", "residual"):
        fields["n_features"] = n_features
    if kind == "dense":
        options["tied"] = fields["tied"]
    if kind in ("convolutional", "maps"):
        fields["method"] = method_for(platform)
    encoder, decoder = _PARTS[kind](n_components * options.get("heads", 1), **fields)
    network = MapNetwork if kind == "maps" else Network
    return network(encoder, decoder, n_features, n_components, **options)
