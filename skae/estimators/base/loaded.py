"""Checks of the fitted attributes of estimators that come from a file.

A file may be made up: its checksum is valid, but its parts do not belong together. Every attribute
that a method of the estimator uses is checked once, when the file is loaded.
"""

from numbers import Integral
from typing import Any

import jax
import numpy as np

from skae.core.compile.settings import standard_settings
from skae.core.losses import LOSSES
from skae.core.networks import Network
from skae.core.networks.weights import weight_shapes
from skae.estimators.base.architecture import portable_network
from skae.estimators.base.first_samples import FIRST_SAMPLES
from skae.estimators.base.loaded_attributes import (
    check_array_attribute,
    check_array_list,
    check_history,
    check_integers,
    check_names,
    check_numbers,
    invalid,
    is_fitted,
)

__all__ = ["check_autoencoder", "check_output", "check_weights"]

# Names of the network's description, with the types of their values.
_ARCHITECTURE: dict[str, type | tuple[type, ...]] = {
    "n_features": Integral,
    "n_components": Integral,
    "network": dict,
    "code_activation": str,
    "linear_path": bool,
    "heads": Integral,
    "binary": bool,
    "prior_units": bool,
    "n_active": (Integral, type(None)),
    "loss": object,
    "unit_decoder": bool,
}
# Entries that a description need not have.
_OPTIONAL = {"unit_decoder"}

# Fitted attributes with one number for each unit of the code, of the classes that have them.
_UNIT_STATISTICS = {"mean_activation_", "active_fraction_", "kl_", "bit_balance_"}

# Tuples of this length, such as the shape of an image, need not be layers.
_FEW = 10
_MAX_LAYERS = 1000


def check_autoencoder(model: Any) -> None:
    """Check the fitted attributes of an autoencoder against its network."""
    if FIRST_SAMPLES in vars(model):
        _check_first_samples(model)
        return
    if not is_fitted(model):
        return
    network = _network(model)
    sizes = {"n_features_in_": network.n_features, "n_components_": network.n_components}
    for name, size in sizes.items():
        if getattr(model, name, None) != size:
            raise invalid(name, f"does not match the network that it describes, which has {size}")
    check_array_attribute(model, "mean_", (network.n_features,))
    check_numbers(model, ["scale_"])
    if model.scale_ <= 0:
        raise invalid("scale_", "is not positive: it does not match the network")
    check_integers(model, ["n_steps_", "n_iter_", "best_iter_"])
    check_history(model)
    check_names(model)
    _check_params(model, network)
    _check_further_weights(model)
    if hasattr(model, "_draw_codes"):
        _check_prior(model)
    for name in _UNIT_STATISTICS & vars(model).keys():
        check_array_attribute(model, name, (network.n_components,))
    check_array_list(model, "optimizer_state_")
    if not isinstance(model.device, str | None):
        raise invalid("device", "is not a string or None")


def _network(model: Any) -> Network:
    architecture = getattr(model, "architecture_", None)
    if not isinstance(architecture, dict) or {*architecture, *_OPTIONAL} != set(_ARCHITECTURE):
        raise invalid("architecture_", "does not describe a network")
    for name, value in architecture.items():
        kind = _ARCHITECTURE[name]
        is_flag = isinstance(value, bool) and kind is not bool
        if is_flag or not isinstance(value, kind):
            raise invalid("architecture_", f"has a {name} of the type {type(value).__name__}")
    loss = architecture["loss"]
    if not (callable(loss) or (isinstance(loss, str) and loss in LOSSES)):
        raise invalid("architecture_", "has an unknown loss")
    for name in ("heads", "binary", "prior_units"):
        if architecture[name] != getattr(model, f"_{name}"):
            raise invalid("architecture_", f"has another {name} than {type(model).__name__}")
    try:
        return portable_network(architecture)
    except Exception as error:  # A description can be wrong in any way.
        raise invalid(
            "architecture_", f"does not describe a network ({_described(error)})"
        ) from error


def _check_params(model: Any, network: Network) -> None:
    params = getattr(model, "params_", None)
    if not isinstance(params, dict):
        raise invalid("params_", "is not a dict of weights")
    check_weights("params_", params)
    _check_depth(model.architecture_["network"], network, len(jax.tree.leaves(params)))
    try:
        expected = weight_shapes(network)
    except Exception as error:
        raise invalid(
            "architecture_", f"does not describe a network ({_described(error)})"
        ) from error
    _compare("params_", expected, params)
    samples = jax.ShapeDtypeStruct((2, network.n_features), np.float32)
    check_output("params_", network.encode, params, samples, (2, network.n_components))
    check_output("params_", network.reconstruct, params, samples, (2, network.n_features))


