"""Codes as points of a plane."""

from numbers import Integral

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_scalar

from skae.display._axes import matplotlib_pyplot, one_axes
from skae.display._estimators import dense_samples, image_shape_of, whole
from skae.display._mosaic import painted, value_limits

__all__ = ["LatentDisplay"]

# kinds of labels beyond which numbers are a scale, not classes
_MOST_CLASSES = 20
# least distance between images, as a share of the picture's width
_APART = 0.065


class LatentDisplay:
    """Codes of samples as points in a plane, colored by label, with images at some of them.

    Make it by `from_estimator` or `from_codes`. Any fitted transformer will do, PCA and pipelines
    included.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        The codes themselves, or what t-SNE or PCA made of longer ones.
    y : ndarray of shape (n_points,), default=None
        Labels, or numbers.
    X : ndarray of shape (n_points, n_features), default=None
        The samples, for images.
    image_shape : tuple (height, width, channels), default=None
        None: no images.
    reduction : {"tsne", "pca"} or None, default=None
        What made points of codes.

    Attributes
    ----------
    indices_ : ndarray of int of shape (n_points,)
        Places of the points among the samples given, where there were too many to draw.
    with_image_ : ndarray of int
        Points at which an image stands.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    scatters_ : dict of matplotlib PathCollection
        By label; where there are none, or where they are a scale, the one under None.

    See Also
    --------
    sklearn.manifold.TSNE : What makes two dimensions of more.

    Notes
    -----
    t-SNE keeps neighbors together and tells nothing of distances between groups or of their
    sizes. Codes of one dimension are drawn along a line, spread at random across it.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.display import LatentDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(2, max_iter=5, random_state=0).fit(X)
    >>> display = LatentDisplay.from_estimator(autoencoder, X, y, max_points=500, random_state=0)
    >>> display.points.shape, len(display.scatters_)
    ((500, 2), 10)
    """

    def __init__(self, points, *, y=None, X=None, image_shape=None, reduction=None):
        self.points = points
        self.y = y
        self.X = X
        self.image_shape = image_shape
        self.reduction = reduction
        self.indices_ = np.arange(len(points))

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        images=False,
        image_shape=None,
        reduction="auto",
        max_points=1000,
        random_state=None,
        cmap=None,
        ax=None,
    ):
        """Encode samples and draw their codes.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `transform`.
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Labels, or numbers.
        images : bool, default=False
            Whether to draw samples as images at points that lie far enough from each other.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the network's, where it has one.
        reduction, max_points, random_state
            See `from_codes`.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : LatentDisplay

        Raises
        ------
        ValueError
            If images are asked for and their shape is not known.
        """
        if images:
            n_features = X.shape[1] if hasattr(X, "shape") else len(X[0])
            image_shape = image_shape_of(estimator, image_shape, n_features)
            if image_shape is None:
                raise ValueError(
                    "images=True needs image_shape: the network does not tell what samples look like"
                )
        codes = dense_samples(whole(estimator).transform(X))
        return cls.from_codes(
            codes,
            y,
            X=X if images else None,
            image_shape=image_shape if images else None,
            reduction=reduction,
            max_points=max_points,
            random_state=random_state,
            cmap=cmap,
            ax=ax,
        )

    @classmethod
    def from_codes(
        cls,
        codes,
        y=None,
        *,
        X=None,
        image_shape=None,
        reduction="auto",
        max_points=1000,
        random_state=None,
        cmap=None,
        ax=None,
    ):
        """Draw codes that you have.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_components)
        y : array-like of shape (n_samples,), default=None
            Labels, or numbers.
        X : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            The samples, to be drawn as images.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels); needed with X.
        reduction : {"auto", "tsne", "pca"} or None, default="auto"
            What makes two dimensions of more: "auto" is t-SNE. None: the first two components.
        max_points : int, default=1000
            Points drawn at most, at least 1: a random choice of the samples. t-SNE runs on
            these alone, and takes seconds.
        random_state : int, RandomState instance or None, default=None
            Of that choice, and of t-SNE.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : LatentDisplay

        Raises
        ------
        ValueError
            If codes are not 2-dimensional, there is no such reduction, codes to reduce are not all
            finite, `max_points` is below 1, X comes without an `image_shape` that fits it, or y
            or X has not as many samples as codes.
        TypeError
            If `max_points` is not an integer.
        ImportError
            If matplotlib is not installed.
        """
        check_scalar(max_points, "max_points", Integral, min_val=1)
        if reduction not in ("auto", "tsne", "pca", None):
            raise ValueError(f"reduction={reduction!r} must be 'auto', 'tsne', 'pca' or None")
        if X is not None and image_shape is None:
            raise ValueError("X is for images: give image_shape, too")
        rng, codes = check_random_state(random_state), dense_samples(codes).astype(float)
        check_consistent_length(codes, y, X)
        indices = np.arange(len(codes))
        if len(codes) > max_points:
            indices = np.sort(rng.choice(len(codes), max_points, replace=False))
        points, reduction = _in_a_plane(codes[indices], reduction, rng)
        X = None if X is None else dense_samples(X, indices)
        if X is not None:
            image_shape = image_shape_of(None, image_shape, X.shape[1])
        y = None if y is None else np.asarray(y)[indices]
        display = cls(points, y=y, X=X, image_shape=image_shape, reduction=reduction)
        display.indices_ = indices
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax=None, *, cmap=None):
        """Draw.

        Parameters
        ----------
        ax : Axes, default=None
            None: a new figure.
        cmap : str, default=None
            Color map of the labels. None: "tab10" for up to 10 classes, "tab20" for up to 20,
            "viridis" for numbers.

        Returns
        -------
        self : LatentDisplay

        Raises
        ------
        ValueError
            If there is no such color map.
        ImportError
            If matplotlib is not installed.
        """
        self.ax_ = ax = one_axes(ax, (7, 6))
        self.figure_, self.scatters_ = ax.figure, {}
        self._scatter(cmap, s=12 if self.X is None else 6, alpha=0.75, linewidths=0)
        names = {"tsne": "t-SNE of the code", "pca": "principal component of the code"}
        for i, axis in enumerate((ax.xaxis, ax.yaxis), start=1):
            said = names.get(self.reduction, "code")
            axis.set_label_text(f"{said}, {i}")
        if self.reduction == "jitter":
            ax.set(xlabel="code", ylabel="", yticks=[])
        elif self.reduction == "tsne":
            ax.set(xticks=[], yticks=[])
        self.with_image_ = np.empty(0, int)
        if self.X is not None:
            self._images()
        return self

    def _scatter(self, cmap, **style):
        plt, labels = matplotlib_pyplot(), self.y
        x, y = self.points.T
        if labels is None:
            self.scatters_[None] = self.ax_.scatter(x, y, **style)
            return
        kinds = np.unique(labels)
        if len(kinds) > _MOST_CLASSES and labels.dtype.kind in "iuf":
            scatter = self.ax_.scatter(x, y, c=labels, cmap=cmap or "viridis", **style)
            self.scatters_[None] = scatter
            self.figure_.colorbar(scatter, ax=self.ax_)
            return
        colors = plt.get_cmap(cmap or ("tab10" if len(kinds) <= 10 else "tab20"))
        listed = hasattr(colors, "colors") and colors.N <= _MOST_CLASSES
        for i, kind in enumerate(kinds):
            color = colors(i % colors.N if listed else i / max(1, len(kinds) - 1))
            of_kind = labels == kind
            self.scatters_[kind] = self.ax_.scatter(
                x[of_kind], y[of_kind], color=color, label=str(kind), **style
            )
        self.ax_.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, markerscale=2)

    def _images(self):
        from matplotlib.offsetbox import AnnotationBbox, OffsetImage

        self.with_image_ = _far_apart(self.points)
        limits = value_limits(self.X)
        height, width, _ = self.image_shape
        for i in self.with_image_:
            image = painted(self.X[i], self.image_shape, limits=limits, cmap="gray_r")
            picture = OffsetImage(image, zoom=22 / max(height, width), interpolation="nearest")
            frame = {"edgecolor": self._color(i), "linewidth": 1.2}
            box = AnnotationBbox(picture, self.points[i], bboxprops=frame, pad=0.1)
            self.ax_.add_artist(box)

    def _color(self, i):
        """Color of a point, for the frame of its image."""
        if self.y is None or None in self.scatters_:
            return "0.5"
        return self.scatters_[self.y[i]].get_facecolor()[0][:3]


def _in_a_plane(codes, reduction, rng):
    """Points of shape (n, 2), and what made them."""
    n_points, n_components = codes.shape
    if n_components == 1:
        return np.column_stack([codes[:, 0], rng.uniform(-1, 1, n_points)]), "jitter"
    if n_components == 2 or reduction is None:
        return codes[:, :2], None
    if reduction == "pca" or n_points < 5:
        return PCA(2, random_state=rng).fit_transform(codes), "pca"
    perplexity = min(30.0, (n_points - 1) / 3)
    return TSNE(perplexity=perplexity, random_state=rng).fit_transform(codes), "tsne"


def _far_apart(points):
    """Points in their order, without those that lie near one that was taken."""
    spread = np.ptp(points, axis=0)
    scaled = (points - points.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    taken: list[int] = []
    for i, point in enumerate(scaled):
        if not taken or np.square(scaled[taken] - point).sum(axis=1).min() >= _APART**2:
            taken.append(i)
    return np.array(taken)
