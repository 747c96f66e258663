"""Projection of codes to two dimensions, and selection of well-separated points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from skae._typing import IntArray

__all__ = ["project", "separated_points"]


def project(
    codes: NDArray, reduction: str | None, rng: np.random.RandomState
) -> tuple[NDArray, str | None]:
    """Return points of shape (n_points, 2) and the reduction that was applied.

    One-dimensional codes get random y coordinates (reduction "jitter"). t-SNE is replaced by PCA
    for fewer than five points.
    """
    n_points, n_components = codes.shape
    if n_components == 1:
        return np.column_stack([codes[:, 0], rng.uniform(-1, 1, n_points)]), "jitter"
    if n_components == 2 or reduction is None:
        return codes[:, :2], None
    if reduction == "pca" or n_points < 5:
        return PCA(2, random_state=rng).fit_transform(codes), "pca"
    # scikit-learn's default perplexity, 30, is invalid for few points.
    perplexity = min(30.0, (n_points - 1) / 3)
    return TSNE(perplexity=perplexity, random_state=rng).fit_transform(codes), "tsne"


def separated_points(points: NDArray, min_distance: float) -> IntArray:
    """Select points greedily, in their order, that are at least `min_distance` apart.

    Distances are relative to the range of the points along each axis.
    """
    extent = np.ptp(points, axis=0)
    scaled = (points - points.min(axis=0)) / np.where(extent > 0, extent, 1.0)
    selected: list[int] = []
    for i, point in enumerate(scaled):
        squared = np.square(scaled[selected] - point).sum(axis=1)
        if not selected or squared.min() >= min_distance**2:
            selected.append(i)
    return np.array(selected)
