"""Search among a million codes of 64 bits, beside faiss's exact flat index in the same run.

usage: hamming.py [--codes 1000000] [--queries 300] [--approximate]

10 neighbors, queries in batches of 100. "uniform" codes are drawn bit by bit: the worst case,
where nothing is near anything. "clustered" ones lie around 5,000 centers, 6 % of their bits turned,
as codes of real rows do. Times of the two sides are taken in turns, the median counts. With
--approximate faiss's other indexes are measured as well: what they find, and how long they take.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from statistics import median
from time import perf_counter

import numpy as np
from bars import Bar, report

from skae.hashing import HammingIndex

N_BITS, K, BATCH = 64, 10, 100
MILLISECONDS, RATIO, BUILD_SECONDS = 0.8, 1.5, 1.0


def uniform(n_codes: int, rng) -> np.ndarray:
    return rng.integers(0, 256, (n_codes, N_BITS // 8), dtype=np.uint8)


def clustered(n_codes: int, rng) -> np.ndarray:
    centers = np.unpackbits(uniform(5000, np.random.default_rng(1)), axis=1)
    bits = centers[rng.integers(0, len(centers), n_codes)]
    return np.packbits(bits ^ (rng.random(bits.shape, dtype=np.float32) < 0.06), axis=1)


def fitted(codes, **parameters) -> tuple[HammingIndex, float]:
    index = HammingIndex(K, packed=True, **parameters)
    start = perf_counter()
    index.fit(codes)
    return index, perf_counter() - start


def milliseconds(indexes: list[HammingIndex], queries) -> list[float]:
    """Time of a query with each index, in turns, so that what slows one slows the other."""
    times: list[list[float]] = [[] for _ in indexes]
    for start in range(0, len(queries), BATCH):
        batch = queries[start : start + BATCH]
        for index, taken in zip(indexes, times, strict=True):
            begin = perf_counter()
            index.kneighbors(batch)
            taken.append((perf_counter() - begin) * 1000 / len(batch))
    return [median(taken) for taken in times]


def measure(n_codes: int, n_queries: int) -> Iterator[Bar]:
    for draw in (uniform, clustered):
        begin = perf_counter()
        codes, queries = (
            draw(n_codes, np.random.default_rng(0)),
            draw(n_queries, np.random.default_rng(2)),
        )
        ours, build = fitted(codes)
        flat, _ = fitted(codes, backend="faiss")
        scan, _ = fitted(codes, algorithm="brute")
        name = draw.__name__
        yield Bar(f"{name}: seconds to build, NumPy", build, BUILD_SECONDS, build)
        for n_jobs in (1, 2):
            for index in (ours, flat, scan):
                index.set_params(n_jobs=n_jobs)
            numpy, faiss, scanning = milliseconds([ours, flat, scan], queries)
            threads = f"{n_jobs} thread{'s' * (n_jobs > 1)}"
            print(
                f"{name}, {threads}: ms a query, NumPy {numpy:.3f}, faiss flat {faiss:.3f}; "
                f"NumPy with algorithm='brute' {scanning:.3f}"
            )
            seconds = perf_counter() - begin
            if n_jobs == 1:
                yield Bar(f"{name}: ms a query, NumPy, 1 thread", numpy, MILLISECONDS, seconds)
            yield Bar(f"{name}: NumPy / faiss flat, {threads}", numpy / faiss, RATIO, seconds)
        found = [index.kneighbors(queries) for index in (ours, flat, scan)]
        for what, place in (("distances", 0), ("neighbors", 1)):
            same = np.mean([(found[0][place] == other[place]).mean() for other in found[1:]])
            yield Bar(
                f"{name}: share of {what} as faiss's", same, 1.0, seconds, higher_is_better=True
            )
        begin = perf_counter()
        ours.radius_neighbors(queries)
        print(
            f"{name}: ms a look-up within 2 bits {(perf_counter() - begin) * 1000 / n_queries:.3f}"
        )


def approximate(n_codes: int, n_queries: int) -> None:
    """Print what is found and how fast: no bar, since each can be tuned to either end."""
    codes, queries = (
        clustered(n_codes, np.random.default_rng(0)),
        clustered(n_queries, np.random.default_rng(2)),
    )
    exact = fitted(codes)[0].kneighbors(queries)[0]
    for algorithm in ("brute", "ivf", "hnsw", "multi_hash"):
        index, build = fitted(codes, backend="faiss", algorithm=algorithm)
        (taken,) = milliseconds([index], queries)
        # a code as near as the tenth nearest is as good as it
        recall = (index.kneighbors(queries)[0] <= exact[:, -1:]).mean()
        print(
            f"clustered, faiss {algorithm}: build {build:.2f} s, {taken:.3f} ms a query, "
            f"recall of the {K} nearest {recall:.3f}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--approximate", action="store_true")
    chosen = parser.parse_args()
    status = report(measure(chosen.codes, chosen.queries))
    if chosen.approximate:
        approximate(chosen.codes, chosen.queries)
    return status


if __name__ == "__main__":
    sys.exit(main())
