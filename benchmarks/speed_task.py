"""The task of a peer: network, training parameters and samples, as plain values.

Imports only the standard library, so that the time of a peer's process includes only its own
imports.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

__all__ = ["LARGE", "MEDIUM", "SMALL", "Task"]


@dataclass(frozen=True)
class Task:
    """Training of a symmetric autoencoder with relu, except at the codes and the output.

    ``widths`` are the layer sizes of the encoder, from the input to the codes. ``samples`` is a
    file in NumPy's format. ``measure`` selects the measurement in run_peer.py.
    """

    widths: tuple[int, ...]
    batch: int
    loss: str = "cross_entropy"
    rate: float = 1e-3
    measure: str = "epoch"
    samples: str = ""
    epochs: int = 10
    device: str = "cpu"
    precision: str = "float32"
    count: int = 0

    @property
    def layers(self) -> tuple[int, ...]:
        """Layer sizes from the input to the codes and back."""
        return self.widths + self.widths[-2::-1]

    @property
    def name(self) -> str:
        """The network in the usual notation: 784-128-32-128-784."""
        return "-".join(map(str, self.layers))

    def linear_layers(self) -> tuple[int, ...]:
        """Indices of the layers without relu: the codes and the output."""
        return len(self.widths) - 2, len(self.layers) - 2

    def flops(self, n_samples: int) -> float:
        """Floating-point operations of the matrix products of an epoch.

        Each layer has three products: its output, the gradient of its weights and the gradient of
        its input. The first layer does not need the last one.
        """
        pairs = [a * b for a, b in zip(self.layers, self.layers[1:], strict=False)]
        return 2.0 * n_samples * (3 * sum(pairs) - pairs[0])

    def replace(self, **changes) -> Task:
        """Return a copy with some values replaced."""
        return replace(self, **changes)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        values = json.loads(text)
        return cls(**{**values, "widths": tuple(values["widths"])})


MEDIUM = Task((784, 128, 32), 256)
LARGE = Task((784, 1000, 500, 250, 30), 256)
SMALL = Task((64, 64, 16), 128, loss="squared_error", epochs=50)
