"""Adapter to faiss's binary indexes; faiss is imported on the first call.

Takes packed bytes and returns distances and indices as int64.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skae.hashing._scan import Hits
from skae.hashing._top_k import Integers

#: Allowed `algorithm_params` of each algorithm with their defaults; None depends on the codes.
PARAMETERS: dict[str, dict[str, int | None]] = {
    "brute": {},
    "ivf": {"n_lists": None, "n_probes": None},
    "hnsw": {"n_links": 32, "ef_construction": 40, "ef_search": 64},
    "multi_hash": {"n_tables": None, "n_bits": None, "n_flips": 1},
}


def load() -> Any:
    """Import faiss, or raise ImportError with installation instructions."""
    try:
        with warnings.catch_warnings():
            # faiss's SWIG bindings raise DeprecationWarning on newer versions of Python, which
            # neither skae nor its user can change.
            warnings.simplefilter("ignore", DeprecationWarning)
            import faiss
    except ModuleNotFoundError as error:
        raise ImportError(
            "backend='faiss' needs faiss, which is not installed: pip install 'skae[faiss]' "
            "(or faiss-cpu), or use backend='numpy'"
        ) from error
    return faiss


@contextmanager
def _number_of_threads(faiss: Any, n_jobs: int) -> Iterator[None]:
    """Set faiss's number of threads, which is global to the process, and restore it afterwards."""
    previous = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(n_jobs)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(previous)


@contextmanager
def _search_depth(faiss: Any, index: Any, k: int) -> Iterator[None]:
    """Raise efSearch of an HNSW index to at least k for one search.

    A graph search that keeps fewer than k candidates returns fewer than k neighbors.
    """
    if not isinstance(index, faiss.IndexBinaryHNSW):
        yield
        return
    previous = index.hnsw.efSearch
    index.hnsw.efSearch = max(previous, k)
    try:
        yield
    finally:
        index.hnsw.efSearch = previous


def build(codes: NDArray[np.uint8], algorithm: str, params: Mapping[str, int], n_jobs: int) -> Any:
    """Build an index of packed codes of shape (n_codes, n_bytes)."""
    faiss = load()
    index = _empty_index(faiss, codes.shape, algorithm, {**PARAMETERS[algorithm], **params})
    with _number_of_threads(faiss, n_jobs):
        if not index.is_trained:
            index.train(codes)
        index.add(codes)
    return index


def _empty_index(
    faiss: Any, shape: tuple[int, ...], algorithm: str, params: Mapping[str, Any]
) -> Any:
    n_codes, n_bits = shape[0], 8 * shape[1]
    if algorithm == "ivf":
        # faiss needs 39 codes for each list to learn the centers of the lists.
        n_lists = params["n_lists"] or max(1, min(math.isqrt(n_codes), n_codes // 39))
        index = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(n_bits), n_bits, min(n_lists, n_codes))
        index.nprobe = params["n_probes"] or max(1, n_lists // 16)
        return index
    if algorithm == "hnsw":
        index = faiss.IndexBinaryHNSW(n_bits, params["n_links"])
        index.hnsw.efConstruction = params["ef_construction"]
        index.hnsw.efSearch = params["ef_search"]
        return index
    if algorithm == "multi_hash":
        width = params["n_bits"] or min(n_bits, 30, max(8, n_codes.bit_length() - 4))
        n_tables = params["n_tables"] or max(1, n_bits // width)
        if n_tables * width > n_bits:
            raise ValueError(
                f"algorithm_params requires {n_tables} substrings of {width} bits, but codes have "
                f"only {n_bits} bits"
            )
        index = faiss.IndexBinaryMultiHash(n_bits, n_tables, width)
        index.nflip = params["n_flips"]
        return index
    return faiss.IndexBinaryFlat(n_bits)


def add(index: Any, codes: NDArray[np.uint8], n_jobs: int) -> None:
    """Append packed codes to the index."""
    with _number_of_threads(load(), n_jobs):
        index.add(codes)


def nearest(index: Any, codes: NDArray[np.uint8], k: int, n_jobs: int) -> tuple[Integers, Integers]:
    """Return distances and indices of shape (n_queries, k), ties broken by index.

    The index is -1 where an approximate search has found fewer than k codes.
    """
    faiss = load()
    with _number_of_threads(faiss, n_jobs), _search_depth(faiss, index, k):
        distances, indices = (array.astype(np.int64) for array in index.search(codes, k))
    # faiss returns ties in the order in which the search met them.
    order = np.lexsort((indices, distances))
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(indices, order, axis=1)


def within(index: Any, codes: NDArray[np.uint8], radius: int, n_jobs: int) -> Hits | None:
    """Return queries, distances and indices within a radius; None for HNSW, which has no search."""
    faiss = load()
    if isinstance(index, faiss.IndexBinaryHNSW):
        return None
    with _number_of_threads(faiss, n_jobs):
        # range_search returns distances below its radius, without those equal to it.
        limits, distances, indices = index.range_search(codes, radius + 1)
    queries = np.repeat(np.arange(len(codes)), np.diff(limits.astype(np.int64)))
    return queries, distances.astype(np.int64), indices.astype(np.int64)


def dumps(index: Any) -> NDArray[np.uint8]:
    """Serialize the index to an array of bytes."""
    return load().serialize_index_binary(index)


def loads(content: NDArray[np.uint8]) -> Any:
    """Invert `dumps`."""
    return load().deserialize_index_binary(content)
