"""Time spent in the parts of a fit."""

import time
from typing import Any

__all__ = ["Clock"]


class Clock:
    """Measures seconds between laps, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.begin = self.last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Record the seconds since the last lap under `name`."""
        now = time.perf_counter()
        self.seconds[name] = now - self.last
        self.last = now

    def total(self) -> float:
        """Seconds since the clock was created."""
        return time.perf_counter() - self.begin

    def report(self, initial: Any, choice: Any, result: Any) -> dict[str, float]:
        """Seconds by part; the time spent compiling is separate from the part that compiled."""
        compiling = {
            "start": initial.compile_seconds,
            "select": choice.compile_seconds if choice is not None else 0.0,
            "train": result.seconds["compile"],
        }
        parts = {name: s - compiling.get(name, 0.0) for name, s in self.seconds.items()}
        return {**parts, "compile": sum(compiling.values()), "total": self.total()}
