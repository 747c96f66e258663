"""Decoding of JSON and arrays to Python values: the inverse of `encoding`, for untrusted files.

A file can only cause calls of the functions in the table of a `Decoder`, of classes in the closed
registry, and of objects that the user passes as trusted.
"""

import functools
import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skae.core.networks.own_modules import rebuilt, with_names
from skae.persistence.container import safe_repr
from skae.persistence.encoding import key_problem
from skae.persistence.registry import (
    InvalidContent,
    TrustedObjects,
    find_class,
    is_fitted_attribute,
)
from skae.persistence.splitters import rebuilt_splitter

__all__ = ["Decoder"]

_SPECIAL_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Decoder:
    """Decodes values.

    Parameters
    ----------
    arrays : list of ndarray
        Arrays of the file.
    trusted : TrustedObjects
        Functions and classes that the user passes.
    """

    def __init__(self, arrays: list[np.ndarray], trusted: TrustedObjects):
        self.arrays, self.trusted = arrays, trusted
        self._decoders: dict[str, Callable] = {
            "float": _SPECIAL_FLOATS.__getitem__,
            "tuple": lambda items: tuple(map(self.decode, items)),
            "set": lambda items: set(map(self._key, items)),
            "frozenset": lambda items: frozenset(map(self._key, items)),
            "dict": lambda items: {self._key(k): self.decode(v) for k, v in items},
            "array": self._array,
            "scalar": lambda index: self._array(index)[()],
            "bytes": bytes.fromhex,
            "path": Path,
            "random_state": self._random_state,
            "trusted": self.trusted.find,
            "module": self._module,
        }

    def decode(self, value: Any) -> Any:
        """Decode a value that `Encoder.encode` encoded."""
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "estimator" in value:
            return self._estimator(value)
        if "splitter" in value:
            parameters = {name: self.decode(item) for name, item in value["parameters"].items()}
            return rebuilt_splitter(value["splitter"], parameters)
        if "objects" in value:
            return self._object_array(value["objects"], value["shape"])
        if "partial" in value:
            arguments = [self.decode(value[name]) for name in ("partial", "args", "keywords")]
            # The function is trusted, and it is not called here.
            return functools.partial(arguments[0], *arguments[1], **arguments[2])
        ((kind, content),) = value.items()
        if kind not in self._decoders:
            raise InvalidContent(f"it contains a value of the unknown kind {safe_repr(kind)}")
        return self._decoders[kind](content)

    def _key(self, value):
        """A key of a dict or element of a set, of a type whose hashes rarely collide."""
        key = self.decode(value)
        if problem := key_problem(key):
            raise InvalidContent(problem)
        return key

    def _array(self, index):
        if type(index) is not int or not 0 <= index < len(self.arrays):
            raise InvalidContent(
                f"it refers to array {safe_repr(index)} but contains {len(self.arrays)} arrays"
            )
        return self.arrays[index]

    def _object_array(self, items, shape):
        array = np.empty(len(items), object)
        for i, item in enumerate(items):
            array[i] = self.decode(item)
        return array.reshape(shape)

    def _random_state(self, state):
        random_state = np.random.RandomState()
        random_state.set_state(self.decode(state))
        return random_state

    def _module(self, description):
        return rebuilt(with_names(self.decode(description), self.trusted.import_path))

    def _estimator(self, value):
        cls = find_class(value["estimator"], self.trusted)
        parameters = {name: self.decode(item) for name, item in value["parameters"].items()}
        _check_parameters(cls, parameters)
        # Values are not validated here: scikit-learn validates parameters in `fit`.
        estimator = cls(**parameters)
        state = {name: self.decode(item) for name, item in value["state"].items()}
        for name in state:
            if not is_fitted_attribute(cls, name):
                raise InvalidContent(
                    f"its attribute {safe_repr(name)} would override an attribute of the class "
                    f"{cls.__name__}"
                )
        self._check_architecture(state)
        vars(estimator).update(state)
        # The class defines how its attributes depend on each other. A user's class may have no
        # such method.
        if hasattr(cls, "_check_loaded"):
            estimator._check_loaded()
        if "requests" in value:
            _set_metadata_request(estimator, self.decode(value["requests"]))
        return estimator

    def _check_architecture(self, state):
        """Replace import names in the description of a user's network by those of trusted objects.

        These names are imported later, when the network is built.
        """
        network = state.get("architecture_", {}).get("network", {})
        if network.get("kind") == "own":
            for part in ("encoder", "decoder"):
                network[part] = with_names(network[part], self.trusted.import_path)


def _check_parameters(cls, parameters):
    """Check that all parameters exist; parameters that an older version lacked get defaults."""
    unknown = sorted(set(parameters) - set(inspect.signature(cls).parameters))
    if unknown:
        raise InvalidContent(
            f"{cls.__name__} has no parameter {safe_repr(unknown[0])}; the file may have been "
            "saved by a later version of skae"
        )


def _set_metadata_request(estimator, requests):
    """Restore metadata requests that were set by `set_fit_request` and similar methods."""
    metadata_request = estimator.get_metadata_routing()
    for method, aliases in requests.items():
        for name, alias in aliases.items():
            getattr(metadata_request, method).add_request(param=name, alias=alias)
    estimator._metadata_request = metadata_request
