"""What every peer is asked to do: a network, its training and its rows, as plain values.

Imports nothing beyond the standard library: a peer's process pays for its own imports alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

__all__ = ["LARGE", "SMALL", "STACKS", "USUAL", "Task"]


@dataclass(frozen=True)
class Task:
    """An autoencoder that mirrors itself, with relu between layers and at no end of them.

    ``widths`` go from the rows to the codes; ``rows`` is a file that NumPy reads; ``measure`` names
    what turn.py is to find out.
    """

    widths: tuple[int, ...]
    batch: int
    loss: str = "cross_entropy"
    rate: float = 1e-3
    measure: str = "epoch"
    rows: str = ""
    epochs: int = 10
    device: str = "cpu"
    precision: str = "float32"
    count: int = 0

    @property
    def layers(self) -> tuple[int, ...]:
        """Widths from the rows to the codes and back."""
        return self.widths + self.widths[-2::-1]

    @property
    def name(self) -> str:
        """The network as it is written: 784-128-32-128-784."""
        return "-".join(map(str, self.layers))

    def linear_layers(self) -> tuple[int, ...]:
        """The layers (0-based) that no relu follows: the codes and the output."""
        return len(self.widths) - 2, len(self.layers) - 2

    def products(self, n_rows: int) -> float:
        """Floating-point operations of the matrix products of an epoch.

        One product for the outputs of a layer, one for the slopes of its weights, one for those of
        its inputs, which the rows themselves do not need.
        """
        pairs = [a * b for a, b in zip(self.layers, self.layers[1:], strict=False)]
        return 2.0 * n_rows * (3 * sum(pairs) - pairs[0])

    def asked(self, **changes) -> Task:
        """The same with other values."""
        return replace(self, **changes)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        values = json.loads(text)
        return cls(**{**values, "widths": tuple(values["widths"])})


USUAL = Task((784, 128, 32), 256)
LARGE = Task((784, 1000, 500, 250, 30), 256)
SMALL = Task((64, 64, 16), 128, loss="squared_error", epochs=50)
STACKS = {"epoch": USUAL, "large": LARGE, "small": SMALL}
