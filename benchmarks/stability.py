"""Memory and memory maps over hundreds of fits with different shapes in one process (Linux).

usage: stability.py [--fits 300] [--every 50] [--shapes SHAPES]

Each compiled program uses memory and about a hundred memory maps, and a process can have only
65,530 maps. Programs for old shapes must therefore be released. Target: both numbers stay constant
after the first 100 fits. `--shapes 8` cycles through eight shapes, as a parameter search does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
from targets import Result, report

from skae import AutoencoderTransformer

WARM_UP = 100
#: Tolerance of "constant": the cached programs change, and so does their total size.
TOLERANCE = 1.10


def footprint() -> tuple[float, int]:
    """Return the resident memory in MB and the number of memory maps of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    maps = Path("/proc/self/maps").read_text().count("\n")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, maps


def fit_random_configuration(rng: np.random.Generator) -> None:
    """Fit, encode and decode with random shapes and parameters."""
    n_features = int(rng.integers(3, 60))
    X = rng.random((int(rng.integers(20, 400)), n_features))
    loss = str(rng.choice(["squared_error", "binary_cross_entropy", "absolute_error", "huber"]))
    hidden = tuple(int(width) for width in rng.integers(4, 40, size=rng.integers(0, 3)))
    model = AutoencoderTransformer(
        int(rng.integers(1, n_features + 1)),
        hidden_layer_sizes=hidden,
        activation=str(rng.choice(["relu", "gelu", "tanh"])),
        optimizer=str(rng.choice(["adam", "nadam", "nesterov"])),
        init=str(rng.choice(["pca", "random"])),
        loss=loss,
        batch_size=int(rng.integers(8, 65)),
        max_iter=3,
        random_state=0,
    ).fit(X)
    model.inverse_transform(model.transform(X))


def measure(n_fits: int, every: int, n_shapes: int | None) -> Iterator[Result]:
    rng = np.random.default_rng(0)
    start = perf_counter()
    history: dict[int, tuple[float, int]] = {}
    for fit in range(1, n_fits + 1):
        fit_random_configuration(np.random.default_rng(fit % n_shapes) if n_shapes else rng)
        if fit % every == 0 or fit == WARM_UP:
            history[fit] = footprint()
            resident, maps = history[fit]
            print(f"{fit:>5} fits: {resident:>8.0f} MB, {maps:>7} maps", flush=True)
    seconds = perf_counter() - start
    for i, name in enumerate(("resident memory", "memory maps")):
        largest = max(values[i] for fit, values in history.items() if fit >= WARM_UP)
        ratio = largest / history[WARM_UP][i]
        yield Result(f"stability: {name}, maximum / at {WARM_UP} fits", ratio, TOLERANCE, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=300)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--shapes", type=int, help="number of shapes; default: unlimited")
    args = parser.parse_args()
    if args.fits < WARM_UP:
        parser.error(f"--fits must be at least {WARM_UP}, the number of warm-up fits")
    if not Path("/proc/self/maps").exists():
        print("stability: skipped, requires Linux (/proc/self/maps)")
        return 0
    return report(measure(args.fits, args.every, args.shapes))


if __name__ == "__main__":
    sys.exit(main())
