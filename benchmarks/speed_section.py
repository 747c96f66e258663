"""What a part of the speed benchmark gives: bars, and a table of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bars import Bar
from turns import Peers, Times

__all__ = ["Options", "Part", "Section"]


@dataclass(frozen=True)
class Options:
    """How large a run is, and where it runs."""

    peers: Peers
    folder: Path
    rows: int = 60_000
    epochs: int = 10
    mapped_rows: int = 1_000_000
    largest_rows: int = 1_000_000
    picture: Path | None = None


@dataclass
class Section:
    """A part's title, its measurements as rows of a table, and its bars."""

    title: str
    columns: tuple[str, ...] = ("", "seconds", "skae over it")
    rows: list[tuple[str, ...]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    note: str = ""

    def add_times(self, times: Times, labels: dict[str, str], ours: str) -> None:
        """A row for each peer that was measured, the fastest first."""
        for peer in sorted(times.turns, key=times.median):
            ratio = "" if peer == ours else f"{times.ratio(ours, peer):.2f}"
            self.rows.append((labels[peer], f"{times.median(peer):.3g}", ratio))


Part = Callable[[Options, Section], Iterator[Bar]]
