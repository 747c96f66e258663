"""Time of `transform` for samples in a memory-mapped file, and for a single sample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from speed_epoch import LABELS
from speed_section import Options, Section
from speed_task import MEDIUM
from targets import Result

__all__ = ["transform"]

CALLS = 2000


def mapped_file(options: Options) -> str:
    """Save random samples in [0, 1] and return the path; all peers and repeats share the file."""
    path = options.folder / f"mapped_{options.mapped_samples}.npy"
    if not path.exists():
        shape = (options.mapped_samples, MEDIUM.widths[0])
        X = np.lib.format.open_memmap(path, "w+", np.float32, shape)
        rng = np.random.default_rng(0)
        for start in range(0, len(X), 10_000):
            part = X[start : start + 10_000]
            part[:] = rng.random(part.shape, dtype=np.float32)
        X.flush()
    return str(path)


def transform(options: Options, section: Section) -> Iterator[Result]:
    n_samples, n_features = options.mapped_samples, MEDIUM.widths[0]
    section.title = "`transform`"
    section.note = (
        f"{n_samples} x {n_features} float32 in a memory-mapped file, encoder "
        f"{'-'.join(map(str, MEDIUM.widths))}; then one sample per call, including validation."
    )
    task = MEDIUM.replace(samples=mapped_file(options), measure="transform")
    times = options.peers.run_all({"jax_baseline": task, "skae_fit": task})
    section.add_times(times, LABELS, "skae_fit")
    seconds = times.median("skae_fit")
    rate = 1 / times.ratio("skae_fit", "jax_baseline")
    yield Result("transform: rate / hand-written JAX", rate, 0.8, seconds, higher_is_better=True)
    added = times.median("skae_fit", "added")
    section.rows.append(("skae: anonymous memory in addition to the codes, MB", f"{added:.0f}", ""))
    yield Result("transform: memory in addition to the codes, MB", added, 200, seconds)
    task = task.replace(measure="one_sample", count=CALLS)
    one = options.peers.run_all({"skae_fit": task, "pca": task})
    for name in ("skae_fit", "pca"):
        micro, slowest = (1e6 * one.median(name, time) for time in ("seconds", "slowest"))
        label = f"{LABELS[name]}: one sample, microseconds (median; 99th percentile)"
        section.rows.append((label, f"{micro:.0f}; {slowest:.0f}", ""))
    micro = 1e6 * one.median("skae_fit")
    yield Result("transform: one sample, microseconds", micro, 500, micro * CALLS / 1e6)
