"""Activations of the hidden layers of a fitted autoencoder."""

from math import prod
from typing import Any

import numpy as np

from skae._typing import FloatArray, MatrixLike
from skae.core.inference import apply_in_blocks
from skae.core.networks.captured_activations import CODE, layer_output, layer_shapes
from skae.estimators.base.input_checks import output_dtype

__all__ = ["find_layer", "layer_activations"]


def layer_activations(model: Any, X: MatrixLike, layer: int | str) -> FloatArray:
    """Activations of a layer for checked samples."""
    layer, shape = find_layer(model, layer)
    if layer == CODE:
        return model._codes(X)
    # the programs compute in float32, whatever the dtype of X
    out = np.empty((X.shape[0], prod(shape)), np.float32)
    static, read = (model._network, layer), model._samples(X).standardized
    apply_in_blocks(layer_output, static, model.params_, X.shape, read, out, model._device)
    return out.reshape(-1, *shape).astype(output_dtype(X), copy=False)


def find_layer(model: Any, layer: int | str) -> tuple[str, tuple[int, ...]]:
    """Name of a layer given by name or index, and the shape of its output for one sample."""
    shapes = layer_shapes(model._network, model.params_)
    names = list(shapes)
    if isinstance(layer, int | np.integer) and -len(names) <= layer < len(names):
        layer = names[layer]
    if layer not in shapes:
        raise ValueError(
            f"layer={layer!r} is not a layer of this {type(model).__name__}: use one of "
            f"{names}, or an index from 0 to {len(names) - 1}"
        )
    return layer, shapes[layer]
