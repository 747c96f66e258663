"""What the family shares: any network, dense unless told, and how it is fitted."""

from copy import copy
from dataclasses import dataclass
from typing import ClassVar

from skae.core.networks.own_modules import describe_module, is_module, rebuilt
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.training import TrainedAutoencoder

__all__ = ["BaseAutoencoder"]


@dataclass(kw_only=True, eq=False, repr=False)
class BaseAutoencoder(TrainedAutoencoder, DenseParameters):
    """Base of all autoencoders whose network the user chooses.

    Modules of the user's own are shared by clones, for they never change, and are pickled as what
    they are made of: jax's compiled functions, such as ``nn.relu`` in a field, do neither.
    """

    _parameter_constraints: ClassVar[dict] = {
        **DenseParameters._parameter_constraints,
        **TrainedAutoencoder._parameter_constraints,
    }

    def _has_modules(self):
        return isinstance(self.network, tuple) and all(map(is_module, self.network))

    def __sklearn_clone__(self):
        if not self._has_modules():
            return super().__sklearn_clone__()
        bare = copy(self)
        bare.network = None
        twin = bare.__sklearn_clone__()
        twin.network = self.network
        return twin

    def __getstate__(self):
        state = super().__getstate__()
        if not self._has_modules():
            return state
        try:
            return {**state, "network": {"modules": tuple(map(describe_module, self.network))}}
        except ValueError:  # pickle may still know a way
            return state

    def __setstate__(self, state):
        if isinstance(state.get("network"), dict):
            modules = tuple(map(rebuilt, state["network"]["modules"]))
            state = {**state, "network": modules}
        super().__setstate__(state)
