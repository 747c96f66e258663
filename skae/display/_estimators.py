"""What displays ask of estimators: the autoencoder within, its images' shape, codes, samples."""

from math import prod

import numpy as np
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skae.estimators.base.autoencoder import BaseAutoencoder

__all__ = ["autoencoder_in", "dense_samples", "image_shape_of", "named", "whole"]


def whole(estimator):
    """The fitted estimator itself, or the best one that a search has found."""
    return getattr(estimator, "best_estimator_", estimator)


def autoencoder_in(estimator):
    """The fitted autoencoder of skae: `estimator`, a pipeline's last step, a search's best one.

    Raises
    ------
    TypeError
        If there is none.
    """
    last = whole(estimator)
    while isinstance(last, Pipeline):
        last = whole(last[-1])
    if not isinstance(last, BaseAutoencoder):
        raise TypeError(
            f"{type(estimator).__name__} is no autoencoder of skae, nor does it end in one"
        )
    check_is_fitted(last)
    return last


def image_shape_of(estimator, image_shape, n_features):
    """Checked (height, width, channels): what was given, else what the network says, else None.

    Raises
    ------
    ValueError
        If the shape given is none, or does not have as many cells as samples have.
    """
    if image_shape is not None:
        shape = tuple(int(size) for size in image_shape)
        full = (*shape, 1) if len(shape) == 2 else shape
        if len(full) != 3 or full[2] not in (1, 3, 4) or prod(full) != n_features:
            raise ValueError(
                f"image_shape={image_shape} does not fit samples of {n_features} cells: it must be "
                "(height, width) or (height, width, channels) with 1, 3 or 4 channels, and their "
                "product the number of cells"
            )
        return full
    try:
        network = autoencoder_in(estimator).architecture_["network"]
    except TypeError:
        return None
    found = network.get("image_shape")
    fits = found is not None and prod(found) == n_features and found[2] in (1, 3, 4)
    return tuple(found) if fits else None


def named(estimators, alone=None):
    """A dict of estimators by name: a single one's is `alone`, or its class's name."""
    if isinstance(estimators, dict):
        if not estimators:
            raise ValueError("estimators is an empty dict: give at least one estimator")
        return {str(name): whole(estimator) for name, estimator in estimators.items()}
    estimator = whole(estimators)
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    return {alone or type(last).__name__: estimator}


def dense_samples(X, index=None):
    """Samples as a dense array; with `index` only these, in that order."""
    if issparse(X):
        return (X if index is None else X.tocsr()[index]).toarray()
    X = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
    return X if index is None else X[index]
