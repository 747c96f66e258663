"""How the cost of a fit grows with rows, columns and epochs, and what memory it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from bars import Bar
from speed_epoch import fashion_file
from speed_section import Options, Section
from speed_task import USUAL, Task

__all__ = ["exponent", "memory", "scaling"]

BASE = Task((64, 128, 16), 256, loss="squared_error", epochs=2, measure="growth", count=10_000)
ROWS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
#: The time is proportional to size ** exponent; what a fit costs once makes it smaller.
BAR = 1.05
COPIES = 10


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of a straight line through the logarithms of both, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def sweeps(options: Options) -> dict[str, dict[int, Task]]:
    """Of each quantity that grows, its sizes and what to measure at each."""
    # a line needs two points
    rows = [n for n in ROWS if n <= max(options.largest_rows, ROWS[1])]
    wide = BASE.asked(count=5_000)
    return {
        "rows": {n: BASE.asked(count=n) for n in rows},
        "columns": {n: wide.asked(widths=(n, *BASE.widths[1:])) for n in (64, 256, 1024, 4096)},
        "epochs": {n: BASE.asked(epochs=n) for n in (4, 8, 16, 32, 64)},
    }


def scaling(options: Options, section: Section) -> Iterator[Bar]:
    section.title = "How the cost of a fit grows"
    section.columns = ("what grows", "from, to", "seconds", "exponent")
    section.note = (
        f"Hidden layer of {BASE.widths[1]}, {BASE.widths[-1]} components, batches of {BASE.batch}; "
        "whole fits, all compiled. An exponent of 1 is linear."
    )
    if options.picture is not None:
        section.note += f"\n\n![Seconds of a fit](../images/{options.picture.name})"
    measured = {}
    for quantity, tasks in sweeps(options).items():
        seconds = [options.peers.turn("skae_fit", task)["seconds"] for task in tasks.values()]
        measured[quantity] = (list(tasks), seconds)
        slope, sizes = exponent(*measured[quantity]), list(tasks)
        section.rows.append(
            (
                quantity,
                f"{sizes[0]} to {sizes[-1]}",
                ", ".join(f"{value:.3g}" for value in seconds),
                f"{slope:.2f}",
            )
        )
        for size, value in zip(sizes, seconds, strict=True):
            print(f"  {size:>9} {quantity:<10} {value:.3g} s")
        yield Bar(f"scaling: exponent of {quantity}", slope, BAR, sum(seconds))
    if options.picture is not None:
        draw(measured, options.picture)


def draw(measured, path: Path) -> None:
    """Seconds against sizes, both on logarithmic axes, with the fitted lines."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(1, len(measured), figsize=(9, 3), layout="constrained")
    for axis, (quantity, (sizes, seconds)) in zip(axes, measured.items(), strict=True):
        slope, offset = np.polyfit(np.log(sizes), np.log(seconds), 1)
        axis.loglog(sizes, seconds, "o")
        axis.loglog(sizes, np.exp(offset) * np.power(sizes, slope), "-", lw=1)
        axis.set(xlabel=quantity, title=f"exponent {slope:.2f}")
        axis.set_xticks(sizes, [str(size) if size % 1000 else f"{size // 1000}k" for size in sizes])
        axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        for each in (axis.xaxis, axis.yaxis):
            each.set_minor_locator(ticker.NullLocator())
    axes[0].set_ylabel("seconds of a fit")
    figure.savefig(path, dpi=120)


def memory(options: Options, section: Section) -> Iterator[Bar]:
    """The rows are in memory before: what a fit adds to them must not depend on their number."""
    section.title, section.columns = "Memory of a fit", ("", "MB")
    path = options.folder / f"copies_{options.rows}.npy"
    np.save(path, np.concatenate([np.load(fashion_file(options))] * COPIES))
    measured = options.peers.turn("skae_fit", USUAL.asked(rows=str(path), measure="memory"))
    path.unlink()
    section.note = "Anonymous memory (RssAnon) of a fit with the defaults, float32 rows in memory."
    section.rows += [
        ("the rows", f"{measured['data']:.0f}"),
        ("what the fit adds at its highest", f"{measured['beside']:.0f}"),
    ]
    print(f"  rows {measured['data']:.0f} MB, beside them {measured['beside']:.0f} MB")
    yield Bar("memory: beside the rows, MB", measured["beside"], 300, measured["seconds"])
