"""Errors about attributes of other libraries' estimators, with what autoencoders have instead."""

from typing import Any

__all__ = ["attribute_error"]

_VARIANCE = (
    "score(X) returns the explained variance of all components together; they are not ordered"
)
_WEIGHTS = (
    "an autoencoder is not linear. transform(X) returns codes, reconstruct(X) reconstructions, and "
    "skae.display.first_layer_weights(autoencoder) the weights of the first layer"
)
_LOSSES = "history_ holds the losses of all epochs"
_PARAMS = "params_ holds all weights"
_HINTS = {
    "components_": _WEIGHTS,
    "singular_values_": _VARIANCE,
    "explained_variance_": _VARIANCE,
    "explained_variance_ratio_": _VARIANCE,
    "coefs_": _PARAMS,
    "intercepts_": _PARAMS,
    "loss_": _LOSSES,
    "loss_curve_": _LOSSES,
    "history": _LOSSES,
    "encode": "transform(X) returns codes",
    "decode": "inverse_transform(Z) decodes codes",
    "predict": "transform(X) returns codes, reconstruct(X) reconstructions",
}


def attribute_error(estimator: Any, name: str) -> AttributeError:
    """The error for a missing attribute; names what an autoencoder has instead of PCA's."""
    message = f"{type(estimator).__name__!r} object has no attribute {name!r}"
    if name in _HINTS:
        message += f": {_HINTS[name]}"
    return AttributeError(message, name=name, obj=estimator)
