"""Search time among a million 64-bit codes, compared with faiss's exact flat index.

usage: hamming.py [--codes 1000000] [--queries 300] [--approximate]

10 neighbors, queries in batches of 100. "uniform" codes have independent random bits: the worst
case, in which no code is near another. "clustered" codes lie around 5,000 centers with 6 % of their
bits flipped, similar to codes of real samples. The backends run alternately; the median time
counts. --approximate also measures the recall and time of faiss's other indexes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from statistics import median
from time import perf_counter

import numpy as np
from targets import Result, report

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
    """Median time per query with each index; the indexes alternate, so that load affects all."""
    times: list[list[float]] = [[] for _ in indexes]
    for first in range(0, len(queries), BATCH):
        batch = queries[first : first + BATCH]
        for index, index_times in zip(indexes, times, strict=True):
            start = perf_counter()
            index.kneighbors(batch)
            index_times.append((perf_counter() - start) * 1000 / len(batch))
    return [median(index_times) for index_times in times]


def measure(n_codes: int, n_queries: int) -> Iterator[Result]:
    for draw in (uniform, clustered):
        start = perf_counter()
        codes, queries = (
            draw(n_codes, np.random.default_rng(0)),
            draw(n_queries, np.random.default_rng(2)),
        )
        ours, build = fitted(codes)
        flat, _ = fitted(codes, backend="faiss")
        scan, _ = fitted(codes, algorithm="brute")
        name = draw.__name__
        yield Result(f"{name}: seconds to build, NumPy", build, BUILD_SECONDS, build)
        for n_jobs in (1, 2):
            for index in (ours, flat, scan):
                index.set_params(n_jobs=n_jobs)
            numpy, faiss, scanning = milliseconds([ours, flat, scan], queries)
            threads = f"{n_jobs} thread{'s' * (n_jobs > 1)}"
            print(
                f"{name}, {threads}: ms per query, NumPy {numpy:.3f}, faiss flat {faiss:.3f}; "
                f"NumPy with algorithm='brute' {scanning:.3f}"
            )
            seconds = perf_counter() - start
            if n_jobs == 1:
                yield Result(f"{name}: ms per query, NumPy, 1 thread", numpy, MILLISECONDS, seconds)
            yield Result(f"{name}: NumPy / faiss flat, {threads}", numpy / faiss, RATIO, seconds)
        results = [index.kneighbors(queries) for index in (ours, flat, scan)]
        for i, what in enumerate(("distances", "neighbors")):
            same = np.mean([(results[0][i] == other[i]).mean() for other in results[1:]])
            yield Result(
                f"{name}: share of {what} equal to faiss", same, 1.0, seconds, higher_is_better=True
            )
        start = perf_counter()
        ours.radius_neighbors(queries)
        milliseconds_each = (perf_counter() - start) * 1000 / n_queries
        print(f"{name}: ms per hash lookup of radius 2: {milliseconds_each:.3f}")


def approximate(n_codes: int, n_queries: int) -> None:
    """Print recall and time. They have no target, since parameters trade one for the other."""
    codes, queries = (
        clustered(n_codes, np.random.default_rng(0)),
        clustered(n_queries, np.random.default_rng(2)),
    )
    exact = fitted(codes)[0].kneighbors(queries)[0]
    for algorithm in ("brute", "ivf", "hnsw", "multi_hash"):
        index, build = fitted(codes, backend="faiss", algorithm=algorithm)
        (per_query,) = milliseconds([index], queries)
        # Codes at the distance of the tenth neighbor count as found: such ties are equivalent.
        recall = (index.kneighbors(queries)[0] <= exact[:, -1:]).mean()
        print(
            f"clustered, faiss {algorithm}: build {build:.2f} s, {per_query:.3f} ms per query, "
            f"recall at {K} {recall:.3f}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--approximate", action="store_true")
    args = parser.parse_args()
    status = report(measure(args.codes, args.queries))
    if args.approximate:
        approximate(args.codes, args.queries)
    return status


if __name__ == "__main__":
    sys.exit(main())
