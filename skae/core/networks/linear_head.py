"""A linear head on the first layers of an encoder: the networks of classifiers and regressors.

Layers that are trained keep their names among the weights, and frozen layers theirs among the
constants.
"""

from dataclasses import dataclass
from typing import Any

import jax

from skae.core.activations import ACTIVATIONS
from skae.core.networks.dropout import apply_dropout, with_dropout
from skae.core.networks.network import Network

__all__ = ["HeadedNetwork", "LinearHead", "adopted_weights"]


@dataclass(frozen=True)
class LinearHead:
    """A linear head alone: ``outputs(x) = x W + b``."""

    n_features: int
    n_outputs: int

    def outputs(self, params: Any, x: jax.Array, dropout: tuple | None = None) -> jax.Array:
        """Outputs of shape (n_samples, n_outputs).

        `dropout` is (key, rate) in training, else None.
        """
        if dropout is not None:
            x = apply_dropout(x, *dropout)
        return x @ params["head"]["kernel"] + params["head"]["bias"]


@dataclass(frozen=True)
class HeadedNetwork:
    """The first `n_layers` layers of a network's encoder, and a linear head of `n_outputs`.

    With ``e`` those layers (all of them: the codes, with the linear skip connection), and constants
    ``m`` and ``s`` that standardize their output::

        outputs(x) = (e(x) - m) / s W + b
    """

    network: Network
    n_layers: int
    n_outputs: int

    @property
    def n_features(self) -> int:
        """Number of features of a sample."""
        return self.network.n_features

    @property
    def threshold(self) -> float:
        """Output of the last of the layers above which a unit is active."""
        is_whole = self.n_layers == self.network.encoder.n_layers
        if is_whole and self.network.binary:
            return 0.5
        if is_whole:
            return ACTIVATIONS[self.network.code_activation].at_zero
        return ACTIVATIONS[self.network.encoder.hidden_activation].at_zero

    def features(self, params: Any, x: jax.Array) -> jax.Array:
        """Output of the layers, flattened, of shape (n_samples, any)."""
        encoder = _merged(params["encoder"], params["fixed"].get("encoder", {}))
        if self.n_layers < self.network.encoder.n_layers:
            module = self.network.encoder.lowest(self.n_layers)
            output: Any = module.apply({"params": encoder}, x)
            return output.reshape(x.shape[0], -1)
        linear = params.get("linear", params["fixed"].get("linear"))
        return self.network.encode(
            {"encoder": encoder, "linear": linear, "fixed": params["fixed"]}, x
        )

    def outputs(self, params: Any, x: jax.Array, dropout: tuple | None = None) -> jax.Array:
        """Outputs of shape (n_samples, n_outputs).

        `dropout` is (key, rate) in training, else None. It applies to the units of all hidden
        layers and to the inputs of the head.
        """
        if dropout is None:
            features = self._standardized_features(params, x)
        else:
            (key, rate), n_hidden = dropout, self.n_layers - 1
            features = with_dropout(
                lambda: self._standardized_features(params, x), n_hidden, key, rate
            )
            dropout = jax.random.fold_in(key, n_hidden), rate
        return LinearHead(features.shape[-1], self.n_outputs).outputs(params, features, dropout)

    def _standardized_features(self, params, x):
        unit = params["fixed"]["unit"]
        return (self.features(params, x) - unit["mean"]) / unit["scale"]


def adopted_weights(
    network: Network, params: dict[str, Any], n_layers: int, n_frozen: int
) -> dict[str, Any]:
    """Weights of the first `n_layers` layers, with the first `n_frozen` among the constants.

    The linear skip connection belongs to the layer of the codes.
    """
    paths = network.encoder.layer_paths
    frozen: dict = {"encoder": _selected(params["encoder"], paths[:n_frozen])}
    free: dict = {"encoder": _selected(params["encoder"], paths[n_frozen:n_layers])}
    if network.linear_path and n_layers == len(paths):
        part = frozen if n_frozen == n_layers else free
        part["linear"] = {"encoder": params["linear"]["encoder"]}
        frozen["code_scale"] = params["fixed"]["code_scale"]
    return {**free, "fixed": frozen}


def _selected(weights, paths) -> dict:
    """The weights at these paths, in new dicts."""
    chosen: dict = {}
    for path in paths:
        part, source = chosen, weights
        for name in path[:-1]:
            part, source = part.setdefault(name, {}), source[name]
        part[path[-1]] = source[path[-1]]
    return chosen


def _merged(one, other):
    """The leaves of two nested dicts in one."""
    if not isinstance(one, dict):
        return one
    both = {name: _merged(one[name], other[name]) for name in one if name in other}
    return {**other, **one, **both}
