"""Anonymous memory of this process (Linux): pages of mapped files do not count."""

from __future__ import annotations

import threading
from pathlib import Path

__all__ = ["STATUS", "Peak", "anonymous"]

STATUS = Path("/proc/self/status")


def anonymous() -> float:
    """Anonymous resident memory (RssAnon) in MB."""
    for line in STATUS.read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1e3
    raise RuntimeError("/proc/self/status has no RssAnon")


class Peak(threading.Thread):
    """The highest level of anonymous memory within a block."""

    def __init__(self):
        super().__init__(daemon=True)
        self.highest, self.over = anonymous(), threading.Event()

    def run(self):
        while not self.over.wait(0.005):
            self.highest = max(self.highest, anonymous())

    def __enter__(self) -> Peak:
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.join()
