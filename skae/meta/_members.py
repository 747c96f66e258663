"""One autoencoder of an outlier detector: the samples that it learns from, and what it says."""

import numpy as np

from skae.core.data.samples import Samples
from skae.objectives.outlyingness import compared, over_columns, trimmed_samples

__all__ = ["codes_and_squares", "fitted_member"]


def codes_and_squares(autoencoder, scale, X):
    """Codes and squared errors of samples over their scales, a block at a time."""
    samples = Samples(X)
    for part, block in samples.blocks(lambda part: over_columns(samples.raw(part), scale)):
        squares = np.square(block - autoencoder.reconstruct(block), dtype=np.float64)
        yield part, np.asarray(autoencoder.transform(block), np.float64), squares


def fitted_member(X, weight, make, seed, **settings) -> tuple:
    """Choose samples, fit an autoencoder to them, and compare all samples with them.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Positive.
    make : callable
        ``make(n_components, seed)`` gives an autoencoder that is not fitted.
    seed : numpy.random.SeedSequence
    **settings
        Of `trimmed_samples`.

    Returns
    -------
    scale : ndarray of shape (n_features,)
    autoencoder : autoencoder
    reference : dict
        What `outlyingness` compares with.
    odd : ndarray of shape (n_samples,)
    """
    rng = np.random.default_rng(seed)
    kept, scale, n_components = trimmed_samples(X, weight, rng=rng, **settings)
    autoencoder = make(n_components, seed)
    autoencoder.fit(over_columns(X[kept], scale), sample_weight=weight[kept])
    reference, odd = compared(
        lambda: codes_and_squares(autoencoder, scale, X),
        weight,
        kept,
        autoencoder.n_components_,
        X.shape[1],
        autoencoder.scale_,
    )
    return scale, autoencoder, reference, odd
