"""One peer's turn, in a process of its own; what it measured is its last line, as JSON.

usage: turn.py PEER TASK

PEER is a module of peers/, TASK a `speed_task.Task` as JSON. A peer has ``fit(X, task,
after_epoch)``, which trains from random weights and returns a function from rows to codes, and may
have ``TICKS = True`` where it calls ``after_epoch`` after each epoch. A peer's own function of the
measure's name is called with the task instead.
"""

from __future__ import annotations

import importlib
import json
import sys
from statistics import median
from time import perf_counter

import numpy as np
from speed_task import Task


def nothing() -> None:
    pass


def timed(function, *args) -> float:
    start = perf_counter()
    function(*args)
    return perf_counter() - start


def epoch(peer, task: Task) -> dict:
    """Seconds that an epoch adds to a fit: what a fit costs once, compiling too, cancels out."""
    X = np.load(task.rows)
    if getattr(peer, "TICKS", False):
        ends: list[float] = []
        peer.fit(X, task.asked(epochs=2 + task.epochs), lambda: ends.append(perf_counter()))
        return {"seconds": (ends[-1] - ends[1]) / task.epochs}
    peer.fit(X, task.asked(epochs=1), nothing)
    # what a fit costs once is most of a short one, and differs from fit to fit
    less = median(timed(peer.fit, X, task.asked(epochs=2), nothing) for _ in range(3))
    more = timed(peer.fit, X, task.asked(epochs=2 + task.epochs), nothing)
    return {"seconds": (more - less) / task.epochs, "once": less - 2 * (more - less) / task.epochs}


def whole(peer, task: Task) -> dict:
    """Seconds of a whole fit, when all that can be compiled has been."""
    X = np.load(task.rows)
    peer.fit(X, task, nothing)
    return {"seconds": min(timed(peer.fit, X, task, nothing) for _ in range(5))}


def fresh(peer, task: Task) -> dict:
    """Fit and encode; whoever started the process measures it."""
    X = np.load(task.rows)
    codes = peer.fit(X, task, nothing)(X)
    if codes.shape != (len(X), task.widths[-1]):
        raise RuntimeError(f"codes of shape {codes.shape}")
    return {}


def one_row(peer, task: Task) -> dict:
    """Seconds of a call that encodes one row: the median, and what 99 % of the calls stay below."""
    X = np.load(task.rows, mmap_mode="r")
    encode = peer.fit(np.array(X[:2000]), task.asked(epochs=1), nothing)
    row = np.array(X[:1])
    encode(row)
    calls = [timed(encode, row) for _ in range(task.count)]
    return {"seconds": float(np.median(calls)), "slowest": float(np.quantile(calls, 0.99))}


def search(peer, task: Task) -> dict:
    """Seconds of a grid search, compiling included; ``count`` threads, or one without threads."""
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV

    X = np.load(task.rows)
    model, has_targets, names = peer.searched(task)
    grid = {
        names[0]: np.geomspace(3e-4, 1e-2, 6).tolist(),
        names[1]: np.geomspace(1e-6, 1e-2, 6).tolist(),
    }
    searched = GridSearchCV(model, grid, cv=3, error_score="raise", refit=False)
    with parallel_config(backend="threading", n_jobs=task.count):
        return {"seconds": timed(searched.fit, X, X if has_targets else None)}


MEASURES = {"epoch": epoch, "whole": whole, "fresh": fresh, "one_row": one_row, "search": search}


def main() -> None:
    task = Task.from_json(sys.argv[2])
    peer = importlib.import_module(f"peers.{sys.argv[1]}")
    own = getattr(peer, task.measure, None)
    measured = own(task) if own else MEASURES[task.measure](peer, task)
    print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
