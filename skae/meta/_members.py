"""Ensemble members of the outlier detector: a robust fit of one autoencoder, and its errors."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone

from skae._typing import RandomState
from skae.core.data.samples import Samples
from skae.estimators.autoencoder import AutoencoderTransformer
from skae.meta._fitting import seed_autoencoder
from skae.objectives.outlyingness import Block, fit_reference, scale_features, trim_samples

__all__ = ["codes_and_squared_errors", "explained_variances", "fit_member"]

# The first epochs bend the plane of PCA. Later epochs overfit single samples.
_DEFAULT: dict[str, Any] = {"max_iter": 20, "early_stopping": False}


def explained_variances(autoencoder: Any) -> tuple[float, ...]:
    """Shares of the variance that principal components explain, one for each ensemble member.

    Narrow codes detect samples that are far away, wide codes detect unusual combinations of
    feature values.
    """
    return (0.3, 0.5, 0.7, 0.9) if autoencoder is None else (0.7,)


def codes_and_squared_errors(autoencoder: Any, scale: np.ndarray, X: Any) -> Iterator[Block]:
    """Codes and squared reconstruction errors of samples with scaled features, block by block."""
    samples = Samples(X)
    for part, block in samples.blocks(lambda part: scale_features(samples.raw(part), scale)):
        x_hat = np.asarray(autoencoder.reconstruct(block))  # a frame if `set_config` asks for it
        squared_errors = np.square(block - x_hat, dtype=np.float64)
        yield part, np.asarray(autoencoder.transform(block), np.float64), squared_errors


def fit_member(
    X: Any,
    weight: np.ndarray,
    seed: np.random.SeedSequence,
    *,
    autoencoder: Any,
    random_state: RandomState,
    **settings: Any,
) -> tuple[np.ndarray, Any, dict[str, Any], np.ndarray]:
    """Trim outliers, fit an autoencoder to the inliers, and score all samples.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Positive.
    seed : numpy.random.SeedSequence
    autoencoder : autoencoder or None
        It is cloned. None: an `AutoencoderTransformer` with as many components as trimming used.
    random_state : int, RandomState instance or None
        Of the detector.
    **settings
        Of `trim_samples`.

    Returns
    -------
    scale : ndarray of shape (n_features,)
    autoencoder : autoencoder
    reference : dict
        Statistics of inliers, for `anomaly_scores`.
    scores : ndarray of shape (n_samples,)
        Anomaly scores.
    """
    rng = np.random.default_rng(seed)
    support, scale, n_components = trim_samples(X, weight, rng=rng, **settings)
    if autoencoder is None:
        fitted = AutoencoderTransformer(n_components, **_DEFAULT)
    else:
        fitted = clone(autoencoder)
    seed_autoencoder(fitted, random_state, seed)
    fitted.fit(scale_features(X[support], scale), sample_weight=weight[support])
    reference, scores = fit_reference(
        lambda: codes_and_squared_errors(fitted, scale, X),
        weight,
        support,
        fitted.n_components_,
        X.shape[1],
        fitted.scale_,
    )
    return scale, fitted, reference, scores
