"""Anonymous resident memory of this process (Linux), without pages of memory-mapped files."""

from __future__ import annotations

import threading
from pathlib import Path

__all__ = ["STATUS", "Peak", "anonymous"]

STATUS = Path("/proc/self/status")


def anonymous() -> float:
    """Return the anonymous resident memory (RssAnon) in MB."""
    for line in STATUS.read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1e3
    raise RuntimeError("/proc/self/status has no RssAnon")


class Peak(threading.Thread):
    """Context manager that samples the peak of anonymous memory within its block."""

    def __init__(self):
        super().__init__(daemon=True)
        self.highest, self.finished = anonymous(), threading.Event()

    def run(self):
        while not self.finished.wait(0.005):
            self.highest = max(self.highest, anonymous())

    def __enter__(self) -> Peak:
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.finished.set()
        self.join()
