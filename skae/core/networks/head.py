"""A head on the first layers of an encoder: the networks of classifiers and regressors.

Layers that are trained keep their names among the weights, and frozen layers theirs among the
constants.
"""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.networks.dropout import apply_dropout, with_dropout
from skae.core.networks.network import Network
from skae.core.networks.weights import drawn_kernel

__all__ = ["Head", "HeadedNetwork", "adopted_weights"]


@dataclass(frozen=True)
class Head:
    """A head alone: dense hidden layers, if any, and a linear output layer."""

    n_features: int
    n_outputs: int
    hidden_sizes: tuple[int, ...] = ()
    activation: str = "gelu"

    def initial_weights(self, rng: np.random.Generator) -> dict[str, Any]:
        """Hidden kernels by the activation; the output layer and all biases are zero."""
        head: dict = {}
        n_inputs = self.n_features
        for i, size in enumerate(self.hidden_sizes):
            kernel = drawn_kernel(rng, (n_inputs, size), self.activation)
            head[f"layer_{i}"] = {"kernel": kernel, "bias": np.zeros(size, np.float32)}
            n_inputs = size
        head["kernel"] = np.zeros((n_inputs, self.n_outputs), np.float32)
        head["bias"] = np.zeros(self.n_outputs, np.float32)
        return {"head": head}

    def units(self, params: Any, x: jax.Array, dropout: tuple | None = None) -> jax.Array:
        """Inputs of the output layer: the last hidden layer, without hidden layers `x`.

        `dropout` is (key, rate) in training, else None. It applies to the inputs of each layer.
        """
        activation = ACTIVATIONS[self.activation]
        x = _dropped(x, dropout, None)
        for i in range(len(self.hidden_sizes)):
            layer = params["head"][f"layer_{i}"]
            x = _dropped(activation(x @ layer["kernel"] + layer["bias"]), dropout, i)
        return x

    def outputs(self, params: Any, x: jax.Array, dropout: tuple | None = None) -> jax.Array:
        """Outputs of shape (n_samples, n_outputs); `dropout` as for `units`."""
        units = self.units(params, x, dropout)
        return units @ params["head"]["kernel"] + params["head"]["bias"]


def _dropped(x, dropout, layer):
    """`x` with dropout, if any; `layer` is the number of the hidden layer that computed it."""
    if dropout is None:
        return x
    key, rate = dropout
    return apply_dropout(x, key if layer is None else jax.random.fold_in(key, layer), rate)


@dataclass(frozen=True)
class HeadedNetwork:
    """The first `n_layers` layers of a network's encoder, and a head of `n_outputs`.

    With ``e`` those layers (all of them: the codes, with the linear skip connection), constants
    ``m`` and ``s`` that standardize their output, and ``h`` the hidden layers of the head, if any::

        outputs(x) = h((e(x) - m) / s) W + b
    """

    network: Network
    n_layers: int
    n_outputs: int
    hidden_sizes: tuple[int, ...] = ()
    activation: str = "gelu"

    @property
    def n_features(self) -> int:
        """Number of features of a sample."""
        return self.network.n_features

    @property
    def threshold(self) -> float:
        """Value of the inputs of the output layer above which a unit is active."""
        if self.hidden_sizes:
            return ACTIVATIONS[self.activation].at_zero
        is_whole = self.n_layers == self.network.encoder.n_layers
        if is_whole and self.network.binary:
            return 0.5
        if is_whole:
            return ACTIVATIONS[self.network.code_activation].at_zero
        return ACTIVATIONS[self.network.encoder.hidden_activation].at_zero

    def head(self, n_features: int) -> Head:
        """The head for features of this width."""
        return Head(n_features, self.n_outputs, self.hidden_sizes, self.activation)

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

    def units(self, params: Any, x: jax.Array) -> jax.Array:
        """Inputs of the output layer: the last hidden layer of the head, without one `features`."""
        if not self.hidden_sizes:
            return self.features(params, x)
        features = self._standardized_features(params, x)
        return self.head(features.shape[-1]).units(params, features)

    def outputs(self, params: Any, x: jax.Array, dropout: tuple | None = None) -> jax.Array:
        """Outputs of shape (n_samples, n_outputs).

        `dropout` is (key, rate) in training, else None. It applies to the units of all hidden
        layers and to the features.
        """
        if dropout is None:
            features = self._standardized_features(params, x)
        else:
            (key, rate), n_hidden = dropout, self.n_layers - 1
            features = with_dropout(
                lambda: self._standardized_features(params, x), n_hidden, key, rate
            )
            dropout = jax.random.fold_in(key, n_hidden), rate
        return self.head(features.shape[-1]).outputs(params, features, dropout)

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
