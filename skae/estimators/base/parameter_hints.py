"""Hints at the value that a user may have meant, for errors of scikit-learn's validation."""

import difflib
import re
from typing import Any

from skae.estimators.base.sklearn_compat import StrOptions

__all__ = ["explained"]

_ACTIVATIONS = {
    "sigmoid": "logistic",
    "linear": "identity",
    "none": "identity",
    "swish": "silu",
}
# Names in other libraries, in lower case, and the names here.
_ALIASES: dict[str, dict[str, str]] = {
    "activation": _ACTIVATIONS,
    "code_activation": _ACTIVATIONS,
    "loss": {
        "mse": "squared_error",
        "mean_squared_error": "squared_error",
        "l2": "squared_error",
        "mae": "absolute_error",
        "mean_absolute_error": "absolute_error",
        "l1": "absolute_error",
        "bce": "binary_cross_entropy",
        "binary_crossentropy": "binary_cross_entropy",
        "cross_entropy": "binary_cross_entropy",
        "log_loss": "binary_cross_entropy",
        "smooth_l1": "huber",
    },
    "init": {
        "kaiming": "he",
        "he_normal": "he",
        "he_uniform": "he",
        "xavier": "glorot",
        "glorot_normal": "glorot",
        "glorot_uniform": "glorot",
        "lecun_normal": "lecun",
        "gaussian": "normal",
        "random_normal": "normal",
    },
    "optimizer": {"momentum": "nesterov", "gradient_descent": "sgd"},
    "noise": {"normal": "gaussian", "mask": "masking", "salt_pepper": "salt_and_pepper"},
}
_NETWORKS = {
    r"conv|cnn": "skae.networks.Convolutional()",
    r"recurrent|rnn|lstm": "skae.networks.Recurrent()",
    r"gru": "skae.networks.Recurrent(cell='gru')",
    r"res": "skae.networks.Residual()",
    r"dense|mlp|linear": "network=None with hidden_layer_sizes=...",
}
# Private names in scikit-learn's messages, and what users pass.
_PUBLIC = {
    r"an instance of '[\w.]+\.NetworkSpecification', an instance of 'tuple'": (
        "skae.networks.Convolutional(...), skae.networks.Recurrent(...), "
        "skae.networks.Residual(...), a pair (encoder, decoder) of flax.linen modules"
    ),
    r"an instance of '[\w.]+\.BaseAutoencoder'(, an instance of '[\w.]+\.FrozenEstimator')?": (
        "an autoencoder of skae"
    ),
}


def explained(estimator: Any, message: str) -> str:
    """scikit-learn's message about an invalid parameter with public names and a hint."""
    found = re.match(r"The '(\w+)' parameter", message)
    for private, public in _PUBLIC.items():
        message = re.sub(private, public, message)
    if found is None:
        return message
    name = found[1]
    return message + _hint(estimator, name, getattr(estimator, name))


def _hint(estimator: Any, name: str, value: Any) -> str:
    if name == "n_components":
        return (
            " Pass the number of components: a share of the variance, None and 'mle', as in PCA, "
            "are not supported."
        )
    if isinstance(value, type):
        return f" Did you mean an instance, {value.__name__}(...)?"
    if not isinstance(value, str):
        return ""
    meant = _network(value) if name == "network" else _option(estimator, name, value)
    return f" Did you mean {meant}?" if meant else ""


def _network(value: str) -> str | None:
    found = (net for pattern, net in _NETWORKS.items() if re.match(pattern, value.lower()))
    return next(found, None)


def _option(estimator: Any, name: str, value: str) -> str | None:
    """The option of a parameter that a string most likely means."""
    constraints = estimator._parameter_constraints[name]
    options = {
        option
        for constraint in constraints
        if isinstance(constraint, StrOptions)
        for option in constraint.options
    }
    key = re.sub(r"[\W_]+", "_", value.strip().lower())
    meant = _ALIASES.get(name, {}).get(key)
    if meant not in options:
        # the same letters, whatever the separators; else a misspelling
        squeezed = {option.replace("_", ""): option for option in sorted(options)}
        near = difflib.get_close_matches(key.replace("_", ""), squeezed, n=1, cutoff=0.8)
        meant = squeezed[near[0]] if near else None
    return repr(meant) if meant else None
