"""User-defined linen modules as encoder and decoder: checks, descriptions, reconstruction.

Modules compare and hash by their fields, and lists and dicts among the fields do neither. Therefore
a module is described by plain values, which are stored, and built again with tuples in their place.
"""

import dataclasses
import functools
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import flax.linen as nn
import jax
import numpy as np
from flax.core import FrozenDict

from skae.core.compile.programs import compiled
from skae.core.compile.settings import standard_settings
from skae.core.networks.module_checks import mixes_samples, refuse_mixed_samples
from skae.core.networks.modules import Decoder, Encoder, EncoderBody, EncoderWithHead, Path
from skae.core.networks.network import Network

__all__ = [
    "OwnDecoder",
    "OwnEncoder",
    "carry",
    "describe_module",
    "import_path",
    "is_module",
    "own_parts",
    "pickled_by_value",
    "rebuilt",
    "user_defined_weights",
    "with_names",
]

_PLAIN = (str, bytes, bool, int, float, type(None))


def _is_user_defined(module, method_name):
    """Whether flax captures the output of a module: calls of the user's modules."""
    return method_name == "__call__" and module.path[:1] == ("body",)


class OwnEncoder(EncoderWithHead):
    """A user-defined encoder, which counts as one layer, and a dense layer after it."""

    is_user_defined: ClassVar[bool] = True
    capture_filter: ClassVar[Any] = staticmethod(_is_user_defined)

    @property
    def hidden_activation(self) -> str:
        """Unknown: the output of the user's module counts as it is."""
        return "identity"

    @property
    def n_layers(self) -> int:
        """The user's module and the head."""
        return 2

    @property
    def layer_paths(self) -> list[Path]:
        """Where the weights of the user's module and of the head are."""
        return [("body",), ("head",)]

    @nn.nowrap
    def lowest(self, n_layers: int) -> nn.Module:
        """The user's module alone."""
        del n_layers
        return EncoderBody(self.body)


