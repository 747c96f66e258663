"""Parameters that autoencoders share: their constraints, and those of dense networks."""

from copy import copy
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from os import PathLike
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator

from skae.core.activations import ACTIVATIONS
from skae.core.losses import LOSSES
from skae.core.networks import SCHEMES
from skae.core.networks.own_modules import (
    carry,
    describe_module,
    is_module,
    pickled_by_value,
    rebuilt,
)
from skae.core.training.optimizers import OPTIMIZERS, SCHEDULES
from skae.estimators.base.architecture import describe_dense, describe_modules
from skae.estimators.base.pretraining import PRETRAINING_CONSTRAINTS, check_pretraining
from skae.estimators.base.sklearn_compat import (
    HasMethods,
    Interval,
    StrOptions,
    integers_from,
    reals_above,
    reals_from,
)
from skae.networks import NetworkSpecification

__all__ = ["TRAINING_CONSTRAINTS", "DenseParameters"]

TRAINING_CONSTRAINTS: dict[str, list] = {
    "n_components": [integers_from(1)],
    "code_activation": [StrOptions(set(ACTIVATIONS))],
    "loss": [StrOptions(LOSSES.keys()), callable],
    "init": [StrOptions({"pca", "random", *SCHEMES}), callable],
    "alpha": [reals_from(0)],
    "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
    "learning_rate": [reals_above(0)],
    "learning_rate_schedule": [StrOptions(set(SCHEDULES)), tuple],
    "batch_size": [StrOptions({"auto"}), integers_from(1)],
    "max_iter": [StrOptions({"auto"}), integers_from(0)],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
    "tol": [Interval(Real, 0, 1, closed="left")],
    "early_stopping": ["boolean"],
    "validation_fraction": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="neither")],
    "validation_splitter": [HasMethods(["split", "get_n_splits"]), None],
    "n_iter_no_change": [StrOptions({"auto"}), integers_from(1)],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "device": [str, None],
    "checkpoint": [str, PathLike, None],
    "checkpoint_interval": [Interval(Real, 0, None, closed="left")],
}

# parameters of the dense network; with another network they keep their defaults
_DENSE_ONLY = (
    "hidden_layer_sizes",
    "decoder_hidden_layer_sizes",
    "activation",
    "tied_weights",
)


@dataclass(eq=False, repr=False)
class DenseParameters(BaseEstimator):
    """Parameters of a dense network, which `network` replaces by any other.

    Clones share flax modules, which are immutable. Pickles hold a description of the modules,
    since JAX's compiled functions, such as ``nn.relu`` in a field, can be neither copied nor
    pickled.
    """

    n_components: int = 2
    _: KW_ONLY
    network: Any = None
    hidden_layer_sizes: Any = "auto"
    decoder_hidden_layer_sizes: Any = None
    activation: str = "gelu"
    tied_weights: bool = False
    pretraining: str | None = None
    pretraining_max_iter: Any = "auto"

    _parameter_constraints: ClassVar[dict] = {
        "network": [NetworkSpecification, tuple, None],
        "hidden_layer_sizes": [
            StrOptions({"auto"}),
            tuple,
            list,
            integers_from(1),
        ],
        "decoder_hidden_layer_sizes": [
            tuple,
            list,
            integers_from(1),
            None,
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "tied_weights": ["boolean"],
        **PRETRAINING_CONSTRAINTS,
    }

    def _describe_network(self, parameters: dict, n_features: int) -> dict:
        description = self._description(parameters, n_features)
        if self.pretraining is not None:
            check_pretraining(description, parameters["init"])
        return description

    def _description(self, parameters: dict, n_features: int) -> dict:
        if self.network is None:
            return describe_dense(parameters, n_features)
        # Ignoring them silently would hide that the network has other layers than the user set.
        for name in _DENSE_ONLY:
            value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
            if value != default:
                raise ValueError(
                    f"{name}={value!r} is a parameter of the dense network, which "
                    f"network={self.network!r} replaces: leave {name}={default!r}"
                )
        if isinstance(self.network, NetworkSpecification):
            return self.network.describe(n_features)
        return describe_modules(self.network, n_features, int(parameters["n_components"]))

    def _has_modules(self) -> bool:
        return isinstance(self.network, tuple) and all(map(is_module, self.network))

    def __sklearn_clone__(self) -> Self:
        if not self._has_modules():
            return super().__sklearn_clone__()
        without_modules = copy(self)
        without_modules.network = None
        clone = without_modules.__sklearn_clone__()
        clone.network = self.network
        return clone

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if not self._has_modules():
            return state
        try:
            modules = tuple(map(describe_module, self.network))
            return {**state, "network": {"modules": modules, "by_value": pickled_by_value(modules)}}
        except ValueError:  # modules without a description may still be picklable themselves
            return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if isinstance(state.get("network"), dict):
            if state["network"].get("by_value") is not None:
                carry(state["network"]["by_value"])
            modules = tuple(map(rebuilt, state["network"]["modules"]))
            state = {**state, "network": modules}
        super().__setstate__(state)
