"""Samples that are images or sequences, as arrays of three or four dimensions.

Networks are written for flat samples. The shape of a sample replaces the parameter `image_shape` or
`sequence_shape` where that is None, and it is stored, so that results have it too.
"""

from copy import copy
from math import prod
from typing import Any

import numpy as np

__all__ = ["flattened", "in_fitted_shape", "sample_shape", "shaped", "takes_shapes"]

# Parameters of networks with the shape of a sample, and the numbers of dimensions that it may have.
_PARAMETERS = {"image_shape": (2, 3), "sequence_shape": (2,)}
_USAGE = {
    "image_shape": "(n, h, w) or (n, h, w, c)",
    "sequence_shape": "(n, steps, features per step)",
}
# Parameters that hold the part of an estimator which has the network.
_PARTS = ("network", "autoencoder", "estimator")


def sample_shape(X: Any) -> tuple[int, ...] | None:
    """Shape of a sample if `X` has more than two dimensions, else None."""
    try:
        shape = X.shape if hasattr(X, "shape") else np.shape(X)
    except (TypeError, ValueError):  # a ragged list, or an array of another library
        return None
    return tuple(int(size) for size in shape[1:]) if len(shape) > 2 else None


def flattened(estimator: Any, X: Any, *, reset: bool, name: str) -> Any:
    """`X` as a matrix, if it holds images or sequences and the estimator's network takes these.

    With `reset`, sets ``estimator.sample_shape_``, or removes it if `X` is a matrix.

    Raises
    ------
    ValueError
        If the network takes no such samples, or samples of another shape.
    """
    if reset:
        vars(estimator).pop("sample_shape_", None)
    shape = sample_shape(X)
    if shape is None:
        return X
    owner, parameter = _owner(estimator)
    if len(shape) not in _PARAMETERS.get(parameter, ()):
        raise ValueError(_refusal(estimator, parameter, (len(X), *shape), name))
    expected = getattr(estimator, "sample_shape_", None) or getattr(owner, parameter)
    if expected is None and hasattr(estimator, "architecture_"):
        expected = estimator.architecture_["network"].get(parameter)
    if expected is not None and _with_channels(expected) != _with_channels(shape):
        raise ValueError(
            f"{name} has samples of the shape {shape}, but {type(estimator).__name__} expects "
            f"{tuple(expected)}, which is {parameter} or the shape in fit"
        )
    if reset:
        estimator.sample_shape_ = shape
    return np.asarray(X).reshape(len(X), prod(shape))


def in_fitted_shape(model: Any, x_hat: np.ndarray) -> np.ndarray:
    """Flat samples, of shape (..., n_features), in the shape that samples had in `fit`."""
    shape = getattr(model, "sample_shape_", x_hat.shape[-1:])
    return x_hat.reshape(*x_hat.shape[:-1], *shape)


def takes_shapes(estimator: Any) -> bool:
    """Whether the network of an estimator takes images or sequences."""
    return bool(_owner(estimator)[1])


def shaped(estimator: Any, shape: tuple[int, ...] | None) -> Any:
    """The estimator, or a copy whose network is for samples of this shape."""
    if shape is None:
        return estimator
    estimator, parameter, part = copy(estimator), _parameter(estimator), _part(estimator)
    if parameter:
        if getattr(estimator, parameter) is None:
            setattr(estimator, parameter, shape)
    elif part:
        setattr(estimator, part, shaped(getattr(estimator, part), shape))
    return estimator


def _owner(estimator: Any) -> tuple[Any, str]:
    """The part of an estimator with the shape of samples as a parameter, and its name or ""."""
    parameter, part = _parameter(estimator), _part(estimator)
    return _owner(getattr(estimator, part)) if part and not parameter else (estimator, parameter)


def _parameter(estimator: Any) -> str:
    return next((name for name in _PARAMETERS if hasattr(estimator, name)), "")


def _part(estimator: Any) -> str:
    return next((name for name in _PARTS if getattr(estimator, name, None) is not None), "")


def _with_channels(shape: Any) -> tuple[int, ...]:
    """(height, width, channels) of an image; a sequence keeps its two dimensions up to a 1."""
    return (*shape, 1) if len(shape) == 2 else tuple(shape)


def _refusal(estimator: Any, parameter: str, shape: tuple[int, ...], name: str) -> str:
    cls = type(estimator).__name__
    found = f"{name} has {len(shape)} dimensions, {shape}, but {cls} takes"
    if parameter:
        return f"{found} {_USAGE[parameter]}, or a matrix (n_samples, n_features)"
    return (
        f"{found} a matrix (n_samples, n_features): reshape to (n, h*w*c) and set "
        f"image_shape={shape[1:]} of a convolutional network, or pass images as they are to "
        "ConvolutionalAutoencoder or with network=skae.networks.Convolutional()"
    )
