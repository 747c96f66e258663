"""What units stand for: weights, samples that excite them, samples that would excite them most."""

import numpy as np

from skae.core.networks.captured_activations import CODE
from skae.core.networks.ends import code_layer
from skae.display._axes import axes_grid, mosaic_axes
from skae.display._estimators import autoencoder_in, dense_samples, image_shape_of
from skae.display._mosaic import draw_mosaic, painted, value_limits
from skae.display.excitation import chosen_units, maximize_activation, top_activating_rows
from skae.estimators.base.hidden_layers import find_layer

__all__ = ["FeatureDisplay", "first_layer_weights"]

_KINDS = ("weights", "top_rows", "maximize")
# units that are drawn unless some are asked for
_MOST_UNITS = {"weights": 64, "top_rows": 8, "maximize": 32}


def first_layer_weights(estimator):
    """The weights with which each unit of the encoder's first layer looks at a sample.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder of skae with a dense or convolutional network.

    Returns
    -------
    weights : ndarray of shape (n_units, n_features) or (n_units, height, width, channels)
        Of dense layers for each column of X; of convolutions the window of each map. In units of
        training. With a single layer from samples to codes the linear path counts too.

    Raises
    ------
    TypeError
        If `estimator` is no autoencoder of skae.
    ValueError
        If the network is recurrent or of your own: what its first weights mean is not known.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderTransformer
    >>> from skae.display import first_layer_weights
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(10, hidden_layer_sizes=(30,), max_iter=1).fit(X)
    >>> first_layer_weights(autoencoder).shape
    (30, 64)
    """
    model = autoencoder_in(estimator)
    kind, params = model.architecture_["network"]["kind"], model.params_
    if kind in ("convolutional", "maps"):
        encoder = params["encoder"].get("body", params["encoder"])
        return np.moveaxis(encoder["layer_0"]["kernel"], -1, 0)
    if kind != "dense":
        raise ValueError(
            f"the first weights of a network of the kind {kind!r} cannot be laid beside a sample: "
            "use kind='top_rows' or kind='maximize'"
        )
    kernel = params["encoder"]["layer_0"]["kernel"]
    if kernel is code_layer(params)["kernel"]:
        kernel = kernel[:, : model.n_components_]
        if "linear" in params:
            kernel = params["linear"]["encoder"] + params["fixed"]["code_scale"] * kernel
    return np.ascontiguousarray(kernel.T)


