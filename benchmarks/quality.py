"""Quality of the reconstructions, against what was published for the same setting.

usage: quality.py [ROW ...] [--seeds 0 1 2] [--detail]

Each row names the one setting that it is run with, and counts by its median over the seeds, with
the time of training, compilation included. "val" is the last 5,000 of Fashion-MNIST's 60,000
training images, after training on the first 55,000. The rows stand in the files rows_*.py.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from pathlib import Path

from bars import report
from registry import ROWS

from skae.datasets import load_fashion_mnist

for file in sorted(Path(__file__).parent.glob("rows_*.py")):
    importlib.import_module(file.stem)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: all of {', '.join(ROWS)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--detail", action="store_true", help="print each run as well")
    chosen = parser.parse_args()
    unknown = set(chosen.rows) - set(ROWS)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    logging.basicConfig(format="  %(message)s", stream=sys.stdout)
    logging.getLogger("skae").setLevel(logging.INFO if chosen.detail else logging.WARNING)
    if chosen.rows != ["12"]:
        print(f"Fashion-MNIST from {load_fashion_mnist(split='test').source}")
    return report(bar for name in chosen.rows or sorted(ROWS) for bar in ROWS[name](chosen.seeds))


if __name__ == "__main__":
    sys.exit(main())
