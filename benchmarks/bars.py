"""One line a bar: name, value, bar, seconds, ok or SHORT. Every benchmark prints through this."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Bar:
    """A measured value beside the number to beat.

    ``within`` bounds the seconds as well, where the bar says how long it may take.
    """

    name: str
    value: float
    bar: float
    seconds: float
    higher_is_better: bool = False
    within: float = math.inf

    @property
    def ok(self) -> bool:
        reached = self.value >= self.bar if self.higher_is_better else self.value <= self.bar
        return reached and self.seconds <= self.within

    def __str__(self) -> str:
        sign = ">=" if self.higher_is_better else "<="
        limit = "" if math.isinf(self.within) else f" (<= {self.within:.0f} s)"
        verdict = "ok" if self.ok else "SHORT"
        return (
            f"{self.name:<44}{self.value:>12.7g}  {sign} {self.bar:<10.6g}"
            f"{self.seconds:>8.1f} s{limit:<11}{verdict}"
        )


def median_bar(name: str, runs: Iterable[tuple[float, float]], bar: float, **options) -> Bar:
    """Make a bar of the medians of (value, seconds) over seeds."""
    values, seconds = zip(*runs, strict=True)
    return Bar(name, median(values), bar, median(seconds), **options)


def report(bars: Iterable[Bar]) -> int:
    """Print each bar as it is measured; the exit status is 1 if any fell short."""
    status = 0
    for bar in bars:
        print(bar, flush=True)
        status |= not bar.ok
    return int(status)
