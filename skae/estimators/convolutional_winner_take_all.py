"""The convolutional winner-take-all autoencoder: translation-invariant features of images."""

from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skae._typing import ArrayLike, FloatArray, MatrixLike
from skae.core.activations import ACTIVATIONS
from skae.core.data.samples import Samples
from skae.core.networks import SCHEMES
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.sklearn_compat import Interval, StrOptions, integers_from
from skae.estimators.base.unit_activity import activity
from skae.networks import Convolutional
from skae.objectives.winner_take_all import convolutional_winner_take_all_loss

__all__ = ["ConvolutionalWinnerTakeAllAutoencoder"]


@dataclass(eq=False, repr=False)
class _MapParameters:
    n_components: int = 32
    _: KW_ONLY
    image_shape: Any = None
    channels: Any = (16,)
    kernel_size: Any = 5
    decoder_kernel_size: int = 11
    activation: str = "relu"
    sparsity_rate: float = 0.05


_PARAMETERS = """\
image_shape : tuple of int or None, default=None
    (height, width), or (height, width, channels) with the channels last. None: that of X, if X has
    the shape (n, height, width) or (n, height, width, channels). If X is flat, in C order, None
    infers it from the number of features n: a square gray image if n is a square number, else a
    square color image if n / 3 is one, else an image of shape (1, n).

channels : tuple of int, default=(16,)
    Number of feature maps of each hidden layer; all layers keep height and width. ``()`` is a
    single layer.

kernel_size : int or tuple of int, default=5
    Height and width of the encoder's kernels; a tuple has an entry for each of `channels` and one
    for the last layer.

decoder_kernel_size : int, default=11
    Height and width of the patch that an entry of a feature map adds to the image, and so of the
    learned features.

activation : str, default="relu"
    Activation of the hidden layers, one of those of `code_activation`.

sparsity_rate : float, default=0.05
    Fraction of the samples of a mini-batch for which each feature map stays active, above 0 and
    at most 1; at least one sample."""


@autoencoder(
    network=_PARAMETERS,
    notes={
        "init": 'This autoencoder does not accept "pca": sparse feature maps are far from '
        "principal components."
    },
)
class ConvolutionalWinnerTakeAllAutoencoder(BaseAutoencoder, _MapParameters):
    """Convolutional winner-take-all autoencoder: translation-invariant features of images.

    The encoder computes `n_components` feature maps of the size of the image, and the decoder is
    a single transposed convolution. In training, only the largest entry of each feature map is
    kept (spatial sparsity), and only for the samples of the mini-batch where it is largest, a
    fraction `sparsity_rate` (lifetime sparsity). All other entries are set to 0 before the
    decoder receives them::

        minimize  mean_i loss(decode(winners(maps(x_i))), x_i)

    So each feature map learns one shape, which it can place anywhere in an image, and none remains
    dead. `transform` returns the largest entry of each map (global max pooling): how strongly a
    shape is present, not where.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    mean_activation_ : ndarray of shape (n_components,)
        Weighted mean of each map's largest entry over the samples of the last fit.

    active_fraction_ : ndarray of shape (n_components,)
        Fraction of those samples for which it exceeds 1 % of its largest value; 0 for dead maps.

    dead_units_ : ndarray of int
        Indices of maps whose largest entry is nearly constant: its standard deviation is at most
        0.1 % of the largest among maps.

    {attributes}

    See Also
    --------
    skae.WinnerTakeAllAutoencoder : Dense units, with lifetime sparsity only.
    skae.ConvolutionalAutoencoder : For low reconstruction errors.

    Notes
    -----
    Codes contain no positions, so `inverse_transform` places each shape in the center of the
    image: ``inverse_transform(np.eye(n_components))`` returns the learned shapes. `reconstruct`,
    `score` and `score_samples` use the positions.

    Do not use it for compression, nor for large images: all layers have full height and width,
    and the time is proportional to height x width x the product of the numbers of maps of
    successive layers.

    References
    ----------
    .. [1] Makhzani and Frey (2015). Winner-take-all autoencoders. NeurIPS 28.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import ConvolutionalWinnerTakeAllAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> features = ConvolutionalWinnerTakeAllAutoencoder(
    ...     16,
    ...     image_shape=(8, 8),
    ...     channels=(),
    ...     kernel_size=3,
    ...     decoder_kernel_size=5,
    ...     max_iter=5,
    ...     random_state=0,
    ... ).fit(X)
    >>> features.transform(X).shape
    (1797, 16)
    >>> features.inverse_transform(np.eye(16)).shape
    (16, 64)
    """

    init: Any = "random"
    code_activation: str = "relu"

    _parameter_constraints: ClassVar[dict] = {
        "image_shape": [tuple, list, None],
        "channels": [tuple, list],
        "kernel_size": [integers_from(1), tuple, list],
        "decoder_kernel_size": [integers_from(1)],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "sparsity_rate": [Interval(Real, 0, 1, closed="right")],
        "init": [StrOptions({"random", *SCHEMES}), callable],
    }

    def _describe_network(self, parameters: dict, n_features: int) -> dict:
        convolutions = Convolutional(
            image_shape=self.image_shape,
            channels=(*self.channels, parameters["n_components"]),
            kernel_size=self.kernel_size,
            activation=self.activation,
        ).describe(n_features)
        return {
            "kind": "maps",
            "image_shape": convolutions["image_shape"],
            "channels": convolutions["channels"][:-1],
            "kernel_sizes": convolutions["kernel_sizes"],
            "decoder_kernel_size": int(self.decoder_kernel_size),
            "activation": self.activation,
        }

    def _objective(self) -> Objective:
        return Objective(convolutional_winner_take_all_loss, self.loss)

    def _hyperparameters(self) -> dict[str, float]:
        return {"sparsity_rate": self.sparsity_rate}

    def _further_attributes(self, samples: Samples, weight: np.ndarray) -> dict[str, Any]:
        return activity(self, samples, weight)

    def inverse_transform(self, X: ArrayLike) -> FloatArray:
        """Decode codes, with each map's shape in the center of the image.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes, as returned by `transform`.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Of the floating dtype of the codes.

        Raises
        ------
        ValueError
            If X has no samples, contains NaN or infinity, or does not have
            `n_components` columns.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return super().inverse_transform(X)

    def reconstruct(self, X: MatrixLike) -> FloatArray:
        """Reconstruct samples from the largest entry of each feature map, at its position.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        X_hat : ndarray of shape (n_samples, n_features)
            Of the floating dtype of X; float32 if X is not floating.

        Raises
        ------
        ValueError
            If X has no samples, contains NaN or infinity, or has other features than in `fit`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return super().reconstruct(X)
