"""Hamming index: exact search against brute force, scikit-learn's interface, invalid input."""

import pickle
from contextlib import nullcontext

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from skae.hashing import HammingIndex, _multi_index, _top_k
from skae.hashing._words import pack, to_words
from tests.test_docstrings import entries, parameters_of, section

EXACT = ["brute", "multi_index"]
each_exact = pytest.mark.parametrize("algorithm", EXACT)


def codes_of(n_codes, n_bits, seed=0, n_kinds=10):
    """Bits around centers that are equal for all seeds, so that there are near codes and ties."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).integers(0, 2, (n_kinds, n_bits), dtype=np.uint8)
    flips = rng.random((n_codes, n_bits)) < 0.05
    return centers[rng.integers(0, n_kinds, n_codes)] ^ flips.astype(np.uint8)


def brute_force(codes, queries, k):
    """Distances and indices of the nearest codes, ties broken by index."""
    distances = (codes != queries[:, None]).sum(axis=2)
    indices = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, indices, axis=1), indices


def assert_same(found, expected):
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def codes():
    return codes_of(300, 24)


@pytest.fixture(scope="module")
def queries():
    return codes_of(40, 24, seed=1)


# packed=True, because the data of the checks are not 0 and 1
@parametrize_with_checks([HammingIndex(packed=True), HammingIndex(packed=True, algorithm=EXACT[1])])
def test_scikit_learn_checks(estimator, check):
    # before scikit-learn 1.7.2 this check subtracts a mean from integers in place, before any fit
    is_broken = parse_version(sklearn.__version__) < parse_version("1.7.2") and (
        check.func is estimator_checks.check_positive_only_tag_during_fit
    )
    with pytest.raises(TypeError, match="Cannot cast ufunc") if is_broken else nullcontext():
        check(estimator)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n_bits=st.sampled_from([1, 7, 8, 16, 17, 24, 33, 64, 65, 128, 264]),
    n_codes=st.integers(1, 60),
    n_kinds=st.sampled_from([1, 3, 60]),
    k=st.integers(1, 60),
    radius=st.integers(0, 20),
    algorithm=st.sampled_from(EXACT),
    packed=st.booleans(),
)
def test_search_equals_brute_force(n_bits, n_codes, n_kinds, k, radius, algorithm, packed):
    codes, queries = codes_of(n_codes, n_bits, n_kinds=n_kinds), codes_of(5, n_bits, seed=1)
    queries[0] = codes[0]
    k, radius = min(k, n_codes), min(radius, n_bits)
    given_codes = [np.packbits(c, axis=1) if packed else c for c in (codes, queries)]
    index = HammingIndex(k, radius, algorithm=algorithm, packed=packed).fit(given_codes[0])
    assert_same(index.kneighbors(given_codes[1]), brute_force(codes, queries, k))
    distances, indices = index.radius_neighbors(given_codes[1])
    for i, query in enumerate(queries):
        expected = (codes != query).sum(axis=1)
        np.testing.assert_array_equal(indices[i], np.flatnonzero(expected <= radius))
        np.testing.assert_array_equal(distances[i], expected[indices[i]])


@pytest.mark.parametrize("n_bits", [16, 64, 100])
@pytest.mark.parametrize("n_kinds", [1, 100, 40_000])
def test_many_codes_by_tables_and_by_scan(n_bits, n_kinds):
    """More codes than a block: some queries are searched by tables, others are scanned."""
    codes = codes_of(40_000, n_bits, n_kinds=n_kinds)
    queries = np.vstack([codes[-3:], codes_of(3, n_bits, seed=5)])
    expected = brute_force(codes, queries, 12)
    for algorithm in EXACT:
        index = HammingIndex(12, algorithm=algorithm).fit(codes)
        assert index.algorithm_ == algorithm
        assert_same(index.kneighbors(queries), expected)
        for found, query in zip(index.radius_neighbors(queries)[1], queries, strict=True):
            np.testing.assert_array_equal(found, np.flatnonzero((codes != query).sum(axis=1) <= 2))


def test_multi_index_does_not_scan_if_neighbors_are_near(monkeypatch):
    codes = codes_of(20_000, 64, n_kinds=2000)
    index = HammingIndex(5).fit(codes)
    assert index.algorithm_ == "multi_index"
    monkeypatch.setattr(_multi_index._scan, "nearest", None)
    monkeypatch.setattr(_multi_index._scan, "within", None)
    assert_same(index.kneighbors(codes[:50]), brute_force(codes, codes[:50], 5))


@each_exact
def test_nearest_in_reverse_order(algorithm):
    """Each block holds codes that are nearer than those of all earlier blocks."""
    n_codes = 70_000
    bits = np.arange(64) < np.linspace(64, 0, n_codes)[:, None]
    query = np.zeros((1, 64), np.uint8)
    found = HammingIndex(20, algorithm=algorithm).fit(bits).kneighbors(query)
    assert_same(found, brute_force(bits, query, 20))


@each_exact
def test_equal_codes_are_ties_by_index(algorithm):
    index = HammingIndex(4, algorithm=algorithm).fit(np.ones((40_000, 32), np.uint8))
    distances, indices = index.kneighbors(np.zeros((2, 32)))
    assert (distances == 32).all()
    assert (indices == np.arange(4)).all()


def test_ties_with_the_last_neighbor_are_not_updated(monkeypatch):
    """Otherwise duplicates, which are frequent among hashes, make a search ten times slower."""
    n_updates = []
    update = _top_k.TopK.update

    def counted(self, queries, *found):
        n_updates.append(len(queries))
        update(self, queries, *found)

    monkeypatch.setattr(_top_k.TopK, "update", counted)
    codes = codes_of(40_000, 8, n_kinds=1)
    HammingIndex(10, algorithm="brute").fit(codes).kneighbors(codes[:20])
    assert sum(n_updates) < 20 * 40


@pytest.mark.parametrize("n_bits", [5, 16, 17, 40, 64, 100])
def test_substrings_contain_all_bits(n_bits):
    codes = codes_of(30, n_bits)
    keys, width = _multi_index._substrings(to_words(pack(codes)), n_bits)
    bits = (keys.T[:, :, None] >> np.arange(width)[::-1]) & 1
    np.testing.assert_array_equal(bits.reshape(30, -1)[:, :n_bits], codes)


def test_distances_equal_scikit_learn(codes, queries):
    theirs = NearestNeighbors(n_neighbors=7, metric="hamming").fit(codes)
    distances, indices = HammingIndex(7).fit(codes).kneighbors(queries)
    np.testing.assert_allclose(distances / 24, theirs.kneighbors(queries)[0])
    assert distances.dtype == indices.dtype == np.int64


@each_exact
def test_results_do_not_depend_on_n_jobs(algorithm, codes, queries):
    one = HammingIndex(5, 3, algorithm=algorithm).fit(codes)
    more = HammingIndex(5, 3, algorithm=algorithm, n_jobs=3).fit(codes)
    assert_same(more.kneighbors(queries), one.kneighbors(queries))
    for mine, theirs in zip(
        more.radius_neighbors(queries), one.radius_neighbors(queries), strict=True
    ):
        assert all(map(np.array_equal, mine, theirs))


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint8, np.float32])
def test_bits_of_any_dtype(dtype, codes, queries):
    found = HammingIndex().fit(codes.astype(dtype)).kneighbors(queries.tolist())
    assert_same(found, brute_force(codes, queries, 5))


def test_without_queries_no_code_is_its_own_neighbor(codes):
    codes = np.vstack([codes, np.tile(codes[:1], (6, 1))])
    index = HammingIndex(3, 1).fit(codes)
    distances, indices = index.kneighbors()
    assert not (indices == np.arange(len(codes))[:, None]).any()
    differ = (codes != codes[:, None]).sum(axis=2)
    np.fill_diagonal(differ, 99)
    np.testing.assert_array_equal(distances, np.sort(differ, axis=1)[:, :3])
    for i, found in enumerate(index.radius_neighbors(return_distance=False)):
        np.testing.assert_array_equal(found, np.flatnonzero(differ[i] <= 1))


def test_radius_results_can_be_sorted_and_empty(codes, queries):
    index = HammingIndex().fit(codes)
    distances, indices = index.radius_neighbors(queries, radius=6, sort_results=True)
    for found_distances, found, query in zip(distances, indices, queries, strict=True):
        all_distances = (codes != query).sum(axis=1)
        expected = np.lexsort((np.arange(300), all_distances))[: (all_distances <= 6).sum()]
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(found_distances, all_distances[expected])
    distant = HammingIndex(1, 0).fit(np.zeros((3, 8)))
    distances, indices = distant.radius_neighbors(np.ones((2, 8)))
    assert [len(found) for found in indices] == [len(found) for found in distances] == [0, 0]
    assert distant.radius_neighbors(np.ones((2, 8)), radius=8)[1][0].tolist() == [0, 1, 2]


@each_exact
@pytest.mark.parametrize("first", [5, 250])
def test_add_equals_fit_on_all_codes(algorithm, first, codes, queries):
    index = HammingIndex(9, 4, algorithm=algorithm).fit(codes[:first])
    for start in range(first, 300, 10):
        assert index.add(codes[start : start + 10]) is index
    assert index.n_samples_fit_ == 300
    assert_same(index.kneighbors(queries), brute_force(codes, queries, 9))
    whole = HammingIndex(9, 4, algorithm=algorithm).fit(codes)
    assert all(
        map(np.array_equal, index.radius_neighbors(queries)[1], whole.radius_neighbors(queries)[1])
    )


def test_add_builds_tables_from_16384_codes_on():
    codes = codes_of(17_000, 32)
    index = HammingIndex().fit(codes[:16_000])
    assert index.algorithm_ == "brute"
    assert index.add(codes[16_000:]).algorithm_ == "multi_index"
    assert_same(index.kneighbors(codes[-20:]), brute_force(codes, codes[-20:], 5))


@pytest.mark.parametrize("packed", [False, True])
def test_packed_has_no_effect_after_fit(packed, codes, queries):
    first, more = (np.packbits(a, axis=1) if packed else a for a in (codes, queries))
    index = HammingIndex(packed=packed).fit(first)
    expected = index.kneighbors(more)
    index.set_params(packed=not packed)
    for found, want in zip(index.kneighbors(more), expected, strict=True):
        np.testing.assert_array_equal(found, want)
    with pytest.raises(ValueError, match="packed codes" if packed else "unpacked codes"):
        index.kneighbors(more[:, :-1])
    added = index.add(more).kneighbors(more, 1)[0]
    assert not added.any() and index.n_samples_fit_ == len(codes) + len(queries)


@each_exact
def test_pickle_and_clone(algorithm, codes, queries):
    index = HammingIndex(3, algorithm=algorithm).fit(codes)
    assert_same(pickle.loads(pickle.dumps(index)).kneighbors(queries), index.kneighbors(queries))
    assert clone(index).get_params() == index.get_params()
    arrays = [part for value in vars(index).values() for part in np.atleast_1d([type(value)])]
    assert set(arrays) <= {int, str, bool, type(None), np.ndarray, tuple}


def test_graph_is_input_of_a_classifier(codes, queries):
    y = codes[:, 0].astype(int) + 2 * codes[:, 1]
    pipe = make_pipeline(HammingIndex(7), KNeighborsClassifier(7, metric="precomputed"))
    plain = KNeighborsClassifier(7, metric="hamming", algorithm="brute").fit(codes, y)
    agree = pipe.fit(codes, y).predict(queries) == plain.predict(queries)
    assert agree.mean() > 0.9, "only ties may differ"
    index = pipe[0]
    graph = index.transform(queries)
    np.testing.assert_array_equal(graph.indices.reshape(-1, 7), index.kneighbors(queries)[1])
    assert (index.kneighbors_graph(queries, 2).sum(axis=1) == 2).all()
    assert len(index.get_feature_names_out()) == 300


# ---- invalid input


def test_invalid_neighbors_and_radius(codes, queries):
    index = HammingIndex().fit(codes)
    with pytest.raises(ValueError, match=r"n_neighbors <= n_samples_fit.* 301"):
        index.kneighbors(queries, 301)
    assert index.kneighbors(queries, 300)[1].shape == (40, 300)
    with pytest.raises(ValueError, match="n_neighbors < n_samples_fit"):
        index.kneighbors(n_neighbors=300)
    for bad in (0, -1):
        with pytest.raises(ValueError, match="n_neighbors must be at least 1"):
            index.kneighbors(queries, bad)
    for bad in (-1, 25):
        with pytest.raises(ValueError, match=r"radius must be in 0\.\.24"):
            index.radius_neighbors(queries, bad)
    for bad in (1.5, "2", True):
        with pytest.raises(TypeError, match="radius must be an integer"):
            index.radius_neighbors(queries, bad)
    with pytest.raises(ValueError, match="return_distance must be True"):
        index.radius_neighbors(queries, return_distance=False, sort_results=True)
    with pytest.raises(ValueError, match="mode must be"):
        index.kneighbors_graph(queries, mode="closeness")


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"radius": -1}, "radius"),
        ({"backend": "annoy"}, "backend"),
        ({"algorithm": "kd_tree"}, "algorithm"),
        ({"backend": "numpy", "algorithm": "hnsw"}, "backend='numpy', which has brute"),
        ({"backend": "faiss", "algorithm": "multi_index"}, "backend='faiss', which has brute"),
        ({"algorithm_params": {"n_lists": 3}}, "has no parameters"),
        (
            {"algorithm": "ivf", "algorithm_params": {"lists": 3}},
            "has the parameters n_lists, n_probes",
        ),
        ({"algorithm": "ivf", "algorithm_params": {"n_lists": 0}}, "integer of at least 1"),
    ],
)
def test_invalid_parameters(parameters, message, codes):
    with pytest.raises(ValueError, match=message):
        HammingIndex(**parameters).fit(codes)


def test_invalid_codes(codes, queries):
    packed = np.packbits(codes, axis=1)
    with pytest.raises(ValueError, match=r"bits, 0 or 1.*packed=True"):
        HammingIndex().fit(packed)
    for bad in (np.full((3, 4), 0.5), np.full((3, 4), 2)):
        with pytest.raises(ValueError, match="0 or 1"):
            HammingIndex().fit(bad)
    with pytest.raises(ValueError, match="NaN"):
        HammingIndex().fit(np.full((3, 4), np.nan))
    for bad in (np.full((3, 4), 0.5), np.full((3, 4), 256)):
        with pytest.raises(ValueError, match="0 to 255"):
            HammingIndex(packed=True).fit(bad)
    with pytest.raises(ValueError, match=r"not packed.*numpy\.packbits"):
        HammingIndex(packed=True).fit(codes)
    with pytest.raises(ValueError, match="0 sample"):
        HammingIndex().fit(np.zeros((0, 4)))
    with pytest.raises(ValueError, match=r"24 features.* expecting 3 .*bytes of packed"):
        HammingIndex(packed=True).fit(packed).kneighbors(queries)
    with pytest.raises(ValueError, match=r"3 features.* expecting 24 .*unpacked codes"):
        HammingIndex().fit(codes).kneighbors(packed)


def test_methods_raise_before_fit():
    for method in ("kneighbors", "radius_neighbors", "add", "transform"):
        with pytest.raises(NotFittedError):
            getattr(HammingIndex(), method)([[0, 1]])


def test_an_error_does_not_change_the_index(codes, queries):
    index = HammingIndex(algorithm="multi_index").fit(codes)
    before = pickle.dumps(index)
    with pytest.raises(ValueError, match="X=None"):
        index.add(None)
    for bad in (codes[:, :5], codes + 1.0, np.zeros((0, 24))):
        with pytest.raises(ValueError):
            index.add(bad)
        with pytest.raises(ValueError, match=r"0 or 1|0 sample"):
            index.fit(bad + 1.0)
    assert pickle.dumps(index) == before


# ---- imports and documentation


def test_imports_neither_jax_nor_faiss(run_python):
    run_python(
        """
        import sys
        from skae.hashing import HammingIndex, mean_average_precision
        HammingIndex(1).fit([[0, 1], [1, 1]]).kneighbors([[0, 0]])
        assert mean_average_precision([[0, 1], [1, 1]], [0, 0], [[0, 0]], [0]) == 1.0
        for name in ("jax", "flax", "optax", "faiss"):
            assert name not in sys.modules, name
        """
    )


def test_parameters_and_attributes_are_documented():
    assert list(entries(HammingIndex.__doc__, "Parameters")) == parameters_of(HammingIndex)
    fitted = HammingIndex(1).fit([[0, 1], [1, 1]])
    present = {n for n in vars(fitted) if n.endswith("_") and not n.startswith("_")}
    assert present == set(entries(HammingIndex.__doc__, "Attributes")) - {"feature_names_in_"}
    for name in ("fit", "add", "kneighbors", "radius_neighbors", "kneighbors_graph", "transform"):
        method = getattr(HammingIndex, name)
        assert list(entries(method.__doc__, "Parameters")) == parameters_of(method)
        assert section(method.__doc__, "Returns").strip()
