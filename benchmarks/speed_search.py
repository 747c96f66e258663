"""Time of a grid search over 36 candidates x 3 folds on digits, with one and several threads."""

from __future__ import annotations

import os
from collections.abc import Iterator

from speed_epoch import LABELS, digits_file
from speed_section import Options, Section
from speed_task import SMALL
from targets import Result

__all__ = ["search"]

PEERS = ("skae_fit", "mlp_regressor", "skorch_net")


def search(options: Options, section: Section) -> Iterator[Result]:
    threads = max(2, os.cpu_count() or 1)
    section.title = "Grid search: 36 candidates x 3 folds"
    section.columns = ("", "seconds, 1 thread", f"seconds, {threads} threads")
    section.note = (
        f"Digits, {SMALL.name}, {SMALL.epochs} epochs, batches of {SMALL.batch}, no early "
        "stopping; the grid has learning rates and weight decays; compilation is included."
    )
    task, file = SMALL.replace(measure="search"), digits_file(options)
    names, found = {1: "1 thread", threads: f"{threads} threads"}, {}
    for n_jobs, name in names.items():
        tasks = {peer: task.replace(samples=file, count=n_jobs) for peer in PEERS}
        times = found[n_jobs] = options.peers.run_all(tasks)
        best = times.fastest(PEERS[1:])
        ratio = times.ratio("skae_fit", best)
        what = f"search: {name}, skae / {LABELS[best]}"
        yield Result(what, ratio, 0.4, times.median("skae_fit"))
    for peer in PEERS:
        if peer in found[1]:
            both = (f"{times.median(peer):.3g}" for times in found.values())
            section.rows.append((LABELS[peer], *both))
