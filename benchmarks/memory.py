"""Memory of a fit on sparse rows: texts as TF-IDF, never dense as a whole (Linux).

usage: memory.py [--rows 20000] [--columns 20000]

Anonymous memory of the process (RssAnon), above its level before the fit, at its highest while a
SemanticHasher learns from a CSR matrix: at most 3 times the matrix, 8 times the weights, and 150 MB
for compiling. Dense, the rows would take some gigabytes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import jax
import numpy as np
import scipy.sparse as sp
from anonymous_memory import STATUS, Peak, anonymous
from bars import Bar, report

from skae import SemanticHasher

WORDS_A_TEXT = 100


def texts(n_rows: int, n_columns: int) -> sp.csr_array:
    """Rows like TF-IDF of texts: a few topics, words by Zipf's law, Euclidean norm 1."""
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, n_columns + 1)
    topics = [rng.permutation(share) for _ in range(20)]
    topics = [topic / topic.sum() for topic in topics]
    counts = sp.lil_array((n_rows, n_columns), dtype=np.float32)
    for row, topic in enumerate(rng.integers(0, len(topics), n_rows)):
        words = np.unique(rng.choice(n_columns, WORDS_A_TEXT, p=topics[topic]), return_counts=True)
        counts.rows[row], counts.data[row] = words[0].tolist(), words[1].astype(float).tolist()
    X = sp.csr_array(counts)
    seen = np.maximum(np.bincount(X.indices, minlength=n_columns), 1)
    X = X @ sp.diags_array(np.log(n_rows / seen).astype(np.float32))
    norms = np.sqrt(X.multiply(X).sum(axis=1))
    return sp.csr_array(sp.diags_array((1 / np.maximum(norms, 1e-9)).astype(np.float32)) @ X)


def measure(n_rows: int, n_columns: int) -> Iterator[Bar]:
    X = texts(n_rows, n_columns)
    matrix = (X.data.nbytes + X.indices.nbytes + X.indptr.nbytes) / 1e6
    # the device and its threads are there before the level is taken
    jax.block_until_ready(jax.numpy.ones(3) + 1)
    before, start = anonymous(), time.perf_counter()
    with Peak() as peak:
        model = SemanticHasher(32, max_iter=2, random_state=0).fit(X)
        codes = model.transform(X)
    seconds = time.perf_counter() - start
    weights = sum(leaf.nbytes for leaf in jax.tree.leaves(model.params_)) / 1e6
    print(
        f"{n_rows} x {n_columns}: matrix {matrix:.0f} MB ({4e-6 * n_rows * n_columns:.0f} MB "
        f"dense), weights {weights:.0f} MB, {len(np.unique(codes, axis=0))} codes in use"
    )
    bar = 3 * matrix + 8 * weights + 150
    yield Bar("memory: TF-IDF into SemanticHasher, MB", peak.highest - before, bar, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=20_000)
    chosen = parser.parse_args()
    if not STATUS.exists():
        print("memory: skipped, /proc/self/status exists on Linux only")
        return 0
    return report(measure(chosen.rows, chosen.columns))


if __name__ == "__main__":
    sys.exit(main())
