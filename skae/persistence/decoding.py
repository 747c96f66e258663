"""Values of JSON and arrays: the other way round than `encoding`, and with distrust.

Calls nothing but what the table of a `Decoder` has, classes of the closed registry, and what the
user hands over.
"""

import functools
import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skae.core.networks.own_modules import rebuilt, with_names
from skae.persistence.container import shown
from skae.persistence.encoding import MAX_BITS_OF_KEY, bits_of_key
from skae.persistence.registry import Names, Unknown, class_of, is_state

__all__ = ["Decoder"]

_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
# attributes, and what the description of the network calls them
_SIZES = {"n_features_in_": "n_features", "n_components_": "n_components"}


class Decoder:
    """Puts values together.

    Parameters
    ----------
    arrays : list of ndarray
    names : Names
        What the user hands over.
    """

    def __init__(self, arrays: list, names: Names):
        self.arrays, self.names = arrays, names
        self._made: dict[str, Callable] = {
            "float": _FLOATS.__getitem__,
            "tuple": lambda items: tuple(map(self.decode, items)),
            "set": lambda items: set(map(self._key, items)),
            "frozenset": lambda items: frozenset(map(self._key, items)),
            "dict": lambda items: {self._key(k): self.decode(v) for k, v in items},
            "array": self._array,
            "scalar": lambda place: self._array(place)[()],
            "bytes": bytes.fromhex,
            "path": Path,
            "random_state": self._random_state,
            "trusted": self.names.find,
            "module": self._module,
        }

    def decode(self, value) -> Any:
        """The value that was encoded."""
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "estimator" in value:
            return self._estimator(value)
        if "objects" in value:
            return self._objects(value["objects"], value["shape"])
        if "partial" in value:
            arguments = [self.decode(value[name]) for name in ("partial", "args", "keywords")]
            return functools.partial(arguments[0], *arguments[1], **arguments[2])
        ((kind, content),) = value.items()
        if kind not in self._made:
            raise Unknown(f"it holds a value of the unknown kind {shown(kind)}")
        return self._made[kind](content)

    def _key(self, value):
        """A key, whose hash cannot be chosen: many keys of one hash take hours to put together."""
        key = self.decode(value)
        if bits_of_key(key) > MAX_BITS_OF_KEY:
            raise Unknown(f"it holds a key of {bits_of_key(key)} bits")
        return key

    def _array(self, place):
        if type(place) is not int or not 0 <= place < len(self.arrays):
            raise Unknown(f"it speaks of array {shown(place)} and holds {len(self.arrays)}")
        return self.arrays[place]

    def _objects(self, cells, shape):
        made = np.empty(len(cells), object)
        for i, cell in enumerate(cells):
            made[i] = self.decode(cell)
        return made.reshape(shape)

    def _random_state(self, state):
        random_state = np.random.RandomState()
        random_state.set_state(self.decode(state))
        return random_state

    def _module(self, description):
        return rebuilt(with_names(self.decode(description), self.names.path))

    def _estimator(self, value):
        cls = class_of(value["estimator"], self.names)
        parameters = {name: self.decode(item) for name, item in value["parameters"].items()}
        estimator = cls(**_known_parameters(cls, parameters))
        state = {name: self.decode(item) for name, item in value["state"].items()}
        for name in state:
            if not is_state(cls, name):
                raise Unknown(f"it would replace {shown(name)} of {cls.__name__}")
        self._check_architecture(state)
        _check_sizes(state)
        vars(estimator).update(state)
        if "requests" in value:
            _request(estimator, self.decode(value["requests"]))
        return estimator

    def _check_architecture(self, state):
        """The names in the description of a user's network are imported when it is built."""
        network = state.get("architecture_", {}).get("network", {})
        if network.get("kind") == "own":
            for part in ("encoder", "decoder"):
                network[part] = with_names(network[part], self.names.path)


def _check_sizes(state):
    """Whether a fitted autoencoder's attributes speak of the network that it describes."""
    if "architecture_" not in state:
        return
    sizes, mean, scale = state["architecture_"], state["mean_"], state["scale_"]
    same = all(state[attribute] == sizes[name] for attribute, name in _SIZES.items())
    if not (same and np.shape(mean) == (sizes["n_features"],) and 0 < scale < math.inf):
        raise Unknown("its attributes are not those of the network that it describes")


def _known_parameters(cls, parameters):
    """Parameters that an older version did not have are left to their defaults."""
    unknown = sorted(set(parameters) - set(inspect.signature(cls).parameters))
    if unknown:
        raise Unknown(
            f"it holds the parameter {shown(unknown[0])}, which {cls.__name__} does not have: "
            "it may be of a later version of skae"
        )
    return parameters


def _request(estimator, requests):
    """Metadata that was asked for by `set_fit_request` and its kin."""
    request = estimator.get_metadata_routing()
    for method, wanted in requests.items():
        for name, alias in wanted.items():
            getattr(request, method).add_request(param=name, alias=alias)
    estimator._metadata_request = request
