"""Retrieval metrics: against their definitions, and in cases where they are 0 or 1."""

import doctest
import inspect

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from skae import hashing
from skae.hashing import (
    hash_lookup_score,
    hash_purity_score,
    mean_average_precision,
    precision_at_k,
    purity,
)
from tests.test_docstrings import entries, parameters_of, section
from tests.test_hashing_index import codes_of

RETRIEVAL = [mean_average_precision, precision_at_k, hash_lookup_score]
each_measure = pytest.mark.parametrize("measure", RETRIEVAL, ids=lambda m: m.__name__)


def labels_of(codes):
    """Labels that depend on the codes and on chance."""
    rng = np.random.default_rng(3)
    return np.array(["coat", "shoe", "bag"])[(codes[:, 0] + rng.integers(0, 2, len(codes)))]


@pytest.fixture(scope="module", params=[12, 70, 300])
def task(request):
    codes, queries = codes_of(200, request.param), codes_of(25, request.param, seed=1)
    queries[0] = 1 - codes[0]
    return codes, labels_of(codes), queries, labels_of(queries)


def rankings(codes, y, queries, y_queries):
    """Yield, for each query, the distances by rank, and whether the sample is relevant."""
    for query, label in zip(queries, y_queries, strict=True):
        distances = (codes != query).sum(axis=1)
        order = sorted(range(len(codes)), key=lambda i, distances=distances: (distances[i], i))
        yield distances[order], y[order] == label


def average_precision(relevant):
    found = [relevant[: i + 1].mean() for i in np.flatnonzero(relevant)]
    return np.mean(found) if found else 0.0


@pytest.mark.parametrize("k", [None, 1, 10, 200])
def test_mean_average_precision_equals_its_definition(k, task):
    expected = np.mean([average_precision(relevant[:k]) for _, relevant in rankings(*task)])
    assert mean_average_precision(*task, k=k) == pytest.approx(expected, abs=1e-12)


def test_mean_average_precision_equals_scikit_learn_without_ties():
    """Unary codes: each distance occurs once."""
    codes = np.arange(40) < np.random.default_rng(0).permutation(40)[:, None]
    y = np.random.default_rng(1).integers(0, 2, 40)
    query = np.zeros((1, 40))
    theirs = average_precision_score(y, -codes.sum(axis=1))
    assert mean_average_precision(codes, y, query, [1]) == pytest.approx(theirs)


@pytest.mark.parametrize("k", [1, 10, 200])
def test_precision_equals_its_definition(k, task):
    expected = np.mean([relevant[:k].mean() for _, relevant in rankings(*task)])
    assert precision_at_k(*task, k=k) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("radius", [0, 2, 12])
def test_lookup_equals_its_definition(radius, task):
    expected = np.mean(
        [
            relevant[distances <= radius].mean() if distances[0] <= radius else 0.0
            for distances, relevant in rankings(*task)
        ]
    )
    assert hash_lookup_score(*task, radius=radius) == pytest.approx(expected, abs=1e-12)


@each_measure
def test_without_queries_each_code_retrieves_the_others(measure):
    codes = np.repeat(codes_of(40, 12), 3, axis=0)
    y = labels_of(codes)
    leave_one_out = [
        measure(np.delete(codes, i, axis=0), np.delete(y, i), codes[i : i + 1], y[i : i + 1])
        for i in range(len(codes))
    ]
    assert measure(codes, y) == pytest.approx(np.mean(leave_one_out), abs=1e-12)


@each_measure
def test_packed_codes_have_the_same_score(measure, task):
    codes, y, queries, y_queries = task
    packed = measure(
        np.packbits(codes, axis=1), y, np.packbits(queries, axis=1), y_queries, packed=True
    )
    assert packed == measure(*task)


@each_measure
def test_best_and_worst_score(measure):
    codes, y = np.repeat([[0] * 9, [1] * 9], 12, axis=0), np.repeat([0, 1], 12)
    queries = [[0] * 9, [1] * 9]
    assert measure(codes, y, queries, [0, 1]) == 1.0
    assert measure(codes, y, queries, [7, 8]) == 0.0


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
@pytest.mark.parametrize("n_bits", [6, 70])
def test_purity_equals_its_definition(radius, n_bits):
    codes = codes_of(150, n_bits)
    y = labels_of(codes)
    buckets = np.unique(codes, axis=0)
    expected = []
    for bucket in buckets:
        shares = np.unique(y[(codes != bucket).sum(axis=1) <= radius], return_counts=True)[1]
        expected.append(((shares / shares.sum()) ** 2).sum())
    purity, n_buckets = hash_purity_score(codes, y, radius)
    assert purity == pytest.approx(np.mean(expected), abs=1e-12)
    assert n_buckets == len(buckets)
    assert hash_purity_score(np.packbits(codes, axis=1), y, radius, packed=True) == pytest.approx(
        (purity, n_buckets)
    )


