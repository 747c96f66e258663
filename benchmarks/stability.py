"""Memory and memory maps over hundreds of fits with changing shapes, in one process (Linux).

usage: stability.py [--fits 300] [--every 50] [--shapes SHAPES]

Every compiled program holds memory and some hundred memory maps, of which a process may have
65,530 only. Fits of ever new shapes must therefore let old programs go: after the first 100 fits
both numbers stay where they are. `--shapes 8` goes round eight of them instead, as a search does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
from bars import Bar, report

from skae import AutoencoderTransformer

WARM_UP = 100
#: How far "flat" may drift: the programs in the cache change, and so does their size.
FLAT = 1.10


def footprint() -> tuple[float, int]:
    """Resident memory in MB and number of memory maps of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    maps = Path("/proc/self/maps").read_text().count("\n")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, maps


def fit_something_else(rng: np.random.Generator) -> None:
    """Fit, encode and decode with shapes and a configuration drawn anew."""
    n_features = int(rng.integers(3, 60))
    X = rng.random((int(rng.integers(20, 400)), n_features))
    loss = str(rng.choice(["squared_error", "binary_cross_entropy", "absolute_error", "huber"]))
    hidden = tuple(int(width) for width in rng.integers(4, 40, size=rng.integers(0, 3)))
    model = AutoencoderTransformer(
        int(rng.integers(1, n_features + 1)),
        hidden_layer_sizes=hidden,
        activation=str(rng.choice(["relu", "gelu", "tanh"])),
        optimizer=str(rng.choice(["adam", "nadam", "sgd"])),
        init=str(rng.choice(["pca", "random"])),
        loss=loss,
        batch_size=int(rng.integers(8, 65)),
        max_iter=3,
        random_state=0,
    ).fit(X)
    model.inverse_transform(model.transform(X))


def measure(n_fits: int, every: int, n_shapes: int | None) -> Iterator[Bar]:
    rng = np.random.default_rng(0)
    start = perf_counter()
    seen: dict[int, tuple[float, int]] = {}
    for done in range(1, n_fits + 1):
        fit_something_else(np.random.default_rng(done % n_shapes) if n_shapes else rng)
        if done % every == 0 or done == WARM_UP:
            seen[done] = footprint()
            resident, maps = seen[done]
            print(f"{done:>5} fits: {resident:>8.0f} MB, {maps:>7} maps", flush=True)
    seconds = perf_counter() - start
    for position, name in enumerate(("resident memory", "memory maps")):
        after = max(values[position] for done, values in seen.items() if done >= WARM_UP)
        ratio = after / seen[WARM_UP][position]
        yield Bar(f"stability: {name}, largest / at {WARM_UP}", ratio, FLAT, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=300)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--shapes", type=int, help="how many there are; without end by default")
    chosen = parser.parse_args()
    if chosen.fits < WARM_UP:
        parser.error(f"--fits must be at least {WARM_UP}, the number of fits to warm up")
    if not Path("/proc/self/maps").exists():
        print("stability: skipped, /proc/self/maps exists on Linux only")
        return 0
    return report(measure(chosen.fits, chosen.every, chosen.shapes))


if __name__ == "__main__":
    sys.exit(main())
