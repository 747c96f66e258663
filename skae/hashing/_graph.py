"""Neighbors as sparse matrices, for estimators that take a precomputed graph."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted


class GraphMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """What follows from `kneighbors`."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    @property
    def _n_features_out(self):
        return self.n_samples_fit_

    def kneighbors_graph(self, X=None, n_neighbors=None, mode="connectivity"):
        """Neighbors as a sparse matrix.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            As for `kneighbors`.
        n_neighbors : int, default=None
            As for `kneighbors`.
        mode : {"connectivity", "distance"}, default="connectivity"
            Whether neighbors are marked by 1 or by their distance.

        Returns
        -------
        A : CSR matrix of shape (n_queries, `n_samples_fit_`)
            float64; a sample's entries are in the order of `kneighbors`, distances of 0 are stored.

        Raises
        ------
        ValueError
            If there is no such mode, there are fewer codes than neighbors, `n_neighbors` is below
            1, or X does not hold codes of this index.
        TypeError
            If `n_neighbors` is not an integer, or X is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(f"mode must be 'connectivity' or 'distance', got {mode!r}")
        distances, indices = self.kneighbors(X, n_neighbors)
        values = np.ones(distances.size) if mode == "connectivity" else distances.ravel() + 0.0
        starts = np.arange(len(indices) + 1) * indices.shape[1]
        shape = (len(indices), self.n_samples_fit_)
        return csr_matrix((values, indices.ravel(), starts), shape=shape)

    def transform(self, X):
        """Distances of each sample's neighbors, for estimators that take a precomputed graph.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Codes as given to `fit`.

        Returns
        -------
        Xt : CSR matrix of shape (n_queries, `n_samples_fit_`)
            ``kneighbors_graph(X, mode="distance")``; its `indices`, cut into samples of n_neighbors,
            are what `kneighbors` gives.

        Raises
        ------
        ValueError
            If there are fewer codes than neighbors, or X does not hold codes of this index.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        return self.kneighbors_graph(X, mode="distance")
