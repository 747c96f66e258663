"""Values as JSON and arrays. Whatever is not known here is refused, by its place.

Numbers, strings, booleans, None and lists stand as themselves; all else is an object that says what
it is, as ``{"tuple": [...]}`` or ``{"array": 3}``, the fourth of the file's arrays.
"""

import functools
import math
from pathlib import PurePath
from typing import Any

import numpy as np

from skae.core.networks.own_modules import describe_module, is_module, with_names
from skae.persistence.registry import is_state, name_of, own_name

__all__ = ["MAX_BITS_OF_KEY", "Encoder", "bits_of_key"]

#: Python hashes integers by a remainder that is known to all: longer ones can share one at will
MAX_BITS_OF_KEY = 64

_MAX_DEPTH = 200
# numbers, booleans, dates, bytes and text of fixed width
_KINDS = "biufcSUmM"
# their width depends on the machine
_WIDE = "gG"


class Encoder:
    """Takes values apart.

    ``arrays`` are what the file must hold beside the JSON, ``needs`` the names of what must be
    handed over when it is loaded.
    """

    def __init__(self):
        self.arrays: list[np.ndarray] = []
        self.needs: set[str] = set()
        self._places: dict[int, tuple[int, Any]] = {}

    def encode(self, value, where: str, depth: int = 0) -> Any:
        """`value` for JSON; `where` says in errors whose it is."""
        if depth > _MAX_DEPTH:
            raise ValueError(f"{where} cannot be saved: it is nested too deep")
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        inner = functools.partial(self.encode, where=where, depth=depth + 1)
        if type(value) is list:
            return [inner(item) for item in value]
        if (
            type(value) in (set, frozenset, dict)
            and max(map(bits_of_key, value), default=0) > MAX_BITS_OF_KEY
        ):
            raise ValueError(
                f"{where} cannot be saved: it has keys of more than {MAX_BITS_OF_KEY} bits"
            )
        if type(value) in (tuple, set, frozenset):
            return {type(value).__name__: [inner(item) for item in value]}
        if type(value) is dict:
            return {"dict": [[inner(key), inner(item)] for key, item in value.items()]}
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, where, inner)
        return self._thing(value, where, inner)

    def _array(self, value, where, inner):
        if value.dtype == object and isinstance(value, np.ndarray):
            cells = [inner(item) for item in value.reshape(-1).tolist()]
            return {"objects": cells, "shape": list(value.shape)}
        if isinstance(value, np.ma.MaskedArray):
            raise ValueError(f"{where} cannot be saved: it holds an array whose cells are masked")
        if value.dtype.kind not in _KINDS or value.dtype.char in _WIDE or not value.dtype.itemsize:
            raise ValueError(
                f"{where} cannot be saved: it holds an array of {value.dtype}, and files hold "
                "numbers, text and dates"
            )
        if isinstance(value, np.generic):
            self.arrays.append(np.asarray(value))
            return {"scalar": len(self.arrays) - 1}
        if id(value) not in self._places:
            # the value is kept, so that no other one gets its id
            self._places[id(value)] = (len(self.arrays), value)
            self.arrays.append(np.asarray(value))
        return {"array": self._places[id(value)][0]}

    def _thing(self, value, where, inner):
        if isinstance(value, bytes):
            return {"bytes": value.hex()}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        if isinstance(value, np.random.RandomState):
            return {"random_state": inner(_state_of(value, where))}
        if hasattr(value, "get_params") and not isinstance(value, type):
            return self._estimator(value)
        if isinstance(value, functools.partial):
            parts = {"args": list(value.args), "keywords": dict(value.keywords)}
            return {"partial": inner(value.func), **{k: inner(v) for k, v in parts.items()}}
        if is_module(value):
            return {"module": inner(with_names(describe_module(value), self._need))}
        if callable(value):
            return {"trusted": self._need(own_name(value, where))}
        raise ValueError(
            f"{where} cannot be saved: it holds {value!r}, and files hold numbers, text, arrays, "
            "containers of these, estimators of skae, and names of functions and classes"
        )

    def _estimator(self, estimator):
        """Parameters and what a fit left behind; what is done with it in scikit-learn."""
        kind = type(estimator).__name__
        parameters = estimator.get_params(deep=False)
        state = {k: v for k, v in vars(estimator).items() if k not in parameters}
        # whom a fit reports to is no part of what it learned
        state.pop("_skl_callbacks", None)
        requests = state.pop("_metadata_request", None)
        for name in state:
            if not is_state(type(estimator), name):
                raise ValueError(
                    f"{name} of {kind} cannot be saved: its class has an attribute of that name"
                )
        network = state.get("architecture_", {}).get("network", {})
        for part in ("encoder", "decoder") if network.get("kind") == "own" else ():
            with_names(network[part], self._need)
        encoded = {
            "estimator": self._class(type(estimator)),
            "parameters": {k: self.encode(v, f"{k} of {kind}") for k, v in parameters.items()},
            "state": {k: self.encode(v, f"{k} of {kind}") for k, v in state.items()},
        }
        if requests is not None:
            encoded["requests"] = self.encode(_requests_of(requests), f"the metadata of {kind}")
        return encoded

    def _class(self, cls):
        name = name_of(cls)
        return name if isinstance(name, str) else {"trusted": self._need(name["trusted"])}

    def _need(self, name):
        self.needs.add(name)
        return name


def bits_of_key(key) -> int:
    """Bits of the longest whole number in a key."""
    if isinstance(key, tuple | frozenset):
        return max(map(bits_of_key, key), default=0)
    return key.bit_length() if isinstance(key, int) else 0


def _state_of(random_state, where):
    state = random_state.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise ValueError(
            f"{where} cannot be saved: it is a RandomState over {state['bit_generator']}, and "
            "files hold those over MT19937, as np.random.RandomState(seed) makes them"
        )
    return state


def _requests_of(requests):
    return {
        method: dict(request.requests)
        for method, request in vars(requests).items()
        if getattr(request, "requests", None)
    }
