"""faiss's binary indexes behind one small interface; imported only when it is asked for.

Bytes in, distances and indices out. Knows nothing of scikit-learn.
"""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager

import numpy as np

#: what each algorithm may be told by `algorithm_params`, with the defaults; None: by the codes
PARAMETERS: dict[str, dict] = {
    "brute": {},
    "ivf": {"n_lists": None, "n_probes": None},
    "hnsw": {"n_links": 32, "ef_construction": 40, "ef_search": 64},
    "multi_hash": {"n_tables": None, "n_bits": None, "n_flips": 1},
}


def load():
    """Import faiss, or say how to get it."""
    try:
        with warnings.catch_warnings():
            # what SWIG makes of faiss warns on newer Pythons, and nobody here can change it
            warnings.simplefilter("ignore", DeprecationWarning)
            import faiss
    except ModuleNotFoundError as error:
        raise ImportError(
            "this index needs faiss, which is not installed: pip install 'skae[faiss]' "
            "(or faiss-cpu), or use backend='numpy'"
        ) from error
    return faiss


@contextmanager
def _threads(faiss, n_jobs):
    """Set faiss's number of threads, which is one for the whole process, and set it back."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(n_jobs)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


@contextmanager
def _effort(faiss, index, k):
    """Let a graph look at k codes or more, for one search."""
    if not isinstance(index, faiss.IndexBinaryHNSW):
        yield
        return
    before = index.hnsw.efSearch
    index.hnsw.efSearch = max(before, k)
    try:
        yield
    finally:
        index.hnsw.efSearch = before


def build(codes, algorithm, params, n_jobs):
    """Index of packed codes of shape (n_codes, n_bytes)."""
    faiss = load()
    index = _empty(faiss, codes.shape, algorithm, {**PARAMETERS[algorithm], **params})
    with _threads(faiss, n_jobs):
        if not index.is_trained:
            index.train(codes)
        index.add(codes)
    return index


def _empty(faiss, shape, algorithm, params):
    n_codes, n_bits = shape[0], 8 * shape[1]
    if algorithm == "ivf":
        # faiss asks for 39 codes a list to learn its centers from
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
                f"algorithm_params asks for {n_tables} substrings of {width} bits, but codes have "
                f"{n_bits}"
            )
        index = faiss.IndexBinaryMultiHash(n_bits, n_tables, width)
        index.nflip = params["n_flips"]
        return index
    return faiss.IndexBinaryFlat(n_bits)


def add(index, codes, n_jobs):
    """Append packed codes."""
    with _threads(load(), n_jobs):
        index.add(codes)


def nearest(index, codes, k, n_jobs):
    """Distances and indices of shape (n_queries, k); index -1 where fewer were found."""
    faiss = load()
    with _threads(faiss, n_jobs), _effort(faiss, index, k):
        found = index.search(codes, k)
    distances, indices = (column.astype(np.int64) for column in found)
    # faiss leaves ties in the order in which it met them
    order = np.lexsort((indices, distances))
    distances, indices = (np.take_along_axis(c, order, axis=1) for c in (distances, indices))
    return distances, indices


def within(index, codes, radius, n_jobs):
    """Arrays of queries, distances and indices; None where the index cannot do it."""
    faiss = load()
    if isinstance(index, faiss.IndexBinaryHNSW):
        return None
    with _threads(faiss, n_jobs):
        # faiss gives what is nearer than, not as near as
        limits, differ, indices = index.range_search(codes, radius + 1)
    queries = np.repeat(np.arange(len(codes)), np.diff(limits.astype(np.int64)))
    return queries, differ.astype(np.int64), indices.astype(np.int64)


def dumps(index):
    """The index as an array of bytes."""
    return load().serialize_index_binary(index)


def loads(content):
    """Undo `dumps`."""
    return load().deserialize_index_binary(content)
