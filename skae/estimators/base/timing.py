"""Where the time of a fit went."""

import time

__all__ = ["Clock"]


class Clock:
    """Seconds between laps, by name."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self.begin = self.last = time.perf_counter()

    def lap(self, name):
        now = time.perf_counter()
        self.seconds[name] = now - self.last
        self.last = now

    def total(self) -> float:
        return time.perf_counter() - self.begin

    def report(self, begun, choice, result) -> dict[str, float]:
        """Seconds by part, with compilation apart from the part that it fell into."""
        compiling = {
            "start": begun.compile_seconds,
            "select": choice.compile_seconds if choice is not None else 0.0,
            "train": result.seconds["compile"],
        }
        parts = {name: s - compiling.get(name, 0.0) for name, s in self.seconds.items()}
        return {**parts, "compile": sum(compiling.values()), "total": self.total()}
