"""A part of the speed benchmark: its options, measurements and results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from peer_runs import Measurements, Peers
from targets import Result

__all__ = ["Options", "Part", "Section"]


@dataclass(frozen=True)
class Options:
    """The sizes of a run, the peers and the folder for temporary files."""

    peers: Peers
    folder: Path
    samples: int = 60_000
    epochs: int = 10
    mapped_samples: int = 1_000_000
    largest_samples: int = 1_000_000
    figure: Path | None = None


@dataclass
class Section:
    """The title of a part, its measurements as rows of a table, and its results."""

    title: str
    columns: tuple[str, ...] = ("", "seconds", "skae / this")
    rows: list[tuple[str, ...]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    note: str = ""

    def add_times(self, times: Measurements, labels: dict[str, str], ours: str) -> None:
        """Add a row for each peer that was measured, the fastest first."""
        for peer in sorted(times.runs, key=times.median):
            ratio = "" if peer == ours else f"{times.ratio(ours, peer):.2f}"
            self.rows.append((labels[peer], f"{times.median(peer):.3g}", ratio))


Part = Callable[[Options, Section], Iterator[Result]]
