"""Nearest-neighbor index for binary codes with the interface of scikit-learn's neighbors."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skae._typing import ArrayLike
from skae.estimators.base.sklearn_compat import StrOptions, fit_context, integers_from
from skae.hashing import _exact
from skae.hashing._base import ALGORITHMS, StoredCodes
from skae.hashing._graph import GraphMixin
from skae.hashing._retrieval import check_integer
from skae.hashing._top_k import Integers, self_matches


class HammingIndex(GraphMixin, StoredCodes):
    """Nearest neighbors of binary codes by Hamming distance.

    The interface is that of :class:`sklearn.neighbors.NearestNeighbors`, for binary codes such as
    those of :class:`skae.SemanticHasher`. The Hamming distance is the number of bits that differ::

        distance(a, b) = sum_j [a_j != b_j],    from 0 to the number of bits

    The search is exact unless `algorithm` selects an approximate method. Ties are broken by index.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors that `kneighbors` returns, at least 1.

    radius : int, default=2
        Hamming radius of `radius_neighbors`, from 0 to the number of bits.

    backend : {"auto", "numpy", "faiss"}, default="auto"
        "numpy" has no further dependency. "faiss" needs ``pip install 'skae[faiss]'``. "auto" is
        "numpy", unless `algorithm` is available with faiss only. It does not depend on whether
        faiss is installed, so that results do not depend on it either.

    algorithm : {"auto", "brute", "multi_index", "ivf", "hnsw", "multi_hash"}, default="auto"
        "auto" is "brute" with faiss. With NumPy it is "multi_index" from 16,384 codes on, and
        "brute" below.

        - "brute": linear scan over all codes. Exact; both backends.
        - "multi_index": multi-index hashing by substrings of up to 16 bits [1]_, with a linear
          scan for those queries where it is faster. Exact; NumPy.
        - "ivf": inverted file, a scan of the clusters nearest to the query. Approximate; faiss.
        - "hnsw": hierarchical navigable small world graph [2]_. Approximate; faiss.
        - "multi_hash": hash tables of substrings in which few bits differ. Approximate; faiss.

    algorithm_params : dict, default=None
        Integer parameters of the approximate algorithms. Larger values increase recall and search
        time.

        - "ivf": `n_lists` (default: square root of the number of codes), `n_probes` (default: a
          sixteenth of `n_lists`).
        - "hnsw": `n_links` (default: 32), `ef_construction` (default: 40), `ef_search` (default:
          64; a search uses at least its number of neighbors).
        - "multi_hash": `n_bits` of a substring (default: from 8 to 30, more for more codes),
          `n_tables` (default: as many as fit into a code), `n_flips`, the bits of a substring that
          may differ (default: 1; at least 0).

    packed : bool, default=False
        Whether codes are packed bytes of eight bits each, as returned by
        :meth:`skae.SemanticHasher.hash`, instead of 0 and 1. Changing it by `set_params` has no
        effect before the next `fit`.

    n_jobs : int, default=None
        Number of threads of a search. None means 1, -1 all processors. Queries are divided among
        the threads, so that a single query does not get faster.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of indexed codes.

    n_features_in_ : int
        Number of columns of the codes: bits, or bytes if `packed`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all names are strings.

    n_bits_ : int
        Number of bits of a code; eight for each byte if `packed`.

    backend_ : {"numpy", "faiss"}
        The backend in use.

    algorithm_ : str
        The algorithm in use.

    codes_ : ndarray of shape (n_words, `n_samples_fit_`)
        The codes as unsigned machine words, one row for each word.

    See Also
    --------
    skae.SemanticHasher : Learns binary codes.
    skae.hashing.mean_average_precision : Evaluates retrieval by codes.

    Notes
    -----
    Memory for each code of b bits: b / 8 bytes for the code (rounded up to 1, 2, 4 or a multiple
    of 8), and with "multi_index" the same again plus 4 bytes for each of ceil(b / 16) tables.
    faiss stores a copy of its own.

    For real-valued codes, or for some thousands of samples with few features, use scikit-learn's
    `NearestNeighbors` on the samples themselves: it is fast enough there and loses no information.

    If an approximate search finds fewer than `n_neighbors` neighbors, that query is searched
    exactly. "hnsw" has no radius search: `radius_neighbors` is exact with it.

    Codes that are all different and not clustered have distant nearest neighbors (14 to 16 of 64
    bits among a million codes): "multi_index" then compares about a twentieth of the codes. On
    real data it compares far fewer.

    References
    ----------
    .. [1] Norouzi, Punjani and Fleet (2012). Fast search in Hamming space with multi-index hashing.
       CVPR 2012.
    .. [2] Malkov and Yashunin (2018). Efficient and robust approximate nearest neighbor search
       using hierarchical navigable small world graphs. IEEE TPAMI 42, 824-836.

    Examples
    --------
    >>> from skae.hashing import HammingIndex
    >>> index = HammingIndex(n_neighbors=2).fit([[0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
    >>> distances, indices = index.kneighbors([[0, 0, 0, 1]])
    >>> distances, indices
    (array([[1, 1]]), array([[0, 1]]))
    >>> index.radius_neighbors([[1, 1, 1, 0]], radius=1, return_distance=False)[0]
    array([2])
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_neighbors": [integers_from(1)],
        "radius": [integers_from(0)],
        "backend": [StrOptions({"auto", "numpy", "faiss"})],
        "algorithm": [StrOptions({"auto", *ALGORITHMS})],
        "algorithm_params": [dict, None],
        "packed": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        radius: int = 2,
        *,
        backend: str = "auto",
        algorithm: str = "auto",
        algorithm_params: Mapping[str, int] | None = None,
        packed: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.backend = backend
        self.algorithm = algorithm
        self.algorithm_params = algorithm_params
        self.packed = packed
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: None = None) -> Self:
        """Index codes, replacing those of an earlier fit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Codes of 0 and 1, or bytes if `packed`.
        y : None
            Ignored.

        Returns
        -------
        self : HammingIndex

        Raises
        ------
        ValueError
            If X does not hold bits (bytes if `packed`), or `algorithm` is not available with
            `backend`.
        ImportError
            If the backend is faiss, and faiss is not installed.
        """
        self._store(X)
        return self

    def add(self, X: ArrayLike) -> Self:
        """Append codes to the index.

        Each call copies all codes and sometimes rebuilds the tables, so add many codes at a time.
        If an error is raised, the index is unchanged.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Codes of the same kind as in `fit`.

        Returns
        -------
        self : HammingIndex

        Raises
        ------
        ValueError
            If X is None, or does not hold codes like those of `fit`.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If the index is not fitted.
        """
        if X is None:
            raise ValueError("X=None: pass the codes to add to the index")
        self._append(X)
        return self

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> Integers | tuple[Integers, Integers]:
        """Find the k nearest neighbors, sorted by distance and then by index.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Query codes of the same kind as in `fit`. None: the indexed codes, none of which is
            its own neighbor.
        n_neighbors : int, default=None
            Number of neighbors. None: the parameter of the index.
        return_distance : bool, default=True
            Whether to return the distances.

        Returns
        -------
        distances : ndarray of int64 of shape (n_queries, n_neighbors)
            Hamming distances; only if `return_distance` is True.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            Indices of the neighbors among the indexed codes.

        Raises
        ------
        ValueError
            If the index has fewer codes than neighbors, or X does not hold codes like those of
            `fit`.
        """
        queries = self._packed_queries(X)
        n_neighbors = self.n_neighbors if n_neighbors is None else n_neighbors
        k = check_integer("n_neighbors", n_neighbors, 1)
        # The indexed codes find themselves, too: one neighbor more is searched and removed.
        n_searched = k + (X is None)
        if n_searched > self.n_samples_fit_:
            sign = "<" if X is None else "<="
            raise ValueError(
                f"Expected n_neighbors {sign} n_samples_fit, but n_neighbors = {k}, "
                f"n_samples_fit = {self.n_samples_fit_}, n_samples = {len(queries)}"
            )
        distances, indices = self._nearest(queries, n_searched)
        if X is None:
            others = ~self_matches(indices)
            distances, indices = (a[others].reshape(-1, k) for a in (distances, indices))
        return (distances, indices) if return_distance else indices

    def radius_neighbors(
        self,
        X: ArrayLike | None = None,
        radius: int | None = None,
        return_distance: bool = True,
        sort_results: bool = False,
    ) -> NDArray[np.object_] | tuple[NDArray[np.object_], NDArray[np.object_]]:
        """Find all neighbors within a Hamming radius.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Query codes of the same kind as in `fit`. None: the indexed codes, none of which is
            its own neighbor.
        radius : int, default=None
            Largest Hamming distance, inclusive. None: the parameter of the index.
        return_distance : bool, default=True
            Whether to return the distances.
        sort_results : bool, default=False
            If True, sort neighbors by distance and then by index. False: by index only.

        Returns
        -------
        distances : ndarray of shape (n_queries,) of arrays of int64
            Hamming distances of each query's neighbors; only if `return_distance` is True.
        indices : ndarray of shape (n_queries,) of arrays of int64
            Indices of the neighbors among the indexed codes; an empty array if there are none.

        Raises
        ------
        ValueError
            If `radius` is not in 0..n_bits_, `sort_results` is True while `return_distance` is
            False, or X does not hold codes like those of `fit`.
        """
        queries = self._packed_queries(X)
        radius = self.radius if radius is None else radius
        radius = check_integer("radius", radius, 0, self.n_bits_)
        if sort_results and not return_distance:
            raise ValueError("return_distance must be True if sort_results is True")
        query_indices, distances, indices = self._within(queries, radius)
        if X is None:
            others = query_indices != indices
            query_indices, distances, indices = (
                a[others] for a in (query_indices, distances, indices)
            )
        if sort_results:
            order = np.lexsort((indices, distances, query_indices))
            distances, indices = distances[order], indices[order]
        split = _exact.split_by_query(query_indices, len(queries), distances, indices)
        return split if return_distance else split[1]
