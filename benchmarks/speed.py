"""Speed beside every peer, turn by turn on this machine, each in its own process.

usage: speed.py [PART ...] [--python PYTHON] [--repeats 3] [--rows 60000] [--epochs 10] [--write]

PART is one of epoch, large, small, fresh, import, transform, scaling, memory, search, gpu; all by
default. `make bench` makes an environment with all peers; `--python` names another interpreter
that has skae and them, and those it lacks are left out and named. `--write` puts what was measured
into docs/guide/speed_table.md, where parts that were not run stay as they were.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bars import Bar, report
from speed_epoch import large, small, usual
from speed_fresh import fresh, imports
from speed_gpu import gpu
from speed_scaling import memory, scaling
from speed_search import search
from speed_section import Options, Part, Section
from speed_table import machine, merged, section_text
from speed_transform import transform
from turns import HERE, Peers

PARTS: dict[str, Part] = {
    "epoch": usual,
    "large": large,
    "small": small,
    "fresh": fresh,
    "import": imports,
    "transform": transform,
    "scaling": scaling,
    "memory": memory,
    "search": search,
    "gpu": gpu,
}
TABLE = HERE.parent / "docs" / "guide" / "speed_table.md"
PICTURE = HERE.parent / "docs" / "images" / "speed_scaling.png"


def measured(name: str, options: Options, sections: dict[str, Section]) -> Iterator[Bar]:
    section = sections[name] = Section(name)
    print(f"{name}:", flush=True)
    for bar in PARTS[name](options, section):
        section.bars.append(bar)
        yield bar


def write(sections: dict[str, Section], peers: Peers, load: float) -> None:
    where = machine(peers.versions, peers.used, load)
    texts = {name: section_text(section, where) for name, section in sections.items()}
    before = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    TABLE.write_text(merged(before, texts, list(PARTS)), encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with all peers")
    parser.add_argument("--repeats", type=int, default=3, help="turns of each peer")
    parser.add_argument("--rows", type=int, default=60_000, help="of Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--mapped-rows", type=int, default=1_000_000, help="of transform's file")
    parser.add_argument("--largest-rows", type=int, default=1_000_000, help="of scaling")
    parser.add_argument("--write", action="store_true", help=f"into {TABLE.name}")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return chosen


def main() -> int:
    chosen, sections = arguments(), {}
    load, _, _ = os.getloadavg()
    if load > 0.5:
        print(f"the machine is busy (load {load:.1f}): seconds are upper limits")
    with tempfile.TemporaryDirectory(prefix="speed") as folder:
        options = Options(
            Peers(chosen.python, chosen.repeats),
            Path(folder),
            rows=chosen.rows,
            epochs=chosen.epochs,
            mapped_rows=chosen.mapped_rows,
            largest_rows=chosen.largest_rows,
        )
        options = replace(options, picture=PICTURE if chosen.write else None)
        names = chosen.parts or list(PARTS)
        status = report(bar for name in names for bar in measured(name, options, sections))
    if chosen.write:
        write(sections, options.peers, load)
    return status


if __name__ == "__main__":
    sys.exit(main())
