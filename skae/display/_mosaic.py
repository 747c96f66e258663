"""Grids of images, drawn as one picture in one axes.

A grid of hundreds of axes would take seconds to draw, and could not be drawn in an axes that the
user passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skae.display._axes import import_pyplot
from skae.display._estimators import ImageShape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_boxes", "draw_mosaic", "mosaic", "signed_difference", "to_rgba", "value_limits"]

#: Gap between images as a fraction of their larger side; at least one pixel.
_GAP = 0.08
#: Longest line in characters of a horizontal label below an image.
_MAX_LINE = 9


def value_limits(samples: ArrayLike, *, signed: bool = False) -> tuple[float, float]:
    """Return the values that are drawn in the first and the last color of a color map.

    They are the smallest and the largest finite value, with these exceptions:

    - with `signed`, the limits are symmetric around 0;
    - for samples in [0, 1] the limits are 0 and 1, so that their pictures are comparable.
    """
    samples = np.asarray(samples, float)
    finite = samples[np.isfinite(samples)]
    if not finite.size:
        return (-1.0, 1.0) if signed else (0.0, 1.0)
    if signed:
        largest = float(np.abs(finite).max()) or 1.0
        return -largest, largest
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= 1 and high > 0.5:
        return 0.0, 1.0
    return (low, high) if high > low else (low, low + 1.0)


def to_rgba(
    samples: ArrayLike, image_shape: ImageShape, *, limits: tuple[float, float], cmap: str
) -> NDArray[np.floating]:
    """Convert flat samples to RGBA images of shape (..., height, width, 4) in [0, 1].

    One channel is mapped by the color map. Three channels are RGB, four are RGBA.
    """
    colormaps = import_pyplot().colormaps
    samples, (height, width, channels) = np.asarray(samples, float), image_shape
    low, high = limits
    images = np.clip((samples - low) / (high - low), 0, 1)
    images = images.reshape(*samples.shape[:-1], height, width, channels)
    if channels == 1:
        return colormaps.get_cmap(cmap)(images[..., 0])
    if channels == 3:
        return np.concatenate([images, np.ones_like(images[..., :1])], axis=-1)
    return images


def mosaic(
    images: NDArray, gap: int | None = None
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Arrange images of shape (rows, columns, height, width, 4) in one transparent picture.

    Returns
    -------
    picture : ndarray of shape (picture_height, picture_width, 4)
    centers : tuple (y, x) of ndarray
        Centers of the rows and of the columns of images, in pixels of the picture.
    """
    n_rows, n_columns, height, width, _ = images.shape
    gap = max(1, round(_GAP * max(height, width))) if gap is None else gap
    y_step, x_step = height + gap, width + gap
    picture = np.zeros((n_rows * y_step + gap, n_columns * x_step + gap, 4))
    for i, j in np.ndindex(n_rows, n_columns):
        top, left = gap + i * y_step, gap + j * x_step
        picture[top : top + height, left : left + width] = images[i, j]
    centers = (
        gap + np.arange(n_rows) * y_step + (height - 1) / 2,
        gap + np.arange(n_columns) * x_step + (width - 1) / 2,
    )
    return picture, centers


def draw_mosaic(
    ax: Axes,
    images: NDArray,
    *,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
) -> Any:
    """Draw images of shape (rows, columns, height, width, 4) with labels on the left and below.

    Returns
    -------
    image : matplotlib.image.AxesImage
    """
    picture, (y, x) = mosaic(images)
    image = ax.imshow(picture, interpolation="nearest")
    ax.set_yticks([] if row_labels is None else y, row_labels or [])
    ax.set_xticks([] if column_labels is None else x, column_labels or [])
    if max(len(line) for label in column_labels or [""] for line in label.split("\n")) > _MAX_LINE:
        ax.tick_params(axis="x", labelrotation=90)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return image


def draw_boxes(
    ax: Axes,
    X: NDArray,
    points: NDArray,
    indices: NDArray[np.integer],
    colors: Sequence[Any],
    image_shape: ImageShape,
) -> None:
    """Draw samples as images at their points, in frames of their colors."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    limits, zoom = value_limits(X), 22 / max(image_shape[:2])
    for i in indices:
        image = to_rgba(X[i], image_shape, limits=limits, cmap="gray_r")
        frame = {"edgecolor": colors[i], "linewidth": 1.2}
        picture = OffsetImage(image, zoom=zoom, interpolation="nearest")
        ax.add_artist(AnnotationBbox(picture, points[i], bboxprops=frame, pad=0.1))


def signed_difference(X_hat: NDArray, X: NDArray, n_channels: int) -> NDArray:
    """Return ``X_hat - X`` for each pixel, averaged over its channels."""
    difference = X_hat - X.astype(float)
    return difference.reshape(len(difference), -1, n_channels).mean(axis=2)
