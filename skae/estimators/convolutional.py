"""The convolutional autoencoder, for images."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from skae.core.activations import ACTIVATIONS
from skae.core.objective import Objective, reconstruction_loss
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.pretraining import PRETRAINING_CONSTRAINTS, check_pretraining
from skae.estimators.base.sklearn_compat import StrOptions, integers_from
from skae.networks import Convolutional

__all__ = ["ConvolutionalAutoencoder"]


@dataclass(eq=False, repr=False)
class _ConvolutionParameters:
    n_components: int = 2
    _: KW_ONLY
    image_shape: Any = None
    channels: Any = (16, 32, 64)
    kernel_size: Any = 3
    stride: int = 2
    activation: str = "gelu"
    padding: str = "same"
    downsampling: str = "stride"
    upsampling: str = "transposed"
    code: str = "dense"
    pretraining: str | None = None
    pretraining_max_iter: Any = "auto"


@autoencoder(network=Convolutional)
class ConvolutionalAutoencoder(BaseAutoencoder, _ConvolutionParameters):
    """Convolutional autoencoder: dimensionality reduction of images.

    An autoencoder with a convolutional network. It is trained as the plain autoencoder is::

        minimize  mean_i loss(decode(encode(x_i)), x_i) + alpha / 2 * sum of squared weights

    The encoder's convolutions compute feature maps of decreasing height and width, and a dense
    layer computes the code from the last ones. The decoder mirrors these shapes. A convolution
    applies the same weights at all positions of an image, so there are few weights, and each is
    estimated from much data. A linear skip connection is initialized to the PCA solution, as in
    all autoencoders of skae, unless the feature maps themselves are the code (`code`).

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    skae.networks.Convolutional : The same network for autoencoders with a parameter `network`.
    skae.AutoencoderTransformer : Dense layers, for samples that are not images.

    Notes
    -----
    All methods take images of shape (n, height, width) or (n, height, width, channels), or matrices
    with one flattened image per row. `reconstruct` returns the shape of its argument,
    `inverse_transform` that of the images in `fit`. For images with the channels first use
    ``X.reshape(-1, c, h, w).transpose(0, 2, 3, 1)``.

    On a CPU, convolutions are computed as one matrix product of shifted copies of the image; on
    other devices as XLA's convolutions. Fitted estimators can be moved between devices.

    For small images with centered objects, try dense layers too: on Fashion-MNIST,
    AutoencoderTransformer has a lower reconstruction error and is faster.

    Do not use it for tabular data: the order of features carries no information there. The
    default ``image_shape=None`` infers a shape from the number of features alone, if X is flat.

    References
    ----------
    .. [1] Masci, Meier, Ciresan and Schmidhuber (2011). Stacked convolutional auto-encoders for
       hierarchical feature extraction. ICANN.
    .. [2] Odena, Dumoulin and Olah (2016). Deconvolution and checkerboard artifacts. Distill.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import ConvolutionalAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> images = X.reshape(-1, 8, 8)
    >>> autoencoder = ConvolutionalAutoencoder(
    ...     10, channels=(16, 32), max_iter=10, random_state=0
    ... ).fit(images[:1500])
    >>> codes = autoencoder.transform(images[1500:])
    >>> codes.shape, autoencoder.inverse_transform(codes).shape
    ((297, 10), (297, 8, 8))
    >>> pca = PCA(10).fit(X[:1500])
    >>> error = ((pca.inverse_transform(pca.transform(X[1500:])) - X[1500:]) ** 2).mean()
    >>> bool(((autoencoder.reconstruct(X[1500:]) - X[1500:]) ** 2).mean() < 0.9 * error)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "image_shape": [tuple, list, None],
        "channels": [tuple, list],
        "kernel_size": [integers_from(1), tuple, list],
        "stride": [integers_from(1)],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "padding": [StrOptions({"same", "valid"})],
        "downsampling": [StrOptions({"stride", "max_pool"})],
        "upsampling": [StrOptions({"transposed", "resize"})],
        "code": [StrOptions({"dense", "maps"})],
        **PRETRAINING_CONSTRAINTS,
    }

    def _describe_network(self, parameters: dict, n_features: int) -> dict:
        names = Convolutional().get_params()
        network = Convolutional(**{name: getattr(self, name) for name in names})
        description = network.describe(n_features)
        if self.pretraining is not None:
            check_pretraining(description, parameters["init"])
        return description

    def _objective(self) -> Objective:
        return Objective(reconstruction_loss, self.loss)
