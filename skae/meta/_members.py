"""Ensemble members of the outlier detector: a robust fit of one autoencoder, and its errors."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skae.core.data.samples import Samples
from skae.objectives.outlyingness import Block, fit_reference, scale_features, trim_samples

__all__ = ["codes_and_squared_errors", "fit_member"]


def codes_and_squared_errors(autoencoder: Any, scale: np.ndarray, X: Any) -> Iterator[Block]:
    """Codes and squared reconstruction errors of samples with scaled features, block by block."""
    samples = Samples(X)
    for part, block in samples.blocks(lambda part: scale_features(samples.raw(part), scale)):
        squared_errors = np.square(block - autoencoder.reconstruct(block), dtype=np.float64)
        yield part, np.asarray(autoencoder.transform(block), np.float64), squared_errors


def fit_member(
    X: Any,
    weight: np.ndarray,
    make_autoencoder: Callable[[int, np.random.SeedSequence], Any],
    seed: np.random.SeedSequence,
    **settings: Any,
) -> tuple[np.ndarray, Any, dict[str, Any], np.ndarray]:
    """Trim outliers, fit an autoencoder to the inliers, and score all samples.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Positive.
    make_autoencoder : callable
        ``make_autoencoder(n_components, seed)`` returns an unfitted autoencoder.
    seed : numpy.random.SeedSequence
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
    autoencoder = make_autoencoder(n_components, seed)
    autoencoder.fit(scale_features(X[support], scale), sample_weight=weight[support])
    reference, scores = fit_reference(
        lambda: codes_and_squared_errors(autoencoder, scale, X),
        weight,
        support,
        autoencoder.n_components_,
        X.shape[1],
        autoencoder.scale_,
    )
    return scale, autoencoder, reference, scores
