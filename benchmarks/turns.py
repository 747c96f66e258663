"""Peers turn by turn: each in its own process, one after the other, several times round."""

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

__all__ = ["HERE", "Peers", "Times", "packages_of"]

HERE = Path(__file__).parent
_VERSIONS = """
import importlib.metadata as metadata, json, sys
print(json.dumps({d.name.lower(): d.version for d in metadata.distributions() if d.name}))
"""


@dataclass
class Times:
    """Of each peer what it measured in each turn."""

    turns: dict[str, list[dict]] = field(default_factory=dict)

    def __contains__(self, peer: str) -> bool:
        return peer in self.turns

    def add(self, peer: str, measured: dict) -> None:
        self.turns.setdefault(peer, []).append(measured)

    def values(self, peer: str, name: str = "seconds") -> list[float]:
        return [measured[name] for measured in self.turns[peer]]

    def median(self, peer: str, name: str = "seconds") -> float:
        return median(self.values(peer, name))

    def ratio(self, ours: str, theirs: str, name: str = "seconds") -> float:
        """The median of what was measured in one turn over the other's in the same turn."""
        pairs = zip(self.values(ours, name), self.values(theirs, name), strict=True)
        return median(a / b for a, b in pairs)

    def fastest(self, peers) -> str:
        """Of the peers that were measured, the one with the smallest median."""
        return min((peer for peer in peers if peer in self), key=self.median)


@dataclass
class Peers:
    """Where peers run: an interpreter that has them, and how many turns each gets."""

    python: str = sys.executable
    repeats: int = 3

    def __post_init__(self):
        done = subprocess.run([self.python, "-c", _VERSIONS], check=True, capture_output=True)
        self.versions: dict[str, str] = json.loads(done.stdout)
        self.used: set[str] = set()

    def missing(self, peer: str) -> list[str]:
        """Packages that a peer needs and the interpreter lacks."""
        return [name for name in packages_of(peer) if name not in self.versions]

    def turns(self, asked: dict[str, Task], *, whole=False) -> Times:
        """Run each peer's task, and all of them again, `repeats` times.

        With `whole`, "seconds" is the time of the process from its start to its end.
        """
        times, there = Times(), {}
        for peer, task in asked.items():
            if lacking := self.missing(module_of(peer)):
                print(f"  {peer:<34} skipped: {', '.join(lacking)} not installed", flush=True)
            else:
                there[peer] = task
        for _ in range(self.repeats):
            for peer, task in there.items():
                start = perf_counter()
                measured = self.turn(module_of(peer), task)
                if whole:
                    measured["seconds"] = perf_counter() - start
                times.add(peer, measured)
        for peer in there:
            values = " ".join(f"{value:.4g}" for value in times.values(peer))
            print(f"  {peer:<34} {times.median(peer):10.4g} s   ({values})", flush=True)
        return times

    def turn(self, module: str, task: Task) -> dict:
        """Run one peer once."""
        self.used.update(packages_of(module))
        command = [self.python, str(HERE / "turn.py"), module, task.to_json()]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(task))
        if done.returncode:
            raise RuntimeError(f"{module} failed at {task}:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1])


def module_of(peer: str) -> str:
    """A peer may run twice in one benchmark: what follows a colon tells the two apart."""
    return peer.partition(":")[0]


def packages_of(peer: str) -> tuple[str, ...]:
    """What a peer needs, read from its file without running it."""
    tree = ast.parse((HERE / "peers" / f"{peer}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PACKAGES":
            return ast.literal_eval(node.value)
    raise ValueError(f"peers/{peer}.py names no PACKAGES")


def environment(task: Task) -> dict[str, str]:
    """The caller's, with one device in sight: all peers run on the same."""
    root = str(HERE.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if task.device == "cpu":
        env |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return env
