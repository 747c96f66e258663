"""Peak memory of a fit on sparse samples such as TF-IDF, which is never made dense (Linux).

usage: memory.py [--samples 20000] [--features 20000]

Measures the peak of the process's anonymous memory (RssAnon) during a fit of a SemanticHasher to a
CSR matrix, minus its value before the fit. Target: at most 3 times the matrix plus 8 times the
weights plus 150 MB for compilation. The dense matrix would need more than a gigabyte.
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
from targets import Result, report

from skae import SemanticHasher

WORDS_PER_TEXT = 100


def texts(n_samples: int, n_features: int) -> sp.csr_array:
    """Synthetic TF-IDF features: 20 topics, word frequencies by Zipf's law, unit Euclidean norm."""
    rng = np.random.default_rng(0)
    frequencies = 1 / np.arange(1, n_features + 1)
    topics = [rng.permutation(frequencies) for _ in range(20)]
    topics = [topic / topic.sum() for topic in topics]
    counts = sp.lil_array((n_samples, n_features), dtype=np.float32)
    for i, topic in enumerate(rng.integers(0, len(topics), n_samples)):
        drawn = rng.choice(n_features, WORDS_PER_TEXT, p=topics[topic])
        words, word_counts = np.unique(drawn, return_counts=True)
        counts.rows[i], counts.data[i] = words.tolist(), word_counts.astype(float).tolist()
    X = sp.csr_array(counts)
    document_frequency = np.maximum(np.bincount(X.indices, minlength=n_features), 1)
    X = X @ sp.diags_array(np.log(n_samples / document_frequency).astype(np.float32))
    norms = np.sqrt(X.multiply(X).sum(axis=1))
    return sp.csr_array(sp.diags_array((1 / np.maximum(norms, 1e-9)).astype(np.float32)) @ X)


def measure(n_samples: int, n_features: int) -> Iterator[Result]:
    X = texts(n_samples, n_features)
    matrix = (X.data.nbytes + X.indices.nbytes + X.indptr.nbytes) / 1e6
    # JAX allocates the device and its threads at first use: do this before the measurement.
    jax.block_until_ready(jax.numpy.ones(3) + 1)
    before, start = anonymous(), time.perf_counter()
    with Peak() as peak:
        model = SemanticHasher(32, max_iter=2, random_state=0).fit(X)
        codes = model.transform(X)
    seconds = time.perf_counter() - start
    weights = sum(leaf.nbytes for leaf in jax.tree.leaves(model.params_)) / 1e6
    print(
        f"{n_samples} x {n_features}: matrix {matrix:.0f} MB "
        f"({4e-6 * n_samples * n_features:.0f} MB dense), weights {weights:.0f} MB, "
        f"{len(np.unique(codes, axis=0))} distinct codes"
    )
    target = 3 * matrix + 8 * weights + 150
    name = "memory: SemanticHasher on TF-IDF, MB"
    yield Result(name, peak.highest - before, target, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=20_000)
    args = parser.parse_args()
    if not STATUS.exists():
        print("memory: skipped, requires Linux (/proc/self/status)")
        return 0
    return report(measure(args.samples, args.features))


if __name__ == "__main__":
    sys.exit(main())
