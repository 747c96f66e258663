"""One autoencoder of an outlier detector: the rows that it learns from, and what it says."""

import numpy as np

from skae.core.batching import Rows
from skae.core.outlyingness import compared, over_columns, trimmed_rows

__all__ = ["codes_and_squares", "fitted_member"]


def codes_and_squares(autoencoder, scale, X):
    """Codes and squared errors of rows over their scales, a block at a time."""
    rows = Rows(X)
    for part, block in rows.blocks(lambda part: over_columns(rows.raw(part), scale)):
        squares = np.square(block - autoencoder.reconstruct(block), dtype=np.float64)
        yield part, np.asarray(autoencoder.transform(block), np.float64), squares


def fitted_member(X, weight, make, seed, **settings) -> tuple:
    """Choose rows, fit an autoencoder to them, and compare all rows with them.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_rows, n_features)
    weight : ndarray of shape (n_rows,)
        Positive.
    make : callable
        ``make(n_components, seed)`` gives an autoencoder that is not fitted.
    seed : numpy.random.SeedSequence
    **settings
        Of `trimmed_rows`.

    Returns
    -------
    scale : ndarray of shape (n_features,)
    autoencoder : autoencoder
    reference : dict
        What `outlyingness` compares with.
    odd : ndarray of shape (n_rows,)
    """
    rng = np.random.default_rng(seed)
    kept, scale, n_components = trimmed_rows(X, weight, rng=rng, **settings)
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
