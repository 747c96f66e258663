"""Places to draw in: the one module that imports matplotlib's pyplot, and only when asked."""

import numpy as np

__all__ = ["axes_grid", "matplotlib_pyplot", "mosaic_axes", "one_axes"]

# inches that a letter of a label takes
_LETTER = 0.095


def matplotlib_pyplot():
    """Matplotlib's pyplot, or an ImportError that says what to install."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("displays need matplotlib: pip install 'skae[plot]'") from error
    return plt


def one_axes(ax, size):
    """The axes given, or those of a new figure of `size` (width, height) in inches."""
    plt = matplotlib_pyplot()
    if ax is None:
        return plt.subplots(figsize=size, layout="constrained")[1]
    return _alone(ax)


def mosaic_axes(ax, n_lines, n_columns, *, cell, line_labels=()):
    """The axes given, or those of a new figure, for images of `cell` inches with room for labels.

    matplotlib lays out what keeps its proportions as if it did not, so the figure is a little too
    wide rather than too narrow: labels would be cut off.
    """
    letters = max((len(part) for label in line_labels for part in label.split("\n")), default=0)
    size = (0.6 + _LETTER * letters + cell * n_columns, 0.6 + cell * n_lines)
    plt = matplotlib_pyplot()
    if ax is None:
        return plt.subplots(figsize=size, layout="compressed")[1]
    return _alone(ax)


def _alone(ax):
    """Axes that are one, not several."""
    if not hasattr(ax, "figure"):
        raise ValueError(f"ax must be one matplotlib Axes or None, got {type(ax).__name__}")
    return ax


def axes_grid(ax, n_rows, n_columns, size, **options):
    """Axes of shape (n_rows, n_columns): of a new figure, those given, or in place of one axes.

    Parameters
    ----------
    ax : None, Axes or array of Axes
        An array must hold as many axes as are needed, in any shape.
    n_rows, n_columns : int
    size : tuple (width, height)
        Of a new figure, in inches.
    **options
        Of the grid: "height_ratios", "width_ratios".

    Raises
    ------
    ValueError
        For an array of another length, or axes outside of any grid of subplots.
    """
    plt = matplotlib_pyplot()
    if ax is None:
        figure = plt.figure(figsize=size, layout="constrained")
        grid = figure.add_gridspec(n_rows, n_columns, **options)
    elif isinstance(ax, np.ndarray | list | tuple):
        axes = np.asarray(ax, dtype=object)
        if axes.size != n_rows * n_columns:
            raise ValueError(
                f"ax has {axes.size} axes, and {n_rows * n_columns} are needed ({n_rows} x "
                f"{n_columns}): give that many, one to be divided, or None"
            )
        return axes.reshape(n_rows, n_columns)
    elif n_rows == n_columns == 1:
        return np.array([[ax]], dtype=object)
    else:
        figure, place = ax.figure, ax.get_subplotspec()
        if place is None:
            raise ValueError(
                f"ax is to be divided into {n_rows} x {n_columns} and belongs to no grid: make it "
                f"by plt.subplots, or give an array of {n_rows * n_columns} axes"
            )
        ax.set_axis_off()
        grid = place.subgridspec(n_rows, n_columns, **options)
    axes = np.empty((n_rows, n_columns), dtype=object)
    for i, j in np.ndindex(axes.shape):
        axes[i, j] = figure.add_subplot(grid[i, j])
    return axes
