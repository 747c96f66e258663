"""The documentation's table of speed: one section a part, each with its date and its machine."""

from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path

from speed_section import Section

__all__ = ["machine", "merged", "section_text"]

HEAD = (
    "<!-- Made by `python benchmarks/speed.py --write`: change the script, not this file. -->\n\n"
)


def processor() -> str:
    """Its name, where the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def machine(versions: dict[str, str], used: set[str], load: float) -> str:
    """Where and with what it was measured, and how busy others kept the machine."""
    packages = sorted(used | {"numpy", "scipy", "scikit-learn", "jax", "jaxlib"})
    named = [f"{name} {versions[name]}" for name in packages if name in versions]
    python = f"Python {platform.python_version()}"
    return ", ".join(
        [
            f"{processor()}, {os.cpu_count()} cores",
            f"load {load:.1f} before",
            platform.system(),
            python,
            *named,
        ]
    )


def table(columns, rows) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def section_text(section: Section, where: str, today: date | None = None) -> str:
    """A section in Markdown, from its heading on."""
    parts = [f"### {section.title}\n", section.note + "\n"]
    if section.rows:
        parts.append(table(section.columns, section.rows))
    if section.bars:
        rows = [
            (
                bar.name,
                f"{bar.value:.3g}",
                f"{'at least' if bar.higher_is_better else 'at most'} {bar.bar:g}",
                "kept" if bar.ok else "not kept",
            )
            for bar in section.bars
        ]
        parts.append(table(("what is asked", "measured", "bar", ""), rows))
    parts.append(f"Measured {(today or date.today()).isoformat()} on {where}.\n")
    return "\n".join(parts)


def merged(text: str, sections: dict[str, str], order: list[str]) -> str:
    """The page with these sections new and its others as they were.

    Parameters
    ----------
    text : str
        The page as it was; empty at first.
    sections : dict of str to str
        By the name of the part.
    order : list of str
        Names of all parts.
    """
    before: dict[str, str] = {}
    for piece in text.split("<!-- part: ")[1:]:
        name, _, body = piece.partition(" -->\n")
        before[name] = body.strip("\n") + "\n"
    both = {**before, **sections}
    pieces = [f"<!-- part: {name} -->\n{both[name]}" for name in order if name in both]
    return HEAD + "\n".join(pieces)
