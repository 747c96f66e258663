"""Class labels of points: their order, colors and legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skae.display._axes import import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

__all__ = ["MAX_QUALITATIVE", "categories_of", "class_colors", "class_indices", "draw_legend"]

#: Largest number of classes with a color of a qualitative color map.
MAX_QUALITATIVE = 20
_MAX_COLUMNS = 3
#: Longest label of a legend in characters: of one column and of several columns.
_MAX_LENGTHS = (40, 20)
#: Height of a line of a legend, as a multiple of the font size.
_LINE_HEIGHT = 1.6
#: Largest width of a legend, as a fraction of the width of axes that cannot be made wider.
_MAX_WIDTH = 0.6


def categories_of(y: ArrayLike | None) -> NDArray | None:
    """Categories of a pandas categorical or polars Enum in their order; None for other labels."""
    categories = getattr(getattr(y, "dtype", None), "categories", None)
    return np.asarray(categories) if isinstance(categories, Iterable) else None


def class_indices(
    labels: NDArray, categories: Sequence[Any] | NDArray | None
) -> tuple[list[Any], NDArray[np.int_]]:
    """Return the distinct labels, and the index of each sample's label; -1 for missing labels.

    Labels are in the order of `categories`, or sorted if it is None.
    """
    is_missing = np.array([_is_missing(label) for label in labels], dtype=bool)
    indices = np.full(len(labels), -1)
    if categories is None:
        distinct, indices[~is_missing] = np.unique(labels[~is_missing], return_inverse=True)
        return list(distinct), indices
    present = set(labels[~is_missing])
    classes = [category for category in categories if category in present]
    position = {label: i for i, label in enumerate(classes)}
    if unknown := [label for label in present if label not in position]:
        raise ValueError(f"y has labels that are not in classes, such as {str(unknown[0])!r}")
    indices[~is_missing] = [position[label] for label in labels[~is_missing]]
    return classes, indices


def _is_missing(label: Any) -> bool:
    """Whether a label is None, NaN, NaT or pandas' NA."""
    if label is None:
        return True
    try:
        return bool(label != label)
    except TypeError:  # The truth value of pandas' NA is undefined.
        return True


def class_colors(cmap: str | None, n_classes: int) -> list[Any]:
    """Colors of classes.

    Qualitative color maps are indexed by class; continuous ones are sampled evenly.
    """
    if cmap is None:
        cmap = "tab10" if n_classes <= 10 else "tab20" if n_classes <= MAX_QUALITATIVE else "turbo"
    colors = import_pyplot().get_cmap(cmap)
    if hasattr(colors, "colors") and colors.N <= MAX_QUALITATIVE:
        return [colors(i % colors.N) for i in range(n_classes)]
    return [colors(i / max(1, n_classes - 1)) for i in range(n_classes)]


def draw_legend(ax: Axes, *, may_widen: bool) -> Legend:
    """Draw a legend of the labeled artists on the right of `ax`, inside the figure.

    Many labels are drawn in a small font and in several columns. If they do not fit, labels at
    equal intervals are drawn, with a title that states their number.

    Parameters
    ----------
    ax : Axes
    may_widen : bool
        Whether the figure may be made wider.
    """
    figure: Any = ax.figure
    height, width = ax.get_window_extent().height, ax.get_window_extent().width
    n_labels = len(ax.get_legend_handles_labels()[0])
    size, n_columns = "medium", 1
    if n_labels > _n_rows(size, height, figure.dpi):
        size = "x-small"
        n_columns = min(_MAX_COLUMNS, -(-n_labels // _n_rows(size, height, figure.dpi)))
    while True:
        legend = _legend(ax, size, n_columns, _n_rows(size, height, figure.dpi))
        legend_width = legend.get_window_extent().width
        if may_widen or n_columns == 1 or legend_width <= _MAX_WIDTH * width:
            break
        n_columns -= 1
    if may_widen and n_columns > 1:
        figure.set_figwidth(figure.get_figwidth() + legend_width / figure.dpi)
    elif figure.get_layout_engine() is None:
        _shrink(ax, legend)
    return legend


def _n_rows(size: str, height: float, dpi: float) -> int:
    """Number of lines of a legend in a font of this size that fit into a height in pixels."""
    from matplotlib.font_manager import FontProperties

    points = FontProperties(size=size).get_size_in_points()
    return max(2, int(72 * height / dpi / (_LINE_HEIGHT * points)))


def _legend(ax: Axes, size: str, n_columns: int, n_rows: int) -> Legend:
    handles, labels = ax.get_legend_handles_labels()
    title, n_labels = None, len(handles)
    if n_labels > n_columns * n_rows:
        shown = np.linspace(0, n_labels - 1, n_columns * (n_rows - 1)).round().astype(int)
        handles, labels = [handles[i] for i in shown], [labels[i] for i in shown]
        title = f"{len(shown)} of {n_labels} labels"
    longest = _MAX_LENGTHS[n_columns > 1]
    labels = [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in labels]
    return ax.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        frameon=False,
        markerscale=2,
        fontsize=size,
        ncols=n_columns,
        title=title,
        title_fontsize=size,
    )


def _shrink(ax: Axes, legend: Legend) -> None:
    """Make axes narrower so that the legend beside it ends in the figure, which has no layout."""
    figure_width = ax.figure.bbox.width
    excess = (legend.get_window_extent().x1 - ax.figure.bbox.x1) / figure_width
    left, bottom, width, height = ax.get_position().bounds
    if excess > 0:
        ax.set_position((left, bottom, max(width - excess, 0.2 * width), height))
