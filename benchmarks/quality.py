"""Quality of reconstructions and codes, compared with baselines and published results.

usage: quality.py [ROW ...] [--seeds 0 1 2] [--verbose]

A row is one experiment with one setting of the parameters, for example `quality.py 2b 12`. Its
result is the median over the seeds, with the training time including compilation. "val" is the
validation set: the last 5,000 of Fashion-MNIST's 60,000 training images, after training on the
first 55,000. The rows are defined in the files quality_*.py.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from pathlib import Path

from registry import ROWS
from targets import report

for file in sorted(Path(__file__).parent.glob("quality_*.py")):
    importlib.import_module(file.stem)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: all of {', '.join(ROWS)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--verbose", action="store_true", help="also print each run")
    args = parser.parse_args()
    unknown = set(args.rows) - set(ROWS)
    if unknown:
        parser.error(f"unknown row {', '.join(sorted(unknown))}; choose from {', '.join(ROWS)}")
    logging.basicConfig(format="  %(message)s", stream=sys.stdout)
    logging.getLogger("skae").setLevel(logging.INFO if args.verbose else logging.WARNING)
    names = args.rows or sorted(ROWS)
    return report(result for name in names for result in ROWS[name](args.seeds))


if __name__ == "__main__":
    sys.exit(main())
