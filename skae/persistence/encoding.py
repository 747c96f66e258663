"""Encoding of Python values as JSON and arrays.

Numbers, strings, booleans, None and lists are encoded as themselves. Every other value is an object
that names its type, as in ``{"tuple": [...]}`` or ``{"array": 3}`` (index into the file's arrays).
Types that are not listed here raise an error that names the parameter or attribute.
"""

import functools
import math
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import numpy as np

from skae._registry import CALLBACK_ATTRIBUTES
from skae.core.networks.own_modules import describe_module, is_module, with_names
from skae.persistence.registry import class_name, import_name, is_fitted_attribute
from skae.persistence.splitters import described_splitter, is_splitter

__all__ = ["Encoder", "key_problem"]

# Python hashes integers by their remainder modulo a known prime. Longer keys could be chosen with
# equal hashes, and a dict or set of many such keys takes hours to build.
_MAX_KEY_BITS = 64

# Types of which few values share a hash. Tuples, frozensets and complex numbers with equal hashes
# are easily constructed. np.float64 is a float, and text and bytes have randomized hashes.
_KEY_TYPES = (str, bytes, int, float, type(None), np.bool_, np.integer, np.float16, np.float32)

_MAX_DEPTH = 200
# Numbers, booleans, dates, bytes and text of fixed width.
_DTYPE_KINDS = "biufcSUmM"
# longdouble and clongdouble, whose width depends on the machine.
_PLATFORM_DTYPES = "gG"


class Encoder:
    """Encodes values.

    Attributes
    ----------
    arrays : list of ndarray
        Arrays that the file must contain in addition to the JSON.
    needs : set of str
        Import names of the objects that must be passed as `trusted` when the file is loaded.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.needs: set[str] = set()
        self._array_indices: dict[int, tuple[int, Any]] = {}

    def encode(self, value: Any, where: str, depth: int = 0) -> Any:
        """Encode `value` for JSON; `where` names its parameter or attribute in errors."""
        if depth > _MAX_DEPTH:
            raise ValueError(
                f"{where} cannot be saved: it is nested more than {_MAX_DEPTH} levels deep."
            )
        # type(...) is, not isinstance: instances of subclasses would be loaded as the base class.
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        inner = functools.partial(self.encode, where=where, depth=depth + 1)
        if type(value) is list:
            return [inner(item) for item in value]
        if type(value) in (set, frozenset, dict):
            _check_keys(value, where)
        if type(value) in (tuple, set, frozenset):
            return {type(value).__name__: [inner(item) for item in value]}
        if type(value) is dict:
            return {"dict": [[inner(key), inner(item)] for key, item in value.items()]}
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, where, inner)
        return self._object(value, where, inner)

    def _array(self, value: Any, where: str, inner: Callable) -> dict:
        if value.dtype == object and isinstance(value, np.ndarray):
            items = [inner(item) for item in value.reshape(-1).tolist()]
            return {"objects": items, "shape": list(value.shape)}
        if isinstance(value, np.ma.MaskedArray):
            raise ValueError(
                f"{where} cannot be saved: it contains a masked array. Use a plain ndarray."
            )
        kind, char = value.dtype.kind, value.dtype.char
        if kind not in _DTYPE_KINDS or char in _PLATFORM_DTYPES or not value.dtype.itemsize:
            raise ValueError(
                f"{where} cannot be saved: it contains an array of dtype {value.dtype}. Files can "
                "hold arrays of numbers, booleans, text, bytes and dates."
            )
        if isinstance(value, np.generic):
            self.arrays.append(np.asarray(value))
            return {"scalar": len(self.arrays) - 1}
        if id(value) not in self._array_indices:
            # The reference keeps the value alive, so that no other value can have the same id.
            self._array_indices[id(value)] = (len(self.arrays), value)
            self.arrays.append(np.asarray(value))
        return {"array": self._array_indices[id(value)][0]}

    def _object(self, value: Any, where: str, inner: Callable) -> dict:
        if isinstance(value, bytes):
            return {"bytes": value.hex()}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        if isinstance(value, np.random.RandomState):
            return {"random_state": inner(_generator_state(value, where))}
        if hasattr(value, "get_params") and not isinstance(value, type):
            return self._estimator(value)
        if isinstance(value, functools.partial):
            parts = {"args": list(value.args), "keywords": dict(value.keywords)}
            return {"partial": inner(value.func), **{k: inner(v) for k, v in parts.items()}}
        if is_module(value):
            return {"module": inner(with_names(describe_module(value), self._require))}
        if is_splitter(value):
            name, parameters = described_splitter(value)
            return {"splitter": name, "parameters": {k: inner(v) for k, v in parameters.items()}}
        if callable(value):
            return {"trusted": self._require(import_name(value, where))}
        raise ValueError(
            f"{where} cannot be saved: it contains {value!r}. Files can hold numbers, text, "
            "arrays, containers of these, estimators of skae, splitters of scikit-learn, and "
            "importable functions and classes."
        )

    def _estimator(self, estimator: Any) -> dict:
        """Parameters, fitted attributes and metadata requests of an estimator."""
        kind = type(estimator).__name__
        parameters = estimator.get_params(deep=False)
        # Callbacks observe a fit and are not part of its result.
        left_out = {*parameters, *CALLBACK_ATTRIBUTES}
        state = {k: v for k, v in vars(estimator).items() if k not in left_out}
        requests = state.pop("_metadata_request", None)
        for name in state:
            if not is_fitted_attribute(type(estimator), name):
                raise ValueError(
                    f"{name} of {kind} cannot be saved: an attribute of the class has this name."
                )
        # The user's own modules are imported by name when the network is built from this
        # description, so they must be trusted too.
        network = state.get("architecture_", {}).get("network", {})
        for part in ("encoder", "decoder") if network.get("kind") == "own" else ():
            with_names(network[part], self._require)
        encoded = {
            "estimator": self._class(type(estimator)),
            "parameters": {k: self.encode(v, f"{k} of {kind}") for k, v in parameters.items()},
            "state": {k: self.encode(v, f"{k} of {kind}") for k, v in state.items()},
        }
        if requests is not None:
            where = f"the metadata request of {kind}"
            encoded["requests"] = self.encode(_requests_by_method(requests), where)
        return encoded

    def _class(self, cls):
        name = class_name(cls)
        return name if isinstance(name, str) else {"trusted": self._require(name["trusted"])}

    def _require(self, name):
        self.needs.add(name)
        return name


def key_problem(key: Any) -> str | None:
    """Why files cannot hold this key of a dict or element of a set; None if they can."""
    if not isinstance(key, _KEY_TYPES):
        return (
            "keys of dicts and elements of sets must be strings, real numbers or None, not of "
            f"type {type(key).__name__}"
        )
    if isinstance(key, int) and key.bit_length() > _MAX_KEY_BITS:
        return f"it has a key of {key.bit_length()} bits, more than {_MAX_KEY_BITS}"
    return None


def _check_keys(keys, where):
    """Refuse keys that the decoder would refuse: a file that was saved must load."""
    for problem in filter(None, map(key_problem, keys)):
        raise ValueError(f"{where} cannot be saved: {problem}.")


def _generator_state(random_state, where):
    state = random_state.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise ValueError(
            f"{where} cannot be saved: it is a RandomState with the bit generator "
            f"{state['bit_generator']}. Files can hold RandomState instances with MT19937, such as "
            "np.random.RandomState(seed)."
        )
    return state


def _requests_by_method(requests):
    return {
        method: dict(request.requests)
        for method, request in vars(requests).items()
        if getattr(request, "requests", None)
    }
