"""A user's own linen modules as encoder and decoder: checked, described in plain Python, rebuilt.

Modules compare and hash by their fields, and a list or a dict among them does neither. So they
are taken apart into plain values, which are stored, and put together with tuples in their place.
"""

import dataclasses
import functools
import importlib
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from flax.core import FrozenDict
from flax.errors import InvalidRngError

from skae.core.compile.programs import compiled
from skae.core.networks.heads import WithHead
from skae.core.networks.network import Network

__all__ = [
    "OwnDecoder",
    "check_modules",
    "describe_module",
    "import_path",
    "is_module",
    "own_parts",
    "own_weights",
    "rebuilt",
    "with_names",
]

_PLAIN = (str, bytes, bool, int, float, type(None))


class OwnDecoder(nn.Module):
    """A user's decoder, under a name of its own among the weights."""

    body: nn.Module

    @nn.compact
    def __call__(self, z):
        """What the decoder gives for codes `z`."""
        return self.body(z)


def is_module(value) -> bool:
    """Whether `value` is a linen module."""
    return isinstance(value, nn.Module)


def describe_module(module) -> dict:
    """A linen module in plain Python: where its class is, and the fields that are no defaults.

    Raises
    ------
    ValueError
        Where a class or a function cannot be imported by name, or a field holds anything but
        numbers, strings, tuples, lists, dicts, functions and modules. It names the field.
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


def import_path(thing, where) -> str:
    """``module:name`` of a class or function; raises where it cannot be found by that."""
    path = f"{getattr(thing, '__module__', None)}:{getattr(thing, '__qualname__', None)}"
    try:
        found = _found(path)
    except (ImportError, AttributeError, ValueError):
        found = None
    if found is not thing:
        raise ValueError(
            f"{where} holds {thing!r}, which cannot be imported by name: use numbers, strings, "
            "tuples, modules, and classes and functions from the top level of a module"
        )
    return path


def _found(path):
    module, _, name = path.partition(":")
    return functools.reduce(getattr, name.split("."), importlib.import_module(module))


def rebuilt(value) -> Any:
    """What was described, with tuples for lists and frozen dicts for dicts."""
    if isinstance(value, tuple):
        return tuple(rebuilt(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "module" in value:
        fields = {name: rebuilt(field) for name, field in value["fields"].items()}
        cls = _found(value["module"])
        # a description may come from a file: what it names is not called unless it makes a module
        if not (isinstance(cls, type) and issubclass(cls, nn.Module)):
            raise ValueError(f"{value['module']!r} is no class of flax modules")
        return cls(**fields)
    if "dict" in value:
        return FrozenDict({name: rebuilt(item) for name, item in value["dict"]})
    if "partial" in value:
        arguments, keywords = rebuilt(value["args"]), rebuilt(value["keywords"])
        return functools.partial(_found(value["partial"]), *arguments, **keywords)
    return _found(value["name"])


def with_names(described, path_of) -> Any:
    """A description with ``path_of(name)`` for each name, of what `rebuilt` looks at alone."""
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


def own_parts(width: int, *, encoder: dict, decoder: dict):
    """The described encoder with a dense layer of `width` after it, and the described decoder."""
    return WithHead(rebuilt(encoder), width), OwnDecoder(rebuilt(decoder))


def check_modules(encoder: dict, decoder: dict, n_features: int, n_components: int) -> None:
    """Raise where the described modules cannot stand as encoder and decoder; nothing is computed.

    Raises
    ------
    ValueError
        Collections beside the weights, random numbers, or shapes that do not fit.
    """
    shape = _output_shape("encoder", rebuilt(encoder), n_features)
    if shape[0] != 2:
        raise ValueError(
            f"your encoder gives shape {shape} for 2 samples: it must keep the samples apart, on the "
            "first axis"
        )
    shape = _output_shape("decoder", rebuilt(decoder), n_components)
    if shape != (2, n_features):
        raise ValueError(
            f"your decoder gives shape {shape} for 2 codes of n_components={n_components}: it must "
            f"be (2, {n_features}), one number for each of the {n_features} columns of X"
        )


def _output_shape(role, module, n_inputs):
    key = jax.ShapeDtypeStruct((2,), np.uint32)
    x = jax.ShapeDtypeStruct((2, n_inputs), np.float32)
    variables = jax.eval_shape(module.init, key, x)
    if more := set(variables) - {"params"}:
        raise ValueError(
            f"your {role} has the collections {sorted(more)} beside its weights: what changes "
            "other than by training, such as batch statistics, is not supported; use LayerNorm "
            "or GroupNorm"
        )
    try:
        return jax.eval_shape(module.apply, variables, x).shape
    except InvalidRngError as error:
        raise ValueError(
            f"your {role} draws random numbers, and must give the same for the same sample: use "
            f"deterministic=True ({str(error).splitlines()[0]})"
        ) from error


def own_weights(network: Network, rng: np.random.Generator) -> dict:
    """Initial weights of a user's encoder and decoder by their own initializers."""
    key_data = rng.integers(0, 2**32, 2, np.uint32)
    program, _ = compiled(_drawn, network, (key_data,))
    return jax.tree.map(lambda leaf: np.array(leaf, np.float32), program(key_data))


def _drawn(network, key_data):
    encoder_key, decoder_key = jax.random.split(jax.random.wrap_key_data(key_data))
    x = np.zeros((1, network.n_features), np.float32)
    z = np.zeros((1, network.n_components), np.float32)
    encoder: Any = network.encoder.init(encoder_key, x)
    decoder: Any = network.decoder.init(decoder_key, z)
    return {
        "encoder": encoder["params"].get("body", {}),
        "decoder": decoder.get("params", {}).get("body", {}),
    }