def _check_depth(description: dict[str, Any], network: Network, n_weights: int) -> None:
    """Refuse more layers than weights before the network is traced, which takes time per layer."""
    lengths = [len(value) for value in description.values() if isinstance(value, tuple | list)]
    longest = max(network.encoder.n_layers, *lengths, 0)
    if longest > min(max(n_weights, _FEW), _MAX_LAYERS):
        raise invalid(
            "architecture_",
            f"does not describe a network of {n_weights} weights: it has {longest} layers",
        )


def _check_further_weights(model: Any) -> None:
    """Check weights and constants beside encoder and decoder that the class uses after a fit."""
    n_features, params = (model.n_features_in_,), model.params_
    vector = np.zeros(n_features, np.float32)
    number = np.zeros((), np.float32)
    shapes: dict[str, Any] = {
        "noise": {"mean": vector, "scale": number, "low": vector, "high": vector},
        "log_scale": number,
    }
    if "noise" in model._further_weights and callable(getattr(model, "noise", None)):
        shapes["noise"] = {**shapes["noise"], "origin": vector, "unit": number}
    found = {**params.get("fixed", {}), **params.get("extra", {})}
    for name in model._further_weights:
        if name not in found:
            raise invalid("params_", f"has no {name}")
        _compare(f"params_.{name}", shapes[name], found[name])


def _check_prior(model: Any) -> None:
    """Check that codes can be drawn from the prior of a generative autoencoder."""
    try:
        codes = model._draw_codes(np.random.default_rng(0), 2)
    except Exception as error:
        raise invalid("prior_", f"does not fit the weights ({_described(error)})") from error
    if np.shape(codes) != (2, model.n_components_):
        raise invalid("prior_", "does not match the number of components")


def check_weights(name: str, weights: Any) -> None:
    """Check that all leaves of nested dicts are finite float32 arrays."""
    if isinstance(weights, dict):
        for key, value in weights.items():
            if not isinstance(key, str):
                raise invalid(name, "has a key that is not a string")
            check_weights(f"{name}.{key}", value)
    elif not isinstance(weights, np.ndarray) or weights.dtype != np.float32:
        raise invalid(name, "is not an array of float32")
    elif not np.isfinite(weights).all():
        raise invalid(name, "is not finite")


def _compare(name: str, expected: Any, found: Any) -> None:
    """Compare names and shapes of weights; `found` may have further constants."""
    if not isinstance(expected, dict):
        shape = getattr(found, "shape", None)
        if shape != expected.shape:
            raise invalid(name, f"has the shape {shape}, but the network needs {expected.shape}")
        return
    if not isinstance(found, dict):
        raise invalid(name, "is not a dict of weights")
    for key, part in expected.items():
        if key not in found:
            raise invalid(name, f"has no {key:.100}, which the network needs")
        _compare(f"{name}.{key}", part, found[key])


@standard_settings()
def check_output(name: str, function: Any, params: Any, samples: Any, shape: tuple) -> None:
    """Check the shape of a function's output without computing it."""
    try:
        output = jax.eval_shape(function, params, samples)
    except Exception as error:
        raise invalid(name, f"does not fit the network ({_described(error)})") from error
    if output.shape != shape:
        raise invalid(name, f"does not fit the network: it computes {output.shape}, not {shape}")


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)!r:.200}"


def _check_first_samples(model: Any) -> None:
    """Check the samples that `partial_fit` has kept of a model that is not fitted yet."""
    features = ("n_features_in_", "feature_names_in_", "sample_shape_")
    others = {name for name in vars(model) if name.endswith("_") and name not in features}
    if others:
        raise invalid(FIRST_SAMPLES, f"does not match: the model has {min(others):.100} too")
    check_integers(model, ["n_features_in_"])
    check_names(model)
    first, n_features = vars(model)[FIRST_SAMPLES], model.n_features_in_
    names = {"X", "weight", "count", "n_needed"}
    if not isinstance(first, dict) or set(first) - {"X_noisy"} != names:
        raise invalid(FIRST_SAMPLES, "does not hold samples")
    n_samples = np.shape(first["count"])[:1]
    shapes = {"weight": n_samples, "count": n_samples}
    shapes |= {name: (*n_samples, n_features) for name in ("X", "X_noisy") if name in first}
    for name, shape in shapes.items():
        array = first[name]
        kinds = "fiub" if name in ("X", "X_noisy") else "f"
        if not isinstance(array, np.ndarray) or array.dtype.kind not in kinds:
            raise invalid(FIRST_SAMPLES, f"has no array of numbers {name}")
        if array.shape != shape or not array.size or not np.isfinite(array).all():
            raise invalid(FIRST_SAMPLES, f"has {name} of another shape, or not finite")
        if kinds == "f" and not (array > 0).all():
            raise invalid(FIRST_SAMPLES, f"has {name} that is not positive")
    if isinstance(first["n_needed"], bool) or not isinstance(first["n_needed"], Integral):
        raise invalid(FIRST_SAMPLES, "has n_needed that is not an integer")
