"""Reconstruction errors of a fitted autoencoder, and the scores computed from them."""

from typing import Any

import numpy as np

from skae._typing import FloatArray, MatrixLike
from skae.core.data.samples import Samples

__all__ = ["explained_variance", "mean_squared_errors"]

# in standardized units: values up to this can be squared and summed in float64
_MAX_DIFFERENCE = 1e100


def mean_squared_errors(model: Any, X: MatrixLike) -> FloatArray:
    """Mean squared reconstruction error of each checked sample, in X's squared units."""
    errors, _ = _squared_distances(model, X)
    with np.errstate(over="ignore"):
        means = errors / model.n_features_in_ * model.scale_**2
    return np.minimum(means, np.finfo(np.float64).max)


def explained_variance(model: Any, X: MatrixLike, weight: FloatArray) -> float:
    """1 - weighted squared error / weighted squared distance to the mean, of checked samples."""
    weight = weight / weight.max()
    errors, distances = (float(weight @ squares) for squares in _squared_distances(model, X))
    if distances == 0:
        return 1.0 if errors == 0 else 0.0
    return 1 - errors / distances


def _squared_distances(model: Any, X: MatrixLike) -> tuple[FloatArray, FloatArray]:
    """Squared distances of each sample to its reconstruction and to the mean, standardized."""
    errors, distances = np.empty((2, X.shape[0]))
    samples = Samples(X)
    # float64, since differences of large values to a close mean would be lost in float32
    for part, block in samples.blocks(samples.raw):
        block = block.astype(np.float64)
        errors[part] = _squared_norms(block, model._reconstructed(block), model.scale_)
        distances[part] = _squared_norms(block, model.mean_, model.scale_)
    return errors, distances


def _squared_norms(samples: FloatArray, others: FloatArray, scale: float) -> FloatArray:
    """Squared norms of the standardized differences, finite also for the largest floats."""
    with np.errstate(over="ignore"):
        differences = (samples - others) / scale
    return np.square(np.clip(differences, -_MAX_DIFFERENCE, _MAX_DIFFERENCE)).sum(axis=1)
