"""Codes of rows in a file that is mapped into memory, and of one row at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from bars import Bar
from speed_epoch import LABELS
from speed_section import Options, Section
from speed_task import USUAL

__all__ = ["transform"]

CALLS = 2000


def mapped_file(options: Options) -> str:
    """Rows between 0 and 1; written once for all peers and turns."""
    path = options.folder / f"mapped_{options.mapped_rows}.npy"
    if not path.exists():
        shape = (options.mapped_rows, USUAL.widths[0])
        X = np.lib.format.open_memmap(path, "w+", np.float32, shape)
        rng = np.random.default_rng(0)
        for start in range(0, len(X), 10_000):
            part = X[start : start + 10_000]
            part[:] = rng.random(part.shape, dtype=np.float32)
        X.flush()
    return str(path)


def transform(options: Options, section: Section) -> Iterator[Bar]:
    n_rows, n_features = options.mapped_rows, USUAL.widths[0]
    section.title = "`transform`"
    section.note = (
        f"{n_rows} x {n_features} float32 in a file that is mapped into memory, encoder "
        f"{'-'.join(map(str, USUAL.widths))}; then one row a call, validation included."
    )
    task = USUAL.asked(rows=mapped_file(options), measure="transform")
    times = options.peers.turns({"jax_by_hand": task, "skae_fit": task})
    section.add_times(times, LABELS, "skae_fit")
    seconds = times.median("skae_fit")
    rate = 1 / times.ratio("skae_fit", "jax_by_hand")
    yield Bar("transform: rate / by hand in JAX", rate, 0.8, seconds, higher_is_better=True)
    beside = times.median("skae_fit", "beside")
    section.rows.append(("skae: anonymous memory beside the codes, MB", f"{beside:.0f}", ""))
    yield Bar("transform: memory beside the codes, MB", beside, 200, seconds)
    task = task.asked(measure="one_row", count=CALLS)
    one = options.peers.turns({"skae_fit": task, "pca": task})
    for name in ("skae_fit", "pca"):
        micro, slowest = (1e6 * one.median(name, time) for time in ("seconds", "slowest"))
        label = f"{LABELS[name]}: one row, microseconds; 99 % of calls below"
        section.rows.append((label, f"{micro:.0f}; {slowest:.0f}", ""))
    micro = 1e6 * one.median("skae_fit")
    yield Bar("transform: one row, microseconds", micro, 500, micro * CALLS / 1e6)
