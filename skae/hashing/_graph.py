"""Neighborhood graphs as sparse matrices, for estimators that take a precomputed graph."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skae._typing import ArrayLike


class GraphMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Adds `kneighbors_graph` and `transform`, both computed by `kneighbors`."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.n_samples_fit_

    def kneighbors_graph(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        mode: str = "connectivity",
    ) -> csr_matrix:
        """Compute the graph of k nearest neighbors.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Query codes, as for `kneighbors`.
        n_neighbors : int, default=None
            Number of neighbors, as for `kneighbors`.
        mode : {"connectivity", "distance"}, default="connectivity"
            Value of the entries: 1, or the Hamming distance.

        Returns
        -------
        A : CSR matrix of shape (n_queries, `n_samples_fit_`)
            Of dtype float64. The entries of a row are in the order of `kneighbors`. Distances of
            0 are stored explicitly.

        Raises
        ------
        ValueError
            If `mode` is invalid, the index has fewer codes than neighbors, `n_neighbors` is below
            1, or X does not hold codes like those of `fit`.
        TypeError
            If `n_neighbors` is not an integer, or X is sparse.
        sklearn.exceptions.NotFittedError
            If the index is not fitted.
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(f"mode must be 'connectivity' or 'distance', got {mode!r}")
        distances, indices = self.kneighbors(X, n_neighbors)
        values = np.ones(distances.size) if mode == "connectivity" else distances.ravel() + 0.0
        starts = np.arange(len(indices) + 1) * indices.shape[1]
        shape = (len(indices), self.n_samples_fit_)
        return csr_matrix((values, indices.ravel(), starts), shape=shape)

    def transform(self, X: ArrayLike) -> csr_matrix:
        """Compute the distance graph of k nearest neighbors, to be used as a precomputed graph.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Codes of the same kind as in `fit`.

        Returns
        -------
        Xt : CSR matrix of shape (n_queries, `n_samples_fit_`)
            ``kneighbors_graph(X, mode="distance")``. Its `indices`, reshaped to
            (n_queries, n_neighbors), are the indices that `kneighbors` returns.

        Raises
        ------
        ValueError
            If the index has fewer codes than neighbors, or X does not hold codes like those of
            `fit`.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If the index is not fitted.
        """
        check_is_fitted(self)
        return self.kneighbors_graph(X, mode="distance")
