"""Input of displays: autoencoders inside pipelines and searches, image shapes, dense samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skae._typing import MatrixLike
from skae.estimators.base.autoencoder import BaseAutoencoder

__all__ = [
    "ImageShape",
    "autoencoder_in",
    "best_estimator",
    "check_image_shape",
    "dense_samples",
    "estimators_by_name",
    "image_shape_of",
    "index_labels",
    "reconstruct",
]

#: (height, width, channels)
ImageShape: TypeAlias = tuple[int, int, int]


def best_estimator(estimator: BaseEstimator) -> BaseEstimator:
    """Return the best estimator of a fitted search, or `estimator` itself."""
    return getattr(estimator, "best_estimator_", estimator)


def autoencoder_in(estimator: BaseEstimator) -> Any:
    """Return the fitted autoencoder: `estimator`, its last step, or its best estimator.

    Raises
    ------
    TypeError
        If `estimator` neither is nor ends in an autoencoder of skae.
    """
    last = best_estimator(estimator)
    while isinstance(last, Pipeline):
        last = best_estimator(last[-1])
    if not isinstance(last, BaseAutoencoder):
        raise TypeError(
            f"{type(estimator).__name__} is not an autoencoder of skae: pass a fitted autoencoder, "
            "or a pipeline or search that ends in one"
        )
    check_is_fitted(last)
    return last


def check_image_shape(image_shape: Sequence[int], n_features: int) -> ImageShape:
    """Return (height, width, channels) of `image_shape`, which may lack the channels.

    Raises
    ------
    ValueError
        If `image_shape` is invalid, or its product differs from the number of features.
    """
    shape = tuple(int(size) for size in image_shape)
    full = (*shape, 1) if len(shape) == 2 else shape
    if len(full) != 3 or full[2] not in (1, 3, 4) or prod(full) != n_features:
        raise ValueError(
            f"image_shape={image_shape} does not fit samples of {n_features} features: it must "
            "be (height, width) or (height, width, channels) with 1, 3 or 4 channels, and the "
            "product must equal the number of features"
        )
    return full


def image_shape_of(
    estimator: BaseEstimator, image_shape: Sequence[int] | None, n_features: int
) -> ImageShape | None:
    """Return (height, width, channels) of the samples, or None if they are not images.

    `image_shape` is checked. If it is None, the image shape of the estimator's network is
    returned, if it has one.

    Raises
    ------
    ValueError
        If `image_shape` does not fit the number of features.
    """
    if image_shape is not None:
        return check_image_shape(image_shape, n_features)
    try:
        network = autoencoder_in(estimator).architecture_["network"]
    except TypeError:
        return None
    shape = tuple(network.get("image_shape") or ())
    fits = len(shape) == 3 and prod(shape) == n_features and shape[2] in (1, 3, 4)
    return shape if fits else None


def reconstruct(model: BaseEstimator, X: MatrixLike) -> MatrixLike:
    """Reconstruct samples with any transformer that has `inverse_transform`."""
    if hasattr(model, "reconstruct"):
        return model.reconstruct(X)
    return model.inverse_transform(model.transform(X))


def estimators_by_name(
    estimators: BaseEstimator | Mapping[Any, BaseEstimator], name: str | None = None
) -> dict[str, BaseEstimator]:
    """Return a dict of fitted estimators by name.

    A single estimator gets the given name, by default that of its class.
    """
    if isinstance(estimators, Mapping):
        if not estimators:
            raise ValueError("estimator is an empty dict: pass at least one estimator")
        return {str(key): best_estimator(estimator) for key, estimator in estimators.items()}
    estimator = best_estimator(estimators)
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    return {name or type(last).__name__: estimator}


def index_labels(X: MatrixLike) -> list[str] | None:
    """Return the index of a pandas frame as text, or None if it only numbers the samples."""
    if not (hasattr(X, "index") and hasattr(X, "columns")):
        return None
    labels = list(X.index)
    if labels == list(range(len(labels))):
        return None
    is_integer = all(isinstance(label, Integral) for label in labels)
    if is_integer:
        return [f"sample {label}" for label in labels]
    # The labels of a MultiIndex are tuples.
    return [", ".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in labels]


def dense_samples(X: MatrixLike, index: NDArray[np.integer] | None = None) -> NDArray:
    """Return samples as a dense matrix; with `index`, only these samples in that order.

    Images and sequences become rows.
    """
    if issparse(X):
        return (X if index is None else X.tocsr()[index]).toarray()
    X = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
    X = X if index is None else X[index]
    return X.reshape(len(X), -1) if X.ndim > 2 else X
