"""Many small images as one picture, in one axes: a grid of hundreds of axes takes seconds."""

import numpy as np

from skae.display._axes import matplotlib_pyplot

__all__ = ["draw_mosaic", "mosaic", "painted", "value_limits"]

# cells between images, as a share of their larger side; at least one
_GAP = 0.08


def value_limits(samples, *, signed=False):
    """Lowest and highest value to be told apart; symmetric around 0 where `signed`.

    Of samples in [0, 1] these are 0 and 1, so that pictures of such samples can be compared.
    """
    samples = np.asarray(samples, float)
    finite = samples[np.isfinite(samples)]
    if not finite.size:
        return (-1.0, 1.0) if signed else (0.0, 1.0)
    if signed:
        reach = float(np.abs(finite).max()) or 1.0
        return -reach, reach
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= 1 and high > 0.5:
        return 0.0, 1.0
    return (low, high) if high > low else (low, low + 1.0)


def painted(samples, image_shape, *, limits, cmap):
    """Flat samples as colored images of shape (..., height, width, 4), each channel in [0, 1].

    Samples of one channel go through the color map; three and four channels are colors already.
    """
    colormaps = matplotlib_pyplot().colormaps
    samples, (height, width, channels) = np.asarray(samples, float), image_shape
    low, high = limits
    images = np.clip((samples - low) / (high - low), 0, 1)
    images = images.reshape(*samples.shape[:-1], height, width, channels)
    if channels == 1:
        return colormaps.get_cmap(cmap)(images[..., 0])
    if channels == 3:
        return np.concatenate([images, np.ones_like(images[..., :1])], axis=-1)
    return images


def mosaic(images, gap=None):
    """Images of shape (lines, columns, height, width, 4) side by side on transparent ground.

    Returns
    -------
    picture : ndarray of shape (height of all, width of all, 4)
    centers : tuple of ndarray
        Of the lines (y) and of the columns (x), in cells of the picture.
    """
    lines, columns, height, width, _ = images.shape
    gap = max(1, round(_GAP * max(height, width))) if gap is None else gap
    high, wide = height + gap, width + gap
    picture = np.zeros((lines * high + gap, columns * wide + gap, 4))
    for i, j in np.ndindex(lines, columns):
        top, left = gap + i * high, gap + j * wide
        picture[top : top + height, left : left + width] = images[i, j]
    centers = (
        gap + np.arange(lines) * high + (height - 1) / 2,
        gap + np.arange(columns) * wide + (width - 1) / 2,
    )
    return picture, centers


def draw_mosaic(ax, images, *, line_labels=None, column_labels=None):
    """Draw images of shape (lines, columns, height, width, 4); labels stand beside and below.

    Returns
    -------
    image : matplotlib.image.AxesImage
    """
    picture, (y, x) = mosaic(images)
    image = ax.imshow(picture, interpolation="nearest")
    ax.set_yticks([] if line_labels is None else y, line_labels or [])
    ax.set_xticks([] if column_labels is None else x, column_labels or [])
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    return image
