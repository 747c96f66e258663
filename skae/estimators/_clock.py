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

    def report(self, result, choice) -> dict[str, float]:
        """Seconds by part, with compilation apart from the part that it fell into."""
        seconds, total = dict(self.seconds), self.total()
        seconds["train"] -= result.seconds["compile"]
        seconds["compile"] = result.seconds["compile"]
        if choice is not None:
            seconds["select"] -= choice.compile_seconds
            seconds["compile"] += choice.compile_seconds
        return {**seconds, "total": total}
