"""Speed compared with other libraries (peers), which run alternately, each in its own process.

usage: speed.py [PART ...] [--python PYTHON] [--repeats 3] [--samples 60000] [--epochs 10] [--write]

PART is one of epoch, large, small, fresh, import, transform, scaling, memory, search, gpu; default:
all. `make bench` creates an environment with all peers. `--python` names another interpreter with
skae and the peers; peers that are not installed are skipped. `--write` updates the sections of
these parts in docs/guide/speed_table.md and keeps the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from peer_runs import HERE, Peers
from speed_epoch import large, medium, small
from speed_fresh import fresh, imports
from speed_gpu import gpu
from speed_scaling import memory, scaling
from speed_search import search
from speed_section import Options, Part, Section
from speed_table import machine, merged, section_text
from speed_transform import transform
from targets import Result, report

PARTS: dict[str, Part] = {
    "epoch": medium,
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
FIGURE = HERE.parent / "docs" / "images" / "speed_scaling.png"


def measured(name: str, options: Options, sections: dict[str, Section]) -> Iterator[Result]:
    section = sections[name] = Section(name)
    print(f"{name}:", flush=True)
    for result in PARTS[name](options, section):
        section.results.append(result)
        yield result


def write(sections: dict[str, Section], peers: Peers, load: float) -> None:
    where = machine(peers.versions, peers.used, load)
    texts = {name: section_text(section, where) for name, section in sections.items()}
    before = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    TABLE.write_text(merged(before, texts, list(PARTS)), encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with all peers")
    parser.add_argument("--repeats", type=int, default=3, help="number of runs of each peer")
    parser.add_argument("--samples", type=int, default=60_000, help="of Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--mapped-samples", type=int, default=1_000_000, help='for "transform"')
    parser.add_argument("--largest-samples", type=int, default=1_000_000, help='for "scaling"')
    parser.add_argument("--write", action="store_true", help=f"update {TABLE.name}")
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    return args


def main() -> int:
    args, sections = arguments(), {}
    load, _, _ = os.getloadavg()
    if load > 0.5:
        print(f"the machine is busy (load {load:.1f}): the seconds are upper bounds")
    with tempfile.TemporaryDirectory(prefix="speed") as folder:
        options = Options(
            Peers(args.python, args.repeats),
            Path(folder),
            samples=args.samples,
            epochs=args.epochs,
            mapped_samples=args.mapped_samples,
            largest_samples=args.largest_samples,
        )
        options = replace(options, figure=FIGURE if args.write else None)
        names = args.parts or list(PARTS)
        status = report(result for name in names for result in measured(name, options, sections))
    if args.write:
        write(sections, options.peers, load)
    return status


if __name__ == "__main__":
    sys.exit(main())
