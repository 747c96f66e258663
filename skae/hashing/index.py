"""An index of codes that finds the nearest by Hamming distance.

Has the interface of scikit-learn's neighbors; how a search is done is not known here.
"""

from __future__ import annotations

from numbers import Integral
from typing import ClassVar

import numpy as np

from skae.estimators.base.sklearn_compat import Interval, StrOptions, fit_context
from skae.hashing._base import ALGORITHMS, StoredCodes
from skae.hashing._graph import GraphMixin
from skae.hashing._retrieval import check_whole
from skae.hashing._top_k import own_places


class HammingIndex(GraphMixin, StoredCodes):
    """Nearest codes by Hamming distance, the number of bits that differ.

    The interface is that of :class:`sklearn.neighbors.NearestNeighbors`, for codes of bits such as
    :class:`skae.SemanticHasher` makes::

        distance(a, b) = sum_j [a_j != b_j],    from 0 to the number of bits

    A search is exact unless `algorithm` names one that is not, and ties go to the lower index.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbors that `kneighbors` gives, at least 1.

    radius : int, default=2
        Bits that may differ for `radius_neighbors`, at least 0 and at most the number of bits.

    backend : {"auto", "numpy", "faiss"}, default="auto"
        "numpy" needs nothing more. "faiss" needs ``pip install 'skae[faiss]'``. "auto" is "numpy",
        unless `algorithm` names one that faiss alone has: what is found does not depend on what
        happens to be installed.

    algorithm : {"auto", "brute", "multi_index", "ivf", "hnsw", "multi_hash"}, default="auto"
        "auto": "brute" with faiss; with NumPy "multi_index" from 16,384 codes on, below "brute".

        - "brute" compares each code. Exact; both backends.
        - "multi_index" looks codes up by their substrings of up to 16 bits [1]_, and compares each
          code for those queries where that is the sooner way. Exact; NumPy.
        - "ivf" compares the codes of the clusters nearest to the query. Approximate; faiss.
        - "hnsw" walks a graph of neighbors [2]_. Approximate; faiss.
        - "multi_hash" looks codes up by substrings in which few bits differ. Approximate; faiss.

    algorithm_params : dict, default=None
        For the approximate algorithms, whole numbers; more is slower and finds more. "ivf":
        `n_lists` (default: the root of the number of codes), `n_probes` (a sixteenth of them).
        "hnsw": `n_links` (32), `ef_construction` (40), `ef_search` (64, or n_neighbors if that is
        more). "multi_hash": `n_bits` of a substring (from 8 to 30, more for more codes), `n_tables`
        (as many as fit into a code), `n_flips` of its bits (1, at least 0).

    packed : bool, default=False
        Whether codes are bytes of eight bits each, as :meth:`skae.SemanticHasher.hash` gives them,
        instead of 0 and 1.

    n_jobs : int, default=None
        Threads of a search; None is 1, -1 all. Each thread takes queries of its own, so that a
        single query is as fast with one.

    Attributes
    ----------
    n_samples_fit_ : int
        Codes in the index.

    n_features_in_ : int
        Columns of the codes as given: bits, or bytes where packed.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all are strings.

    n_bits_ : int
        Bits of a code; with packed codes eight for each byte.

    backend_ : {"numpy", "faiss"}
        What searches.

    algorithm_ : str
        How it searches.

    codes_ : ndarray of shape (n_words, `n_samples_fit_`)
        The codes as unsigned words, one plane for each word.

    See Also
    --------
    skae.SemanticHasher : Makes codes.
    skae.hashing.mean_average_precision : Says how good neighbors by codes are.

    Notes
    -----
    Memory, in bytes a code of b bits: b / 8 for the codes (rounded up to 1, 2, 4 or a multiple of
    8), and with "multi_index" for each of ceil(b / 16) tables as much again and 4 more. faiss
    holds a copy of its own.

    Do not use it for codes of real numbers, nor for some thousands of short samples: scikit-learn's
    `NearestNeighbors` on the samples themselves is fast enough there, and loses nothing.

    Where an approximate search finds fewer than `n_neighbors`, that query is searched exactly.
    "hnsw" knows no radius: `radius_neighbors` is exact with it.

    For codes that are all different and without clusters the nearest lie far away (14 to 16 of 64
    bits among a million), and "multi_index" opens about a twentieth of the codes; in real data it
    opens far fewer.

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
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "radius": [Interval(Integral, 0, None, closed="left")],
        "backend": [StrOptions({"auto", "numpy", "faiss"})],
        "algorithm": [StrOptions({"auto", *ALGORITHMS})],
        "algorithm_params": [dict, None],
        "packed": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_neighbors=5,
        radius=2,
        *,
        backend="auto",
        algorithm="auto",
        algorithm_params=None,
        packed=False,
        n_jobs=None,
    ):
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.backend = backend
        self.algorithm = algorithm
        self.algorithm_params = algorithm_params
        self.packed = packed
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Index codes, in place of those indexed before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            0 and 1, or bytes where packed.
        y : None
            Ignored.

        Returns
        -------
        self : HammingIndex

        Raises
        ------
        ValueError
            If X does not hold such codes, or backend and algorithm do not go together.
        ImportError
            If the backend is faiss, which is not installed.
        """
        self._store(X)
        return self

    def add(self, X):
        """Index more codes behind those that are there.

        Adding costs a copy of all codes, and now and then new tables: add many at a time. An
        error leaves the index as it was.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Codes as given to `fit`.

        Returns
        -------
        self : HammingIndex

        Raises
        ------
        ValueError
            If X is None, or does not hold codes of this index.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        if X is None:
            raise ValueError("X=None holds no codes to add")
        self._append(X)
        return self

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """Find the nearest codes, nearest first, ties by index.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Codes as given to `fit`. None: the indexed codes, each without itself.
        n_neighbors : int, default=None
            Neighbors of each; None: the parameter's.
        return_distance : bool, default=True
            Whether to give distances, too.

        Returns
        -------
        distances : ndarray of int64 of shape (n_queries, n_neighbors)
            Bits that differ; only with return_distance=True.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            Places of the neighbors among the indexed codes.

        Raises
        ------
        ValueError
            If there are fewer codes than neighbors, or X does not hold codes of this index.
        """
        queries = self._packed(X)
        k = check_whole("n_neighbors", self.n_neighbors if n_neighbors is None else n_neighbors, 1)
        with_own = k + (X is None)
        if with_own > self.n_samples_fit_:
            sign = "<" if X is None else "<="
            raise ValueError(
                f"Expected n_neighbors {sign} n_samples_fit, but n_neighbors = {k}, "
                f"n_samples_fit = {self.n_samples_fit_}, n_samples = {len(queries)}"
            )
        distances, indices = self._nearest(queries, with_own)
        if X is None:
            others = ~own_places(indices)
            distances, indices = (found[others].reshape(-1, k) for found in (distances, indices))
        return (distances, indices) if return_distance else indices

    def radius_neighbors(self, X=None, radius=None, return_distance=True, sort_results=False):
        """Find all codes within a radius: look up the hash ball.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Codes as given to `fit`. None: the indexed codes, each without itself.
        radius : int, default=None
            Bits that may differ, that many included; None: the parameter's.
        return_distance : bool, default=True
            Whether to give distances, too.
        sort_results : bool, default=False
            Nearest first, ties by index. False: by index.

        Returns
        -------
        distances : ndarray of shape (n_queries,) of arrays of int64
            Bits that differ, of each query's neighbors; only with return_distance=True.
        indices : ndarray of shape (n_queries,) of arrays of int64
            Places of the neighbors; an empty array where there are none.

        Raises
        ------
        ValueError
            If the radius is not in 0..n_bits_, results are to be sorted by distances that are not
            asked for, or X does not hold codes of this index.
        """
        queries = self._packed(X)
        radius = check_whole("radius", self.radius if radius is None else radius, 0, self.n_bits_)
        if sort_results and not return_distance:
            raise ValueError("return_distance must be True if sort_results is True")
        samples, distances, indices = self._within(queries, radius)
        if X is None:
            others = samples != indices
            samples, distances, indices = samples[others], distances[others], indices[others]
        if sort_results:
            order = np.lexsort((indices, distances, samples))
            distances, indices = distances[order], indices[order]
        cuts = np.searchsorted(samples, np.arange(1, len(queries)))
        distances, indices = (_ragged(np.split(found, cuts)) for found in (distances, indices))
        return (distances, indices) if return_distance else indices


def _ragged(parts):
    """An array of arrays, also where all are of one length."""
    found = np.empty(len(parts), object)
    found[:] = parts
    return found
