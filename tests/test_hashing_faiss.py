"""faiss backend of the Hamming index: exact algorithms equal NumPy, approximate ones by recall."""

import pickle
import sys

import numpy as np
import pytest

from skae.hashing import HammingIndex, _faiss
from tests.test_hashing_index import assert_same, brute_force, codes_of

# by skae's loader: the SWIG bindings of faiss warn on newer Pythons, and warnings are errors
try:
    _faiss.load()
except ImportError:
    pytest.skip("faiss is not installed", allow_module_level=True)

ALGORITHMS = list(_faiss.PARAMETERS)
each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


@pytest.fixture(scope="module")
def codes():
    return codes_of(2000, 64, n_kinds=40)


@pytest.fixture(scope="module")
def queries():
    return codes_of(30, 64, seed=1, n_kinds=40)


@pytest.fixture(scope="module")
def indexes(codes):
    return {
        name: HammingIndex(6, 9, backend="faiss", algorithm=name).fit(codes) for name in ALGORITHMS
    }


@pytest.mark.parametrize("n_bits", [3, 8, 20, 64, 200])
@pytest.mark.parametrize("n_kinds", [1, 20])
def test_flat_index_equals_brute_force(n_bits, n_kinds):
    codes, queries = codes_of(400, n_bits, n_kinds=n_kinds), codes_of(9, n_bits, seed=1)
    theirs = HammingIndex(30, 3, backend="faiss").fit(codes)
    ours = HammingIndex(30, 3, backend="numpy").fit(codes)
    assert (theirs.algorithm_, theirs.backend_, theirs.n_bits_) == ("brute", "faiss", n_bits)
    assert_same(theirs.kneighbors(queries), brute_force(codes, queries, 30))
    for mine, other in zip(
        theirs.radius_neighbors(queries), ours.radius_neighbors(queries), strict=True
    ):
        assert all(map(np.array_equal, mine, other))


@each_algorithm
def test_most_neighbors_are_found(algorithm, indexes, codes, queries):
    index = indexes[algorithm]
    distances, indices = index.kneighbors(codes[:200])
    exact = brute_force(codes, codes[:200], 6)[0]
    assert (distances == exact).mean() > 0.8
    np.testing.assert_array_equal(distances, (codes[indices] != codes[:200, None]).sum(axis=2))
    order = distances * len(codes) + indices
    assert (np.diff(order, axis=1) > 0).all(), "neighbors are not sorted by distance and index"


@each_algorithm
def test_radius_neighbors_are_within_the_radius(algorithm, indexes, codes, queries):
    index = indexes[algorithm]
    n_found = n_true = 0
    for distances, indices, query in zip(*index.radius_neighbors(queries), queries, strict=True):
        expected = (codes != query).sum(axis=1)
        np.testing.assert_array_equal(distances, expected[indices])
        assert (distances <= 9).all() and (np.diff(indices) > 0).all()
        n_found, n_true = n_found + len(indices), n_true + (expected <= 9).sum()
    assert n_true > 50
    assert n_found == n_true if algorithm in ("brute", "hnsw") else n_found > 0.6 * n_true


@each_algorithm
def test_queries_with_too_few_neighbors_are_searched_exactly(algorithm, codes):
    """Approximate searches far from all codes find fewer than n_neighbors, or none."""
    index = HammingIndex(backend="faiss", algorithm=algorithm).fit(codes)
    query = 1 - codes[:4]
    distances, indices = index.kneighbors(query, len(codes))
    assert_same((distances, indices), brute_force(codes, query, len(codes)))


@each_algorithm
def test_backend_auto_is_the_one_that_has_the_algorithm(algorithm, codes):
    index = HammingIndex(algorithm=algorithm).fit(codes)
    assert index.backend_ == ("numpy" if algorithm == "brute" else "faiss")
    assert HammingIndex(backend="auto").fit(codes).backend_ == "numpy"


@each_algorithm
def test_add_and_pickle(algorithm, codes, queries):
    index = HammingIndex(4, backend="faiss", algorithm=algorithm).fit(codes[:1500])
    index.add(codes[1500:])
    assert index.n_samples_fit_ == 2000
    assert index.kneighbors(codes[1990:1995], 1)[0].max() == 0
    again = pickle.loads(pickle.dumps(index))
    assert_same(again.kneighbors(queries), index.kneighbors(queries))
    with pytest.raises(ValueError, match="0 or 1"):
        index.add(codes + 1)
    assert_same(again.kneighbors(queries), index.kneighbors(queries))
    assert index.n_samples_fit_ == index._faiss_index.ntotal == 2000


def test_algorithm_params_are_passed_to_faiss(codes):
    params = {"n_lists": 7, "n_probes": 3}
    index = HammingIndex(algorithm="ivf", algorithm_params=params).fit(codes)._faiss_index
    assert (index.nlist, index.nprobe) == (7, 3)
    params = {"n_links": 8, "ef_construction": 50, "ef_search": 20}
    index = HammingIndex(algorithm="hnsw", algorithm_params=params).fit(codes)._faiss_index
    hnsw = index.hnsw
    assert (hnsw.nb_neighbors(1), hnsw.efConstruction, hnsw.efSearch) == (8, 50, 20)
    params = {"n_tables": 3, "n_bits": 16, "n_flips": 2}
    index = HammingIndex(algorithm="multi_hash", algorithm_params=params).fit(codes)._faiss_index
    assert (index.nhash, index.b, index.nflip) == (3, 16, 2)
    with pytest.raises(ValueError, match=r"5 substrings of 16 bits.* 64"):
        HammingIndex(algorithm="multi_hash", algorithm_params={"n_tables": 5, "n_bits": 16}).fit(
            codes
        )


def test_number_of_threads_is_restored(codes, queries):
    faiss = _faiss.load()
    before = faiss.omp_get_max_threads()
    HammingIndex(backend="faiss", n_jobs=before + 1).fit(codes).kneighbors(queries)
    assert faiss.omp_get_max_threads() == before


def test_import_error_has_installation_instructions(monkeypatch, codes):
    monkeypatch.setitem(sys.modules, "faiss", None)
    for parameters in ({"backend": "faiss"}, {"algorithm": "hnsw"}):
        with pytest.raises(ImportError, match=r"pip install 'skae\[faiss\]'"):
            HammingIndex(**parameters).fit(codes)
    assert HammingIndex().fit(codes).backend_ == "numpy"
