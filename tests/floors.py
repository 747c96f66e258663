"""Prints the oldest release of each dependency that pyproject.toml allows, for pip.

What skae runs on and what its extras are for; of the tests' own tools the newest are as good.
"""

import tomllib
from pathlib import Path

EXTRAS = ("faiss", "images", "onnx", "plot", "stablehlo")


def main():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    optional = [name for extra in EXTRAS for name in project["optional-dependencies"][extra]]
    print(*(name.replace(">=", "==") for name in project["dependencies"] + optional))


if __name__ == "__main__":
    main()
