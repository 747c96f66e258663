"""Feature values of one sample and its reconstructions, as bars or lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_feature_values"]


def draw_feature_values(
    ax: Axes, x: NDArray, x_noisy: NDArray | None, x_hat: Mapping[str, NDArray], *, as_bars: bool
) -> None:
    """Draw arrays of shape (n_features,); `x_hat` has a reconstruction by the name of the model."""
    positions = np.arange(len(x))
    style: dict[str, Any] = {}
    if as_bars:
        ax.bar(positions, x, color="0.8", label="original")
        style = {"marker": "_", "markersize": 14, "linestyle": "none", "mew": 2.5}
    else:
        ax.plot(positions, x, color="0.6", linewidth=2, label="original")
    if x_noisy is not None:
        ax.plot(positions, x_noisy, "x", color="k", label="noisy", markersize=4)
    for j, (name, values) in enumerate(x_hat.items()):
        ax.plot(positions, values, color=f"C{j}", label=name, **style)
    ax.axhline(0, color="k", linewidth=0.5)
    ax.set_xticks(positions if as_bars else [], [""] * len(x) if as_bars else [])
