"""A linear head on the lowest layers of an encoder: what labels are told by.

The layers stand among the weights as the autoencoder had them, those that shall not change among
the constants.
"""

from dataclasses import dataclass, replace
from typing import Any

import flax.linen as nn
import jax

from skae.core.activations import ACTIVATIONS
from skae.core.networks.dense import DenseStack
from skae.core.networks.dropout import dropped, with_dropout
from skae.core.networks.heads import WithHead
from skae.core.networks.images import ConvolutionalEncoder
from skae.core.networks.network import Network
from skae.core.networks.recurrence import RecurrentEncoder
from skae.core.networks.residual import ResidualEncoder

__all__ = ["HeadedNetwork", "LinearHead", "adopted_weights", "n_encoder_layers"]

Path = tuple[str, ...]


class Body(nn.Module):
    """The body of an encoder without the dense layer that makes codes of it."""

    body: nn.Module

    @nn.compact
    def __call__(self, x):
        """What the body gives for samples `x`."""
        return self.body(x)


@dataclass(frozen=True)
class LinearHead:
    """A head alone, on what it is given: ``outputs(x) = x W + b``."""

    n_features: int
    n_outputs: int

    def outputs(self, params, x, dropout=None):
        """A number for each output, of shape (samples, n_outputs).

        `dropout` is (key, rate) while training, else None.
        """
        if dropout is not None:
            x = dropped(x, *dropout)
        return x @ params["head"]["kernel"] + params["head"]["bias"]


@dataclass(frozen=True)
class HeadedNetwork:
    """The `n_layers` lowest layers of a network's encoder, and a linear head of `n_outputs`.

    With ``e`` those layers (all of them: the codes, with the linear path), and constants ``m`` and
    ``s`` that make numbers of about 1 of what they give::

        outputs(x) = (e(x) - m) / s W + b
    """

    network: Network
    n_layers: int
    n_outputs: int

    @property
    def n_features(self) -> int:
        """Columns of a sample."""
        return self.network.n_features

    @property
    def threshold(self) -> float:
        """The feature of a unit that is just between off and on."""
        whole = self.n_layers == n_encoder_layers(self.network)
        if whole and self.network.binary:
            return 0.5
        if whole:
            return ACTIVATIONS[self.network.code_activation].at_zero
        module = self.network.encoder
        activation = getattr(getattr(module, "body", module), "activation", "identity")
        return ACTIVATIONS[activation].at_zero

    def features(self, params, x):
        """What the layers give, of shape (samples, any)."""
        encoder = _merged(params["encoder"], params["fixed"].get("encoder", {}))
        if self.n_layers < n_encoder_layers(self.network):
            module = _lowest(self.network.encoder, self.n_layers)
            output: Any = module.apply({"params": encoder}, x)
            return output.reshape(x.shape[0], -1)
        linear = params.get("linear", params["fixed"].get("linear"))
        return self.network.encode(
            {"encoder": encoder, "linear": linear, "fixed": params["fixed"]}, x
        )

    def outputs(self, params, x, dropout=None):
        """A number for each output, of shape (samples, n_outputs).

        `dropout` is (key, rate) while training: units of all hidden layers and of what the head
        is given are dropped.
        """
        if dropout is None:
            features = self._in_units(params, x)
        else:
            (key, rate), n_hidden = dropout, self.n_layers - 1
            features = with_dropout(lambda: self._in_units(params, x), n_hidden, key, rate)
            dropout = jax.random.fold_in(key, n_hidden), rate
        return LinearHead(features.shape[-1], self.n_outputs).outputs(params, features, dropout)

    def _in_units(self, params, x):
        unit = params["fixed"]["unit"]
        return (self.features(params, x) - unit["mean"]) / unit["scale"]


def n_encoder_layers(network: Network) -> int:
    """Layers of an encoder, that of the codes included; a user's own module is one."""
    return _count(network.encoder)


def adopted_weights(network: Network, params: dict, n_layers: int, n_frozen: int) -> dict:
    """The weights of the `n_layers` lowest layers, the `n_frozen` lowest among the constants.

    The linear path belongs to the layer of the codes.
    """
    paths = _paths(network.encoder)
    frozen: dict = {"encoder": _selected(params["encoder"], paths[:n_frozen])}
    free: dict = {"encoder": _selected(params["encoder"], paths[n_frozen:n_layers])}
    if network.linear_path and n_layers == len(paths):
        part = frozen if n_frozen == n_layers else free
        part["linear"] = {"encoder": params["linear"]["encoder"]}
        frozen["code_scale"] = params["fixed"]["code_scale"]
    return {**free, "fixed": frozen}


def _paths(module) -> list[Path]:
    """Where the weights of each layer stand, from the samples on."""
    if isinstance(module, WithHead):
        return [*(("body", *path) for path in _paths(module.body)), ("head",)]
    if isinstance(module, (ResidualEncoder, *_FIELDS)):
        return [(f"layer_{i}",) for i in range(_count(module))]
    return [()]


def _count(module) -> int:
    if isinstance(module, WithHead):
        return _count(module.body) + 1
    if isinstance(module, ResidualEncoder):
        return len(module.outer_sizes) + 1 + module.n_blocks
    for kind, field in _FIELDS.items():
        if isinstance(module, kind):
            return len(getattr(module, field))
    return 1


_FIELDS: dict[type, str] = {
    DenseStack: "widths",
    ConvolutionalEncoder: "channels",
    RecurrentEncoder: "hidden_sizes",
}


def _lowest(module, n_layers):
    """The module of the lowest layers alone, with the activation after the last of them."""
    if isinstance(module, WithHead):
        return Body(_lowest(module.body, n_layers))
    if isinstance(module, DenseStack):
        widths = module.widths[:n_layers]
        return replace(module, widths=widths, output_activation=module.activation)
    if isinstance(module, ConvolutionalEncoder):
        sizes = module.kernel_sizes[:n_layers]
        channels = module.channels[:n_layers]
        return replace(module, channels=channels, kernel_sizes=sizes, activate_last=True)
    if isinstance(module, RecurrentEncoder):
        return replace(module, hidden_sizes=module.hidden_sizes[:n_layers])
    if isinstance(module, ResidualEncoder):
        outer = module.outer_sizes
        return replace(module, outer_sizes=outer[:n_layers], n_blocks=n_layers - len(outer) - 1)
    return module


def _selected(weights, paths) -> dict:
    """Those weights, in dicts of their own."""
    chosen: dict = {}
    for path in paths:
        part, source = chosen, weights
        for name in path[:-1]:
            part, source = part.setdefault(name, {}), source[name]
        part[path[-1]] = source[path[-1]]
    return chosen


def _merged(one, other):
    if not isinstance(one, dict):
        return one
    both = {name: _merged(one[name], other[name]) for name in one if name in other}
    return {**other, **one, **both}
