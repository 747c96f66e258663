"""Run peers one after the other, each in its own process, and repeat the sequence several times."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from speed_task import Task

__all__ = ["HERE", "Measurements", "Peers", "packages_of"]

HERE = Path(__file__).parent
_VERSIONS = """
import importlib.metadata as metadata, json, sys
print(json.dumps({d.name.lower(): d.version for d in metadata.distributions() if d.name}))
"""


@dataclass
class Measurements:
    """The measurements of each peer, one per repeat."""

    runs: dict[str, list[dict]] = field(default_factory=dict)

    def __contains__(self, peer: str) -> bool:
        return peer in self.runs

    def add(self, peer: str, measured: dict) -> None:
        self.runs.setdefault(peer, []).append(measured)

    def values(self, peer: str, name: str = "seconds") -> list[float]:
        return [measured[name] for measured in self.runs[peer]]

    def median(self, peer: str, name: str = "seconds") -> float:
        return median(self.values(peer, name))

    def ratio(self, ours: str, theirs: str, name: str = "seconds") -> float:
        """Median over repeats of the ratio of two peers; pairing cancels changes in load."""
        pairs = zip(self.values(ours, name), self.values(theirs, name), strict=True)
        return median(a / b for a, b in pairs)

    def fastest(self, peers) -> str:
        """The peer with the smallest median among those that were measured."""
        return min((peer for peer in peers if peer in self), key=self.median)


@dataclass
class Peers:
    """The interpreter that runs the peers, and the number of repeats."""

    python: str = sys.executable
    repeats: int = 3

    def __post_init__(self):
        done = subprocess.run([self.python, "-c", _VERSIONS], check=True, capture_output=True)
        self.versions: dict[str, str] = json.loads(done.stdout)
        self.used: set[str] = set()

    def missing(self, peer: str) -> list[str]:
        """Packages that a peer requires and that are not installed."""
        return [name for name in packages_of(peer) if name not in self.versions]

    def run_all(self, tasks: dict[str, Task], *, whole=False) -> Measurements:
        """Run the task of each peer in turn, and repeat the sequence `repeats` times.

        With `whole`, "seconds" is the time of the whole process.
        """
        times, installed = Measurements(), {}
        for peer, task in tasks.items():
            if missing := self.missing(module_of(peer)):
                print(f"  {peer:<34} skipped: {', '.join(missing)} not installed", flush=True)
            else:
                installed[peer] = task
        for _ in range(self.repeats):
            for peer, task in installed.items():
                start = perf_counter()
                measured = self.run(module_of(peer), task)
                if whole:
                    measured["seconds"] = perf_counter() - start
                times.add(peer, measured)
        for peer in installed:
            values = " ".join(f"{value:.4g}" for value in times.values(peer))
            print(f"  {peer:<34} {times.median(peer):10.4g} s   ({values})", flush=True)
        return times

    def run(self, module: str, task: Task) -> dict:
        """Run one peer once and return its measurements."""
        self.used.update(packages_of(module))
        command = [self.python, str(HERE / "run_peer.py"), module, task.to_json()]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(task))
        if done.returncode:
            raise RuntimeError(f"{module} failed at {task}:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1])


def module_of(peer: str) -> str:
    """Module of a peer; a suffix after a colon distinguishes variants of the same module."""
    return peer.partition(":")[0]


def packages_of(peer: str) -> tuple[str, ...]:
    """Packages that a peer requires, read from its file without importing it."""
    tree = ast.parse((HERE / "peers" / f"{peer}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PACKAGES":
            return ast.literal_eval(node.value)
    raise ValueError(f"peers/{peer}.py does not define PACKAGES")


def environment(task: Task) -> dict[str, str]:
    """Environment variables of a peer's process; they restrict all peers to the same device."""
    root = str(HERE.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if task.device == "cpu":
        env |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return env
