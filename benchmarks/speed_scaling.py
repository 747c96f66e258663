"""Scaling of the fit time with samples, features and epochs; and memory of a fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from speed_epoch import fashion_file
from speed_section import Options, Section
from speed_task import MEDIUM, Task
from targets import Result

__all__ = ["exponent", "memory", "scaling"]

BASE = Task((64, 128, 16), 256, loss="squared_error", epochs=2, measure="growth", count=10_000)
SAMPLES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
#: Largest exponent of time ~ size ** exponent; the fixed cost of a fit reduces it below 1.
TARGET = 1.05
COPIES = 10


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The least-squares slope of log(seconds) against log(sizes)."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def sweeps(options: Options) -> dict[str, dict[int, Task]]:
    """The tasks by size, for each quantity that varies."""
    # A regression line needs at least two sizes.
    samples = [n for n in SAMPLES if n <= max(options.largest_samples, SAMPLES[1])]
    wide = BASE.replace(count=5_000)
    return {
        "samples": {n: BASE.replace(count=n) for n in samples},
        "features": {n: wide.replace(widths=(n, *BASE.widths[1:])) for n in (64, 256, 1024, 4096)},
        "epochs": {n: BASE.replace(epochs=n) for n in (4, 8, 16, 32, 64)},
    }


def scaling(options: Options, section: Section) -> Iterator[Result]:
    section.title = "Scaling of the fit time"
    section.columns = ("quantity", "range", "seconds", "exponent")
    section.note = (
        f"Hidden layer of {BASE.widths[1]} units, {BASE.widths[-1]} components, batches of "
        f"{BASE.batch}; whole fits without compilation. An exponent of 1 is linear."
    )
    if options.figure is not None:
        section.note += f"\n\n![Seconds of a fit](../images/{options.figure.name})"
    measured = {}
    for quantity, tasks in sweeps(options).items():
        seconds = [options.peers.run("skae_fit", task)["seconds"] for task in tasks.values()]
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
        yield Result(f"scaling: exponent of {quantity}", slope, TARGET, sum(seconds))
    if options.figure is not None:
        draw(measured, options.figure)


def draw(measured, path: Path) -> None:
    """Plot seconds against sizes on logarithmic axes, with the regression lines."""
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
    axes[0].set_ylabel("fit time (s)")
    figure.savefig(path, dpi=120)


def memory(options: Options, section: Section) -> Iterator[Result]:
    """Memory that a fit adds to X, which must not depend on the number of samples."""
    section.title, section.columns = "Memory of a fit", ("", "MB")
    path = options.folder / f"copies_{options.samples}.npy"
    np.save(path, np.concatenate([np.load(fashion_file(options))] * COPIES))
    measured = options.peers.run("skae_fit", MEDIUM.replace(samples=str(path), measure="memory"))
    path.unlink()
    section.note = (
        "Anonymous memory (RssAnon) of a fit with default parameters, X float32 in memory."
    )
    section.rows += [
        ("X", f"{measured['data']:.0f}"),
        ("added by the fit (peak)", f"{measured['added']:.0f}"),
    ]
    print(f"  X {measured['data']:.0f} MB, added by the fit {measured['added']:.0f} MB")
    yield Result("memory: added by the fit, MB", measured["added"], 300, measured["seconds"])
