"""Creation and validation of matplotlib axes; imports matplotlib on first use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AxesLike", "axes_grid", "import_pyplot", "mosaic_axes", "single_axes"]

#: One matplotlib Axes, or several in an array, list or tuple.
AxesLike: TypeAlias = "Axes | NDArray[np.object_] | list[Axes] | tuple[Axes, ...]"

#: Width in inches of one character of a tick label.
_CHARACTER_WIDTH = 0.095


def import_pyplot() -> Any:
    """Return matplotlib.pyplot, or raise ImportError with installation instructions."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "displays need matplotlib, which is not installed: pip install 'skae[plot]'"
        ) from error
    return plt


def single_axes(ax: Axes | None, size: tuple[float, float], layout: str = "constrained") -> Axes:
    """Return `ax`, or the axes of a new figure of `size` (width, height) in inches."""
    plt = import_pyplot()
    if ax is None:
        return plt.subplots(figsize=size, layout=layout)[1]
    if not hasattr(ax, "figure"):
        raise ValueError(f"ax must be one matplotlib Axes or None, got {type(ax).__name__}")
    return ax


def mosaic_axes(
    ax: Axes | None,
    n_rows: int,
    n_columns: int,
    *,
    image_size: float,
    row_labels: Iterable[str] = (),
) -> Axes:
    """Return `ax`, or the axes of a new figure for a grid of images with labels on the left.

    `image_size` is the size of one image in inches. The layout engine ignores that images keep
    their aspect ratio, so the figure is made slightly too wide rather than too narrow, which would
    cut labels off.
    """
    n_characters = max((len(line) for label in row_labels for line in label.split("\n")), default=0)
    width = 0.6 + _CHARACTER_WIDTH * n_characters + image_size * n_columns
    return single_axes(ax, (width, 0.6 + image_size * n_rows), layout="compressed")


def axes_grid(
    ax: AxesLike | None, n_rows: int, n_columns: int, size: tuple[float, float]
) -> NDArray[np.object_]:
    """Return axes of shape (n_rows, n_columns).

    Parameters
    ----------
    ax : None, Axes or array of Axes
        None creates a new figure. An array, list or tuple must have n_rows * n_columns axes, in any
        shape. One Axes is divided into a grid of that shape.
    n_rows, n_columns : int
    size : tuple (width, height)
        Size of a new figure in inches.

    Raises
    ------
    ValueError
        If an array has another number of axes, or an Axes to be divided is not part of a grid of
        subplots.
    """
    plt = import_pyplot()
    if ax is None:
        figure = plt.figure(figsize=size, layout="constrained")
        grid = figure.add_gridspec(n_rows, n_columns)
    elif isinstance(ax, np.ndarray | list | tuple):
        axes = np.asarray(ax, dtype=object)
        if axes.size != n_rows * n_columns:
            raise ValueError(
                f"ax has {axes.size} axes, but {n_rows * n_columns} are needed ({n_rows} x "
                f"{n_columns}): pass an array of that many axes, one Axes to be divided, or None"
            )
        return axes.reshape(n_rows, n_columns)
    elif n_rows == n_columns == 1:
        return np.array([[ax]], dtype=object)
    else:
        figure, position = ax.figure, ax.get_subplotspec()
        if position is None:
            raise ValueError(
                f"ax must be divided into {n_rows} x {n_columns} axes, but is not part of a grid "
                f"of subplots: create it by plt.subplots, or pass an array of {n_rows * n_columns} "
                "axes"
            )
        # The given Axes only marks the position: the new axes are drawn in its place.
        ax.set_axis_off()
        grid = position.subgridspec(n_rows, n_columns)
    axes = np.empty((n_rows, n_columns), dtype=object)
    for i, j in np.ndindex(axes.shape):
        axes[i, j] = figure.add_subplot(grid[i, j])
    return axes
