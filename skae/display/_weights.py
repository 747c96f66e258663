"""Weights of the encoder's first layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skae.display._estimators import autoencoder_in

__all__ = ["first_layer_weights"]


def first_layer_weights(estimator: BaseEstimator) -> NDArray[np.float32]:
    """Return the input weights of the units of the encoder's first layer.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder of skae with a dense or convolutional network.

    Returns
    -------
    weights : ndarray of shape (n_units, n_features) or (n_units, height, width, channels)
        For dense layers, one weight for each feature of X; for convolutions, the kernel of each
        map. In standardized units. If the encoder has a single layer, the linear skip connection
        is added.

    Raises
    ------
    TypeError
        If `estimator` is not an autoencoder of skae.
    ValueError
        If the network is recurrent or user-defined: its first weights need not correspond to
        features.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.display import first_layer_weights
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(10, hidden_layer_sizes=(30,), max_iter=1).fit(X)
    >>> first_layer_weights(autoencoder).shape
    (30, 64)
    """
    model = autoencoder_in(estimator)
    kind, params = model.architecture_["network"]["kind"], model.params_
    if kind in ("convolutional", "maps"):
        encoder = params["encoder"].get("body", params["encoder"])
        return np.moveaxis(encoder["layer_0"]["kernel"], -1, 0)
    if kind != "dense":
        raise ValueError(
            f"the first weights of a network of kind {kind!r} do not correspond to features: use "
            "kind='top_rows' or kind='maximize'"
        )
    kernel = params["encoder"]["layer_0"]["kernel"]
    if model._network.encoder.is_single_dense_layer:
        kernel = kernel[:, : model.n_components_]
        if "linear" in params:
            kernel = params["linear"]["encoder"] + params["fixed"]["code_scale"] * kernel
    return np.ascontiguousarray(kernel.T)