class FeatureDisplay:
    """What units of an autoencoder stand for, a picture for each.

    Make it by `from_estimator`.

    Parameters
    ----------
    features : ndarray of shape (n_units, n_shown, n_features)
        One sample for each unit, or several.
    kind : {"weights", "top_rows", "maximize"}
        What they are.
    units : ndarray of int of shape (n_units,)
        The units' numbers.
    layer : str
        Name of their layer.
    image_shape : tuple (height, width, channels), default=None
        None: features are drawn as bars.
    indices : ndarray of int of shape (n_units, n_shown), default=None
        With kind="top_rows" places in X.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Of images: that with all of them. Of features: the first.
    axes_ : ndarray of Axes
        One for all images, or one for each unit's features.
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        Of images only: all of them in one picture.

    See Also
    --------
    first_layer_weights, top_activating_rows, maximize_activation : What is drawn, as arrays.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> from skae.display import FeatureDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> sparse = SparseAutoencoder(20, max_iter=5, random_state=0).fit(X)
    >>> display = FeatureDisplay.from_estimator(
    ...     sparse, X, kind="top_rows", units=[3, 7], n_rows=5, image_shape=(8, 8)
    ... )
    >>> display.features.shape
    (2, 5, 64)
    """

    def __init__(self, features, *, kind, units, layer, image_shape=None, indices=None):
        self.features = features
        self.kind = kind
        self.units = units
        self.layer = layer
        self.image_shape = image_shape
        self.indices = indices

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        *,
        kind="weights",
        units=None,
        layer=None,
        n_rows=10,
        image_shape=None,
        cmap=None,
        ax=None,
        **options,
    ):
        """Find out what units stand for, and draw it.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder, or a pipeline or a search that ends in one. Samples are then those
            that the autoencoder itself is given.
        X : {array-like, CSR matrix} of shape (n_samples, n_features), default=None
            Samples to choose from; for kind="top_rows" only.
        kind : {"weights", "top_rows", "maximize"}, default="weights"
            "weights": those of the encoder's first layer. "top_rows": the samples of X that excite
            each unit most. "maximize": the sample that would, by gradient ascent.
        units : int or array-like of int, default=None
            None: the first 64, 8 or 32, by kind.
        layer : int or str, default=None
            As `hidden_activations` takes it. None: the code. With kind="weights" always the
            first.
        n_rows : int, default=10
            With kind="top_rows": samples for each unit.
        image_shape : tuple of int, default=None
            (height, width) or (height, width, channels). None: the network's, where it has one;
            else bars are drawn.
        cmap, ax
            See `plot`.
        **options
            With kind="maximize" those of `maximize_activation`: "norm", "value_range",
            "max_iter", "n_starts", "random_state".

        Returns
        -------
        display : FeatureDisplay

        Raises
        ------
        ValueError
            For another kind, without X where it is needed, or as the functions in "See Also".
        """
        if kind not in _KINDS:
            raise ValueError(f"kind={kind!r} must be one of {_KINDS}")
        if options and kind != "maximize":
            raise TypeError(f"{sorted(options)} go with kind='maximize' only")
        model, indices = autoencoder_in(estimator), None
        if kind == "weights":
            layer, units, features, shape = _weights(model, units, layer, image_shape)
        else:
            shape = image_shape_of(model, image_shape, model.n_features_in_)
            layer, width, units = chosen_units(model, CODE if layer is None else layer, units)
            units = units if len(units) < width else units[: _MOST_UNITS[kind]]
            if kind == "top_rows":
                if X is None:
                    raise ValueError("kind='top_rows' chooses among samples: give X")
                indices, _ = top_activating_rows(model, X, units, layer=layer, n_rows=n_rows)
                features = np.stack([dense_samples(X, chosen) for chosen in indices])
            else:
                features = maximize_activation(model, units, layer=layer, **options)[:, None]
        display = cls(
            features, kind=kind, units=units, layer=layer, image_shape=shape, indices=indices
        )
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, ax=None, *, cmap=None):
        """Draw.

        Parameters
        ----------
        ax : Axes or array of Axes, default=None
            Of images one; of bars one for each unit, or one to be divided. None: a new figure.
        cmap : str, default=None
            Color map of images with one channel. None: "RdBu_r" for weights (red is above 0),
            else "gray_r".

        Returns
        -------
        self : FeatureDisplay

        Raises
        ------
        ValueError
            Of bars: if `ax` is an array of another length, or axes to be divided outside of any
            grid of subplots. Of images: if there is no such color map.
        ImportError
            If matplotlib is not installed.
        """
        cmap = cmap or ("RdBu_r" if self.kind == "weights" else "gray_r")
        if self.image_shape is None:
            self._plot_bars(ax)
        else:
            self._plot_images(ax, cmap)
        self.figure_ = self.ax_.figure
        if len(self.units) > 1 or self.kind != "weights":
            layer = "the code" if self.layer == CODE else self.layer
            self.ax_.set_title(_TITLES[self.kind].format(layer=layer), fontsize="medium")
        return self

    def _plot_images(self, ax, cmap):
        signed, together = self.kind == "weights", self.kind == "top_rows"
        shared = value_limits(self.features)
        images = np.stack(
            [
                painted(
                    each,
                    self.image_shape,
                    limits=shared if together else value_limits(each, signed=signed),
                    cmap=cmap,
                )
                for each in self.features
            ]
        )
        labels = [f"unit {unit}" for unit in self.units] if together else None
        if not together:
            images = _in_a_square(images[:, 0])
        lines, columns = images.shape[:2]
        self.ax_ = mosaic_axes(ax, lines, columns, cell=0.7, line_labels=labels or ())
        self.image_ = draw_mosaic(self.ax_, images, line_labels=labels)
        self.axes_ = np.array([self.ax_], dtype=object)

    def _plot_bars(self, ax):
        n_units, n_features = len(self.features), self.features.shape[2]
        self.axes_ = axes_grid(ax, n_units, 1, (8, 1 + n_units)).ravel()
        self.ax_ = self.axes_[0]
        for unit, each, unit_axes in zip(self.units, self.features, self.axes_, strict=True):
            unit_axes.bar(np.arange(n_features), each.mean(axis=0), color="C0")
            if len(each) > 1:  # single samples around their mean
                unit_axes.plot(np.arange(n_features), each.T, ".", color="k", markersize=2)
            unit_axes.axhline(0, color="k", linewidth=0.5)
            unit_axes.set_ylabel(f"unit {unit}", rotation=0, ha="right", va="center")
            unit_axes.set_xticks([])
        self.axes_[-1].set_xlabel("feature")


_TITLES = {
    "weights": "weights of {layer}",
    "top_rows": "samples that excite units of {layer} most",
    "maximize": "what would excite units of {layer} most",
}


def _weights(model, units, layer, image_shape):
    """Layer, units, and weights as samples of an image or of features."""
    weights = first_layer_weights(model)
    name, _ = find_layer(model, 0)
    if layer is not None and find_layer(model, layer)[0] != name:
        raise ValueError(
            f"kind='weights' is for the first layer, {name!r}: those of layer={layer!r} look at "
            "no sample; use kind='top_rows' or kind='maximize'"
        )
    _, width, units = chosen_units(model, name, units)
    units = units if len(units) < width else units[: _MOST_UNITS["weights"]]
    if weights.ndim == 2:
        shape = image_shape_of(model, image_shape, weights.shape[1])
    else:
        shape = weights.shape[1:]
    return name, units, weights.reshape(len(weights), 1, -1)[units], shape


def _in_a_square(images):
    """Images of shape (n, ...) in lines that are about as many as the columns, or twice as wide."""
    columns = int(np.ceil(np.sqrt(1.6 * len(images))))
    lines = -(-len(images) // columns)
    empty = np.zeros((lines * columns - len(images), *images.shape[1:]))
    return np.concatenate([images, empty]).reshape(lines, columns, *images.shape[1:])
