"""What a decoder makes of codes that no row had: samples, a plane, a path."""

from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_scalar

from skae.display._axes import mosaic_axes, one_axes
from skae.display._estimators import autoencoder_in, dense_samples, image_shape_of
from skae.display._mosaic import draw_mosaic, painted, value_limits

__all__ = ["SampleDisplay"]

_KINDS = ("samples", "plane", "path")
# of rows' codes, the shares left out at the ends of a plane
_LEFT_OUT = 0.02


class SampleDisplay:
    """New rows of a generative model, a plane of codes decoded, or a walk between rows.

    Make it by `from_estimator`. Planes and paths are there for every autoencoder, samples for
    those that have `sample`.

    Parameters
    ----------
    X : ndarray of shape (n_lines, n_columns, n_features)
        Decoded rows, as they are laid out.
    kind : {"samples", "plane", "path"}
        What they are.
    image_shape : tuple (height, width, channels), default=None
        None: rows are drawn as lines over the features.
    codes : tuple of ndarray, default=None
        Of a plane: the first number of the code by column, the second by line.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        Of images only: all of them in one picture.

    See Also
    --------
    skae.VAE.sample, skae.VAE.interpolate : What is drawn, as arrays.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VAE
    >>> from skae.display import SampleDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> vae = VAE(2, max_iter=5, random_state=0).fit(X)
    >>> display = SampleDisplay.from_estimator(vae, kind="plane", n_steps=6, image_shape=(8, 8))
    >>> display.X.shape
    (6, 6, 64)
    """

    def __init__(self, X, *, kind, image_shape=None, codes=None):
        self.X = X
        self.kind = kind
        self.image_shape = image_shape
        self.codes = codes

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        *,
        kind="samples",
        n_samples=40,
        n_steps=12,
        reach=2.0,
        image_shape=None,
        random_state=None,
        cmap="gray_r",
        ax=None,
    ):
        """Decode codes and draw the rows.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder, or a pipeline or a search that ends in one. Samples are then those
            that the autoencoder itself is given.
        X : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            For kind="path" the rows to walk between, each pair of neighbors one line: at least
            two. For kind="plane" rows whose codes tell how far the plane reaches.
        kind : {"samples", "plane", "path"}, default="samples"
            "samples": draws of `sample`. "plane": rows decoded from a lattice over codes of two
            numbers. "path": rows decoded from straight lines between codes.
        n_samples : int, default=40
            Of kind="samples", at least 1.
        n_steps : int, default=12
            Of a path, or of each side of a plane; at least 2.
        reach : float, default=2.0
            Without X, a plane reaches from -reach to reach in both directions; above 0. Right for
            codes with a prior, as a VAE's; others need X.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the network's, where it has one;
            else lines are drawn, for samples and paths.
        random_state : int, RandomState instance or None, default=None
            Of the samples.
        cmap, ax
            See `plot`.

        Returns
        -------
        display : SampleDisplay

        Raises
        ------
        ValueError
            If the model has no `sample`, or codes of another length than two where a plane is
            asked for, or X is missing, or a plane's rows have no image shape.
        """
        if kind not in _KINDS:
            raise ValueError(f"kind={kind!r} must be one of {_KINDS}")
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        check_scalar(n_steps, "n_steps", Integral, min_val=2)
        model, codes = autoencoder_in(estimator), None
        shape = image_shape_of(model, image_shape, model.n_features_in_)
        if kind == "samples":
            rows = _samples(model, n_samples, random_state)
        elif kind == "plane":
            if shape is None:
                raise ValueError("a plane is drawn as images: give image_shape")
            rows, codes = _plane(model, X, n_steps, reach)
        else:
            rows = _path(model, X, n_steps)
        display = cls(rows, kind=kind, image_shape=shape, codes=codes)
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax=None, *, cmap="gray_r"):
        """Draw.

        Parameters
        ----------
        ax : Axes, default=None
            None: a new figure.
        cmap : str, default="gray_r"
            Color map of images with one channel, and of the lines of a path.

        Returns
        -------
        self : SampleDisplay

        Raises
        ------
        ValueError
            Of images and paths: if there is no such color map.
        ImportError
            If matplotlib is not installed.
        """
        lines, columns, _ = self.X.shape
        if self.image_shape is None:
            self._plot_lines(ax, cmap)
        else:
            limits = value_limits(self.X)
            images = painted(self.X, self.image_shape, limits=limits, cmap=cmap)
            labels = {}
            if self.codes is not None:
                across, up = self.codes
                labels["column_labels"] = [f"{value:.2g}" for value in across]
                labels["line_labels"] = [f"{value:.2g}" for value in up]
            said = labels.get("line_labels", ())
            self.ax_ = mosaic_axes(ax, lines, columns, cell=0.65, line_labels=said)
            self.image_ = draw_mosaic(self.ax_, images, **labels)
        self.figure_ = self.ax_.figure
        if self.codes is not None:
            self.ax_.set(xlabel="code, 1", ylabel="code, 2")
        return self

    def _plot_lines(self, ax, cmap):
        self.ax_ = one_axes(ax, (7, 4))
        colors = _colors(cmap, self.X.shape[1]) if self.kind == "path" else None
        for line in self.X:
            for i, row in enumerate(line):
                color = f"C{i % 10}" if colors is None else colors[i]
                self.ax_.plot(row, color=color, linewidth=1)
        self.ax_.set(xlabel="feature", ylabel="value")


def _colors(cmap, count):
    import matplotlib

    # not from the end of the map, which may be as light as the paper
    return matplotlib.colormaps.get_cmap(cmap)(np.linspace(0.2, 1, count))


def _samples(model, n_samples, random_state):
    if not hasattr(model, "sample"):
        raise ValueError(
            f"{type(model).__name__} has no prior to sample from: use a VAE, an "
            "AdversarialAutoencoder or a GenerativeStochasticNetwork, or another kind"
        )
    rows = model.sample(n_samples, random_state=random_state)
    # as many columns as divide the number of samples, about 1.6 times as many as lines
    wanted = np.sqrt(1.6 * n_samples)
    divisors = [count for count in range(1, n_samples + 1) if n_samples % count == 0]
    columns = min(divisors, key=lambda count: abs(np.log(count / wanted)))
    return rows.reshape(n_samples // columns, columns, -1)


def _plane(model, X, n_steps, reach):
    if model.n_components_ != 2:
        raise ValueError(
            f"a plane needs codes of two numbers, and n_components={model.n_components_}: use "
            "kind='samples' or kind='path'"
        )
    low, high = np.full(2, -float(reach)), np.full(2, float(reach))
    if X is not None:
        codes = dense_samples(model._codes(model._checked(X)))
        low, high = np.quantile(codes, (_LEFT_OUT, 1 - _LEFT_OUT), axis=0)
    across, up = np.linspace(low, high, n_steps).T
    # as in any plot, the second number grows upwards
    lattice = np.stack(np.meshgrid(across, up[::-1]), axis=-1)
    rows = model.inverse_transform(lattice.reshape(-1, 2).astype(float))
    return rows.reshape(n_steps, n_steps, -1), (across, up[::-1])


def _path(model, X, n_steps):
    if X is None or np.shape(X)[0] < 2:
        raise ValueError("kind='path' walks between rows: give X with at least two")
    codes = model._codes(model._checked(X)).astype(float)
    share = np.linspace(0, 1, n_steps)[None, :, None]
    walks = (1 - share) * codes[:-1, None] + share * codes[1:, None]
    rows = model.inverse_transform(walks.reshape(-1, codes.shape[1]))
    return rows.reshape(len(codes) - 1, n_steps, -1)