class OwnDecoder(Decoder):
    """A user-defined decoder; its weights are under "body"."""

    is_user_defined: ClassVar[bool] = True
    capture_filter: ClassVar[Any] = staticmethod(_is_user_defined)

    body: Any

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """The output of the decoder for codes `z`."""
        return self.body(z)

    @property
    def output_layer(self) -> str | None:
        """Unknown."""
        return None

    @nn.nowrap
    def code_kernel(self, weights: dict[str, Any]) -> Any:
        """None: the layers are unknown."""
        del weights
        return None

    @nn.nowrap
    def initialize_constant(
        self, weights: dict[str, Any], encoder: dict[str, Any], offset: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Leave the unknown weights as they are: a gate of 0 multiplies the output."""
        del weights, encoder
        return {"offset": offset, "gate": np.zeros(())}


def is_module(value: Any) -> bool:
    """Whether `value` is a linen module."""
    return isinstance(value, nn.Module)


def describe_module(module: nn.Module) -> dict[str, Any]:
    """A linen module in plain Python: import path of its class, fields that differ from defaults.

    Raises
    ------
    ValueError
        If a class or a function cannot be imported by name, or a field, which is named, holds
        anything but numbers, strings, tuples, lists, dicts, functions and modules.
    """
    kind = type(module).__name__
    fields = {}
    for field in dataclasses.fields(module):
        value = getattr(module, field.name)
        if field.name == "parent" or not field.init or _is_default(field, value):
            continue
        fields[field.name] = _described(value, f"field {field.name!r} of your {kind}")
    return {"module": import_path(type(module), f"your {kind}"), "fields": fields}


def _is_default(field, value):
    default = field.default
    if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    return value is default or (isinstance(value, _PLAIN) and value == default)


def _described(value, where) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return tuple(_described(item, where) for item in value)
    if isinstance(value, Mapping):
        return {"dict": tuple((str(k), _described(v, where)) for k, v in value.items())}
    if is_module(value):
        return describe_module(value)
    if isinstance(value, functools.partial):
        keywords = {"dict": tuple((k, _described(v, where)) for k, v in value.keywords.items())}
        arguments = tuple(_described(item, where) for item in value.args)
        return {"partial": import_path(value.func, where), "args": arguments, "keywords": keywords}
    return {"name": import_path(value, where)}


def import_path(thing: Any, where: str) -> str:
    """``module:name`` of a class or function; raises ValueError if it is not found there."""
    path = f"{getattr(thing, '__module__', None)}:{getattr(thing, '__qualname__', None)}"
    try:
        found = _found(path)
    except (ImportError, AttributeError, ValueError):
        found = None
    if found is not thing:
        raise ValueError(
            f"{where} holds {thing!r}, which cannot be imported by name. Use numbers, strings, "
            "tuples, modules, and classes and functions defined at the top level of a module."
        )
    return path


# Classes and functions of `__main__` that another process has pickled by value, by import path.
_carried: dict[str, Any] = {}


def _found(path):
    module, _, name = path.partition(":")
    try:
        return functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except AttributeError:
        if path not in _carried:
            raise
        return _carried[path]


def _cloudpickle():
    """A dependency of joblib, whose earlier releases have a copy of their own."""
    installed = importlib.util.find_spec("cloudpickle") is not None
    return importlib.import_module("cloudpickle" if installed else "joblib.externals.cloudpickle")


def pickled_by_value(descriptions: tuple) -> bytes | None:
    """Classes and functions of a script or notebook, which workers of joblib cannot import."""
    paths: list[str] = []
    with_names(descriptions, paths.append)
    own = {path: _found(path) for path in paths if path.startswith("__main__:")}
    return _cloudpickle().dumps(own) if own else None


def carry(pickled: bytes) -> None:
    """Make the classes and functions that `pickled_by_value` returned available to `rebuilt`."""
    _carried.update(_cloudpickle().loads(pickled))


def rebuilt(value: Any) -> Any:
    """The object of a description, with tuples for lists and frozen dicts for dicts."""
    if isinstance(value, tuple):
        return tuple(rebuilt(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "module" in value:
        fields = {name: rebuilt(field) for name, field in value["fields"].items()}
        cls = _found(value["module"])
        # A description may come from an untrusted file: only classes of modules are called.
        if not (isinstance(cls, type) and issubclass(cls, nn.Module)):
            raise ValueError(f"{value['module']!r} is not a subclass of flax.linen.Module")
        return cls(**fields)
    if "dict" in value:
        return FrozenDict({name: rebuilt(item) for name, item in value["dict"]})
    if "partial" in value:
        arguments, keywords = rebuilt(value["args"]), rebuilt(value["keywords"])
        return functools.partial(_found(value["partial"]), *arguments, **keywords)
    return _found(value["name"])


def with_names(described: Any, path_of: Callable[[str], Any]) -> Any:
    """A description with each import path replaced by ``path_of(path)``.

    Other keys than those that `rebuilt` reads are dropped.
    """
    if isinstance(described, tuple | list):
        return tuple(with_names(item, path_of) for item in described)
    if not isinstance(described, dict):
        return described
    if "module" in described:
        fields = {k: with_names(item, path_of) for k, item in described["fields"].items()}
        return {"module": path_of(described["module"]), "fields": fields}
    if "dict" in described:
        return {"dict": tuple((k, with_names(item, path_of)) for k, item in described["dict"])}
    if "partial" in described:
        parts = {k: with_names(described[k], path_of) for k in ("args", "keywords")}
        return {"partial": path_of(described["partial"]), **parts}
    return {"name": path_of(described["name"])}


def own_parts(
    width: int, *, n_features: int, platform: str, encoder: dict, decoder: dict
) -> tuple[Encoder, Decoder]:
    """The described encoder with a dense layer of `width` after it, and the described decoder."""
    del n_features, platform
    return OwnEncoder(rebuilt(encoder), width), OwnDecoder(rebuilt(decoder))


@standard_settings()
def user_defined_weights(network: Network, rng: np.random.Generator) -> dict[str, Any]:
    """Initial weights of the user-defined modules of encoder and decoder, by their initializers.

    Empty dicts for skae's own networks.

    Raises
    ------
    ValueError
        If the output of a module for a sample depends on other samples.
    """
    if not network.encoder.is_user_defined:
        return {"encoder": {}, "decoder": {}}
    key_data = rng.integers(0, 2**32, 2, np.uint32)
    program, _ = compiled(_drawn, network, (key_data,))
    weights, is_mixed = program(key_data)
    refuse_mixed_samples(is_mixed)
    return jax.tree.map(lambda leaf: np.array(leaf, np.float32), weights)


def _drawn(network, key_data):
    key = jax.random.wrap_key_data(key_data)
    encoder_key, decoder_key = jax.random.split(key)
    x = np.zeros((1, network.n_features), np.float32)
    z = np.zeros((1, network.n_components), np.float32)
    encoder: Any = network.encoder.init(encoder_key, x)
    decoder: Any = network.decoder.init(decoder_key, z)
    weights = {
        "encoder": {"body": encoder["params"].get("body", {})},
        "decoder": {"body": decoder.get("params", {}).get("body", {})},
    }
    key = jax.random.fold_in(key, 2)
    is_mixed = {
        "encoder": mixes_samples(network.encoder, encoder, key, network.n_features),
        "decoder": mixes_samples(network.decoder, decoder, key, network.n_components),
    }
    return weights, is_mixed
