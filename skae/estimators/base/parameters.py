"""Parameters of the code, and of a dense network or another one in its place."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any, ClassVar

from skae.core.activations import ACTIVATIONS
from skae.core.training.layerwise import plain_layer_objective
from skae.estimators.base.architecture import describe_dense, describe_modules
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.networks import NetworkSpecification

__all__ = ["CodeParameters", "DenseParameters"]

_DENSE_ALONE = (
    "hidden_layer_sizes",
    "decoder_hidden_layer_sizes",
    "activation",
    "tied_weights",
    "pretraining",
)


@dataclass(eq=False, repr=False)
class CodeParameters:
    """What every autoencoder has: a length of its codes, and some network."""

    n_components: int = 2
    _: KW_ONLY

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
    }

    def _describe_network(self, parameters: dict, n_features: int) -> dict:
        """Encoder and decoder in plain Python, given the resolved parameters."""
        raise NotImplementedError

    def _layer_objective(self) -> Callable:
        """A pure function that returns the objective of one pair of layers in greedy pretraining.

        ``function(depth, loss, samples, weight) -> (objective, constants)``; `samples` are the
        inputs of the pair, which the layers below compute from `depth` 1 on.
        """
        return plain_layer_objective


@dataclass(kw_only=True, eq=False, repr=False)
class DenseParameters(CodeParameters):
    """A dense network by its own parameters, or any other by `network`."""

    network: Any = None
    hidden_layer_sizes: Any = "auto"
    decoder_hidden_layer_sizes: Any = None
    activation: str = "gelu"
    tied_weights: bool = False
    pretraining: str | None = None
    pretraining_max_iter: Any = "auto"

    _parameter_constraints: ClassVar[dict] = {
        "network": [NetworkSpecification, tuple, None],
        "hidden_layer_sizes": [StrOptions({"auto"}), tuple, list],
        "decoder_hidden_layer_sizes": [tuple, list, None],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "tied_weights": ["boolean"],
        "pretraining": [StrOptions({"layerwise"}), None],
        "pretraining_max_iter": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
    }

    def _describe_network(self, parameters, n_features):
        if self.network is None:
            description = describe_dense(parameters, n_features)
            if self.pretraining is not None:
                _check_layers(description, parameters["init"])
            return description
        for name in _DENSE_ALONE:
            value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
            if value != default:
                raise ValueError(
                    f"{name}={value!r} is a parameter of dense networks, and network= gives "
                    f"another: leave {name}={default!r}"
                )
        if isinstance(self.network, NetworkSpecification):
            return self.network.describe(n_features)
        return describe_modules(self.network, n_features, int(parameters["n_components"]))


def _check_layers(description, init):
    """Whether a dense network can be trained pair by pair."""
    if init != "random":
        raise ValueError(
            f"pretraining='layerwise' is a start of its own, and init={init!r} is another: set "
            "init='random'"
        )
    if description["decoder_widths"] != description["encoder_widths"][::-1]:
        raise ValueError(
            f"decoder_hidden_layer_sizes={description['decoder_widths']} does not mirror "
            f"hidden_layer_sizes={description['encoder_widths']}: pretraining='layerwise' trains "
            "pairs of layers, so leave it None"
        )
