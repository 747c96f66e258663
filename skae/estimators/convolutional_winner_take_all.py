"""The convolutional winner-take-all autoencoder: features of images, wherever they stand."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

from skae.core.activations import ACTIVATIONS
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.sklearn_compat import Interval, StrOptions
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
    (height, width), or (height, width, channels) with the channels last. Samples are flat, in C
    order. None follows from the number n of columns: a square gray image where n is a square,
    else a square color image where n / 3 is one, else a strip (1, n).

channels : tuple of int, default=(16,)
    Maps of the layers before that of the code; height and width are kept by all. ``()`` is one
    layer.

kernel_size : int or tuple of int, default=5
    Height and width of the encoder's windows; a tuple has one for each of `channels` and one
    more for the code's layer.

decoder_kernel_size : int, default=11
    Height and width of the patch that a cell of a map adds to the image: the size of the
    features that are learned.

activation : str, default="relu"
    Of the layers before that of the code: a name that `code_activation` takes too.

sparsity_rate : float, default=0.05
    Share of the samples of a batch that each map keeps, above 0 and at most 1; never less than
    one sample."""


@autoencoder(
    network=_PARAMETERS,
    notes={"init": 'Here only "random": sparse maps are not near the principal components.'},
)
class ConvolutionalWinnerTakeAllAutoencoder(BaseAutoencoder, _MapParameters):
    """Convolutional winner-take-all autoencoder: what is in an image, wherever it stands.

    The encoder makes `n_components` maps of the size of the image, and one transposed convolution
    makes the image again. In training, of each map only its largest cell is kept (spatial
    sparsity), and that only in the samples of the batch where the map answers most, a share of
    `sparsity_rate` (lifetime sparsity); all else is 0 before the decoder sees it::

        minimize  mean_i loss(decode(winners(maps(x_i))), x_i)

    So each map stands for one shape, which it can place anywhere, and none stays dead. `transform`
    gives the largest cell of each map: how much of a shape is there, not where.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    mean_activation_ : ndarray of shape (n_components,)
        Mean of each map's largest cell over the samples of the last fit, by weight.

    active_fraction_ : ndarray of shape (n_components,)
        Share of those samples in which it exceeds a hundredth of its largest value; 0 for dead maps.

    dead_units_ : ndarray of int
        Maps that tell no samples apart: the standard deviation of their largest cell is at most a
        thousandth of the largest among maps.

    {attributes}

    See Also
    --------
    skae.WinnerTakeAllAutoencoder : Dense units, with lifetime sparsity alone.
    skae.ConvolutionalAutoencoder : For reconstructions.

    Notes
    -----
    A code holds no places, so `inverse_transform` puts each number into the middle of its map:
    ``inverse_transform(np.eye(n_components))`` shows the learned shapes. `reconstruct`, `score` and
    `score_samples` know the places and use them.

    Not to compress, and not for large images: all layers work at full height and width, and time
    grows with height x width x the product of neighboring numbers of maps.

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

    init: str = "random"
    code_activation: str = "relu"

    _parameter_constraints: ClassVar[dict] = {
        "image_shape": [tuple, list, None],
        "channels": [tuple, list],
        "kernel_size": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "decoder_kernel_size": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "sparsity_rate": [Interval(Real, 0, 1, closed="right")],
        "init": [StrOptions({"random"})],
    }

    def _describe_network(self, parameters, n_features):
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

    def _hyperparameters(self):
        return {"sparsity_rate": self.sparsity_rate}

    def _further_attributes(self, X, weight):
        return activity(self, X, weight)

    def inverse_transform(self, X):
        """Samples of codes, each number in the middle of its map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes as `transform` gives them.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Of the codes' floating dtype.

        Raises
        ------
        ValueError
            If X has no sample, other columns than codes have, NaN or infinity.
        TypeError
            If X is sparse.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        return super().inverse_transform(X)

    def reconstruct(self, X):
        """Samples of their sparse maps: each map's largest cell, in its place.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        X_hat : ndarray of shape (n_samples, n_features)
            Of X's floating dtype; float32 for anything not floating.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity, or, under
            cross-entropy, cells outside [0, 1].
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        return super().reconstruct(X)
