"""Base classes of encoders and decoders: what code for all kinds of networks uses of them.

A kind of network is a pair of subclasses. Everything that depends on the kind is a method or a
class attribute here, so that other modules test neither types nor names of weights. Methods take
the weights of the encoder or of the decoder alone, as nested dicts.
"""

from typing import Any, ClassVar

import flax.linen as nn
import jax
import numpy as np

__all__ = ["Decoder", "Encoder", "EncoderBody", "EncoderWithHead", "Path", "layers_in_order"]

#: Keys that lead to weights in nested dicts.
Path = tuple[str, ...]


def layers_in_order(layers: dict[str, Any]) -> list[Any]:
    """Weights of layers ``layer_0``, ``layer_1``, ..., by number."""
    # As strings, layer_10 sorts before layer_2.
    return [layers[name] for name in sorted(layers, key=lambda name: int(name.split("_")[-1]))]


class _Half(nn.Module):
    """Base of encoders and decoders."""

    #: Global norm that gradients are clipped to in training; None for no clipping.
    clip_norm: ClassVar[float | None] = None
    #: Whether ``body`` is a module of the user, with initializers of its own.
    is_user_defined: ClassVar[bool] = False
    #: Filter ``(module, method_name) -> bool`` of the calls whose outputs flax captures. The hidden
    #: layers of skae's modules are captured by `hidden_output` instead.
    capture_filter: ClassVar[Any] = False

    @property
    def hidden_activation(self) -> str:
        """Name of the activation of the hidden layers."""
        # Recurrent layers output products with tanh. User-defined modules draw their own weights.
        return "tanh"

    @property
    def output_layer(self) -> str | None:
        """Name of the last layer among the weights; None where it is unknown."""
        raise NotImplementedError

    @property
    def is_single_dense_layer(self) -> bool:
        """Whether one dense layer is everything."""
        return False

    @property
    def output_share(self) -> float:
        """Share of the entries of a convolution kernel that contribute to one entry of output."""
        return 1.0

    def hidden_output(self, x: jax.Array) -> jax.Array:
        """The output of a hidden layer, unchanged: captured by flax and subject to dropout.

        Dropout intercepts calls of this method, see `core.networks.dropout`.
        """
        self.sow("intermediates", "hidden", x)
        return x


class Encoder(_Half):
    """Base of encoders, and of the parts of encoders below a dense layer."""

    @property
    def n_layers(self) -> int:
        """Number of layers, including the one that computes the codes."""
        raise NotImplementedError

    @property
    def layer_paths(self) -> list[Path]:
        """Where the weights of each layer are, from the input on."""
        return [(f"layer_{i}",) for i in range(self.n_layers)]

    @property
    def output_layer(self) -> str:
        """Name of the last layer among the weights."""
        return f"layer_{self.n_layers - 1}"

    @property
    def has_dense_code(self) -> bool:
        """Whether the last layer is dense, with one kernel column and one bias for each output."""
        return True

    @nn.nowrap
    def lowest(self, n_layers: int) -> nn.Module:
        """The first `n_layers` layers alone, with the activation after the last of them."""
        raise NotImplementedError

    @nn.nowrap
    def pairs(self, network: Any) -> list[Any]:
        """The `LayerPair` of each layer of a network with this encoder, the lowest first.

        Empty for encoders without layer-wise pretraining.
        """
        del network
        return []


class EncoderBody(nn.Module):
    """The body of an `EncoderWithHead` without the head; weights are at the same paths."""

    body: nn.Module

    @nn.compact
    def __call__(self, x: jax.Array) -> Any:
        """The output of the body for samples `x`."""
        return self.body(x)


class EncoderWithHead(Encoder):
    """A body from (n_samples, n_features) to any shape, flattened, then a dense layer."""

    body: Any
    width: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """The output of the dense layer for samples `x`, of shape (n_samples, width)."""
        hidden = self.body(x)
        return nn.Dense(self.width, name="head")(hidden.reshape(x.shape[0], -1))

    @property
    def hidden_activation(self) -> str:
        """Name of the activation of the body's layers."""
        return self.body.hidden_activation

    @property
    def n_layers(self) -> int:
        """Number of the body's layers and one for the head."""
        return self.body.n_layers + 1

    @property
    def layer_paths(self) -> list[Path]:
        """Where the weights of each layer are, the head last."""
        return [*(("body", *path) for path in self.body.layer_paths), ("head",)]

    @property
    def output_layer(self) -> str:
        """The head."""
        return "head"

    @nn.nowrap
    def lowest(self, n_layers: int) -> nn.Module:
        """The first `n_layers` layers of the body."""
        return EncoderBody(self.body.lowest(n_layers))


class Decoder(_Half):
    """Base of decoders; by default, the layers "input" and "output" are the first and the last."""

    #: Whether the kernels are the encoder's, transposed.
    is_tied: ClassVar[bool] = False

    @property
    def output_layer(self) -> str | None:
        """Name of the last layer among the weights."""
        return "output"

    @nn.nowrap
    def code_kernel(self, weights: dict[str, Any]) -> Any:
        """Kernel of the first layer, of shape (n_components, any).

        None where the decoder has no such weights of its own or they are unknown.
        """
        kernel = weights["input"]["kernel"]
        return kernel.reshape(kernel.shape[0], -1)

    @nn.nowrap
    def output_offset(self, weights: dict[str, Any], encoder: dict[str, Any]) -> Any:
        """Output of shape (n_features,) after `initialize_constant`, with the encoder's weights."""
        del weights, encoder
        return 0.0

    @nn.nowrap
    def initialize_constant(
        self, weights: dict[str, Any], encoder: dict[str, Any], offset: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Change initial weights in place so that the output does not depend on the code.

        Parameters
        ----------
        weights : dict
            The decoder's.
        encoder : dict
            The encoder's weights, which tied decoders share; the kernel of the last layer is 0.
        offset : ndarray of shape (n_features,)
            The constant that decoder and linear skip connection together add to each sample.

        Returns
        -------
        linear : dict
            Further weights of the linear skip connection that are needed for it.
        """
        del encoder
        for leaf in jax.tree.leaves(weights["output"]):
            leaf[...] = 0.0
        return {"offset": offset}