def test_purity_is_computed_in_parts(monkeypatch):
    codes = codes_of(300, 20)
    expected = hash_purity_score(codes, labels_of(codes), 2)
    monkeypatch.setattr(purity, "_CENTERS", 7)
    assert hash_purity_score(codes, labels_of(codes), 2) == pytest.approx(expected)


def test_purity_increases_with_the_number_of_buckets():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 500)
    few, many = rng.integers(0, 2, (500, 2)), rng.integers(0, 2, (500, 60))
    assert hash_purity_score(few, y).purity < 0.3
    assert hash_purity_score(many, y) == (1.0, 500)


@each_measure
@pytest.mark.parametrize(
    "change, message",
    [
        ({"y": [0, 1]}, "y has 2 labels for 20 codes"),
        ({"y_queries": [0]}, "y_queries has 1 labels for 3 codes"),
        ({"y_queries": None}, "y_queries is None"),
        ({"queries": None}, "y_queries was passed without queries"),
        ({"queries": np.zeros((3, 5))}, "queries have 5 bits, but codes have 8 bits"),
        ({"queries": np.full((3, 8), 2)}, "queries must hold bits"),
        ({"codes": np.full((20, 8), -1)}, "Negative values"),
        ({"codes": np.zeros((0, 8)), "y": []}, "0 sample"),
        (
            {"codes": np.zeros((1, 8)), "y": [1], "queries": None, "y_queries": None},
            "codes has a single sample",
        ),
    ],
)
def test_invalid_input(measure, change, message):
    good = {
        "codes": codes_of(20, 8),
        "y": np.arange(20),
        "queries": codes_of(3, 8),
        "y_queries": [0] * 3,
    }
    measure(**good)
    with pytest.raises(ValueError, match=message):
        measure(**{**good, **change})


def test_invalid_k_and_radius():
    codes, y = codes_of(20, 8), np.arange(20)
    for measure in (precision_at_k, mean_average_precision):
        for k in (0, 20):
            with pytest.raises(ValueError, match=r"k must be in 1\.\.19"):
                measure(codes, y, k=k)
    for measure in (hash_lookup_score, hash_purity_score):
        for radius in (-1, 9):
            with pytest.raises(ValueError, match=r"radius must be in 0\.\.8"):
                measure(codes, y, radius=radius)
    with pytest.raises(ValueError, match="y has 3 labels"):
        hash_purity_score(codes, y[:3])


@pytest.mark.parametrize("name", [name for name in hashing.__all__ if name != "HashPurity"])
def test_documentation_is_complete_and_its_examples_run(name):
    thing = getattr(hashing, name)
    assert list(entries(thing.__doc__, "Parameters")) == parameters_of(thing)
    assert inspect.isclass(thing) or section(thing.__doc__, "Returns").strip()
    tests = doctest.DocTestFinder().find(thing, name, module=inspect.getmodule(thing))
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in tests:
        runner.run(test)
    assert runner.tries > 0
    assert runner.failures == 0


@each_measure
def test_missing_and_mixed_labels_are_rejected(measure):
    codes = np.eye(4, dtype=int)
    for y in (np.array([0.0, 1.0, np.nan, 1.0]), np.array(["a", None, "b", "a"], object)):
        with pytest.raises(ValueError, match=r"NaN|missing"):
            measure(codes, y, **({"radius": 1} if measure is hash_lookup_score else {"k": 1}))
    with pytest.raises(ValueError, match="the same kind"):
        precision_at_k(codes, [0, 1, 0, 1], codes, ["0", "1", "0", "1"], k=1)


def test_too_long_codes_are_rejected():
    codes = np.zeros((2, 65_536), np.uint8)
    with pytest.raises(ValueError, match="65536 bits, but at most 65534 bits"):
        mean_average_precision(codes, [0, 1])
    with pytest.raises(ValueError, match="65536 bits, but at most 65534 bits"):
        hashing.HammingIndex().fit(codes)
