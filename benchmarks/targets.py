"""Results and their targets. Every benchmark prints one line per result through `report`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Result:
    """A measured value and its target.

    If ``time_limit`` is set, the target also requires that ``seconds`` do not exceed it.
    """

    name: str
    value: float
    target: float
    seconds: float
    higher_is_better: bool = False
    time_limit: float = math.inf

    @property
    def met(self) -> bool:
        if self.seconds > self.time_limit:
            return False
        return self.value >= self.target if self.higher_is_better else self.value <= self.target

    def __str__(self) -> str:
        sign = ">=" if self.higher_is_better else "<="
        limit = "" if math.isinf(self.time_limit) else f" (<= {self.time_limit:.0f} s)"
        return (
            f"{self.name:<52}{self.value:>12.7g}  {sign} {self.target:<10.6g}"
            f"{self.seconds:>8.1f} s{limit:<12}{'met' if self.met else 'not met'}"
        )


def median_result(
    name: str, runs: Iterable[tuple[float, float]], target: float, **options
) -> Result:
    """Return the result for the medians of (value, seconds) over seeds."""
    values, seconds = zip(*runs, strict=True)
    return Result(name, median(values), target, median(seconds), **options)


def report(results: Iterable[Result]) -> int:
    """Print each result when it is measured; return the exit status, 1 if a target is not met."""
    status = 0
    for result in results:
        print(result, flush=True)
        status |= not result.met
    return int(status)
