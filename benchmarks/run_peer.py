"""Run one peer in this process, and print its measurements as JSON in the last line of output.

usage: run_peer.py PEER TASK

PEER is a module of peers/, TASK a `speed_task.Task` as JSON. A peer defines ``fit(X, task,
after_epoch)``, which trains from random weights and returns a function that encodes samples. It
sets ``TICKS = True`` if it calls ``after_epoch`` after each epoch. If a peer defines a function
with the name of the task's ``measure``, that function is called with the task instead.
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
    """Marginal seconds of an epoch: the fixed cost of a fit, such as compilation, cancels out."""
    X = np.load(task.samples)
    if getattr(peer, "TICKS", False):
        ends: list[float] = []
        peer.fit(X, task.replace(epochs=2 + task.epochs), lambda: ends.append(perf_counter()))
        return {"seconds": (ends[-1] - ends[1]) / task.epochs}
    peer.fit(X, task.replace(epochs=1), nothing)
    # The fixed cost dominates a short fit and varies between fits, hence the median of three.
    short = median(timed(peer.fit, X, task.replace(epochs=2), nothing) for _ in range(3))
    long = timed(peer.fit, X, task.replace(epochs=2 + task.epochs), nothing)
    return {"seconds": (long - short) / task.epochs}


def whole(peer, task: Task) -> dict:
    """Seconds of a whole fit after compilation: the fastest of five."""
    X = np.load(task.samples)
    peer.fit(X, task, nothing)
    return {"seconds": min(timed(peer.fit, X, task, nothing) for _ in range(5))}


def fresh(peer, task: Task) -> dict:
    """Fit and encode; the parent process measures the time."""
    X = np.load(task.samples)
    codes = peer.fit(X, task, nothing)(X)
    if codes.shape != (len(X), task.widths[-1]):
        raise RuntimeError(f"codes of shape {codes.shape}")
    return {}


def one_sample(peer, task: Task) -> dict:
    """Seconds of a call that encodes one sample: the median and the 99th percentile."""
    X = np.load(task.samples, mmap_mode="r")
    encode = peer.fit(np.array(X[:2000]), task.replace(epochs=1), nothing)
    sample = np.array(X[:1])
    encode(sample)
    calls = [timed(encode, sample) for _ in range(task.count)]
    return {"seconds": float(np.median(calls)), "slowest": float(np.quantile(calls, 0.99))}


def search(peer, task: Task) -> dict:
    """Seconds of a grid search with ``count`` threads, including compilation."""
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV

    X = np.load(task.samples)
    model, has_targets, names = peer.searched(task)
    grid = {
        names[0]: np.geomspace(3e-4, 1e-2, 6).tolist(),
        names[1]: np.geomspace(1e-6, 1e-2, 6).tolist(),
    }
    searched = GridSearchCV(model, grid, cv=3, error_score="raise", refit=False)
    with parallel_config(backend="threading", n_jobs=task.count):
        return {"seconds": timed(searched.fit, X, X if has_targets else None)}


MEASURES = {
    "epoch": epoch,
    "whole": whole,
    "fresh": fresh,
    "one_sample": one_sample,
    "search": search,
}


def main() -> None:
    task = Task.from_json(sys.argv[2])
    peer = importlib.import_module(f"peers.{sys.argv[1]}")
    own = getattr(peer, task.measure, None)
    measured = own(task) if own else MEASURES[task.measure](peer, task)
    print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
