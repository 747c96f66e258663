"""A grid search of 36 candidates x 3 folds on digits, alone and in threads."""

from __future__ import annotations

import os
from collections.abc import Iterator

from bars import Bar
from speed_epoch import LABELS, digits_file
from speed_section import Options, Section
from speed_task import SMALL

__all__ = ["search"]

PEERS = ("skae_fit", "mlp_regressor", "skorch_net")


def search(options: Options, section: Section) -> Iterator[Bar]:
    threads = max(2, os.cpu_count() or 1)
    section.title = "Grid search: 36 candidates x 3 folds"
    section.columns = ("", "seconds, alone", f"seconds, {threads} threads")
    section.note = (
        f"Digits, {SMALL.name}, {SMALL.epochs} epochs, batches of {SMALL.batch}, no early stop; "
        "learning rates and penalties; what compiles is counted."
    )
    task, file = SMALL.asked(measure="search"), digits_file(options)
    names, found = {1: "n_jobs=1", threads: f"{threads} threads"}, {}
    for n_jobs, name in names.items():
        asked = {peer: task.asked(rows=file, count=n_jobs) for peer in PEERS}
        times = found[n_jobs] = options.peers.turns(asked)
        best = times.fastest(PEERS[1:])
        ratio = times.ratio("skae_fit", best)
        what = f"search: {name}, skae / {LABELS[best]}"
        yield Bar(what, ratio, 0.4, times.median("skae_fit"))
    for peer in PEERS:
        if peer in found[1]:
            both = (f"{times.median(peer):.3g}" for times in found.values())
            section.rows.append((LABELS[peer], *both))
