"""Networks from their descriptions in plain Python: the registry of kinds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skae.core.networks.dense import dense_parts
from skae.core.networks.images import convolutional_parts
from skae.core.networks.maps import MapNetwork, map_parts
from skae.core.networks.modules import Decoder, Encoder
from skae.core.networks.network import Network
from skae.core.networks.own_modules import own_parts
from skae.core.networks.recurrence import recurrent_parts
from skae.core.networks.residual import residual_parts

__all__ = ["build_network"]


@dataclass(frozen=True)
class _Kind:
    """A kind of network.

    ``parts(width, n_features=..., platform=..., **fields)`` returns encoder and decoder; `width` is
    that of the encoder's last layer, `fields` are those of the description.
    """

    parts: Callable[..., tuple[Encoder, Decoder]]
    network: type[Network] = Network


_KINDS = {
    "dense": _Kind(dense_parts),
    "convolutional": _Kind(convolutional_parts),
    "recurrent": _Kind(recurrent_parts),
    "residual": _Kind(residual_parts),
    "maps": _Kind(map_parts, MapNetwork),
    "own": _Kind(own_parts),
}


def build_network(
    description: dict[str, Any], n_features: int, n_components: int, platform: str, **options: Any
) -> Network:
    """The network of a description, with the implementation that is fast on a platform of JAX.

    Parameters
    ----------
    description : dict
        "kind", and the arguments that the kind's encoder and decoder are built from.
    n_features, n_components : int
    platform : str
        "cpu", "gpu" or "tpu". Results do not depend on it, up to rounding.
    **options
        Fields of `Network`.
    """
    fields = dict(description)
    kind = _KINDS[fields.pop("kind")]
    width = n_components * options.get("heads", 1)
    encoder, decoder = kind.parts(width, n_features=n_features, platform=platform, **fields)
    return kind.network(encoder, decoder, n_features, n_components, **options)
