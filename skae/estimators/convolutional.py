"""The convolutional autoencoder: for samples that are images."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any, ClassVar

from skae.core.activations import ACTIVATIONS
from skae.core.objective import Objective, reconstruction_loss
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.sklearn_compat import Interval, StrOptions
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


@autoencoder(network=Convolutional)
class ConvolutionalAutoencoder(BaseAutoencoder, _ConvolutionParameters):
    """Convolutional autoencoder: codes of images, whose neighboring pixels are read together.

    The plain autoencoder with a convolutional network::

        minimize  mean_i loss(decode(encode(x_i)), x_i) + alpha / 2 * sum of squared weights

    The encoder makes smaller and smaller maps of an image, a dense layer makes the code of the
    last ones, and the decoder goes the same way back through the same shapes. One window of
    weights serves the whole image, so few weights see much data. As everywhere in skae, a linear
    path beside the networks starts at PCA's solution.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    skae.networks.Convolutional : The same network for autoencoders that take `network=`.
    skae.AutoencoderTransformer : Dense layers, for samples that are no images.

    Notes
    -----
    Samples are flat, as scikit-learn wants them, and `image_shape` tells their shape. Samples with the
    channels first become ``X.reshape(-1, c, h, w).transpose(0, 2, 3, 1).reshape(len(X), -1)``.

    On a CPU convolutions are computed as slices side by side and one matrix product; on other
    devices by XLA's own. A fitted estimator holds neither and moves between devices.

    Try dense layers too where images are small and their objects stand in the middle: on
    Fashion-MNIST AutoencoderTransformer reconstructs better, in less time.

    Not for tables: without an order of columns there are no neighbors. The rule for
    ``image_shape=None`` is there to be convenient, and knows nothing of the columns' meaning.

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
    >>> autoencoder = ConvolutionalAutoencoder(
    ...     10, image_shape=(8, 8), channels=(16, 32), max_iter=10, random_state=0
    ... ).fit(X[:1500])
    >>> autoencoder.transform(X[1500:]).shape
    (297, 10)
    >>> pca = PCA(10).fit(X[:1500])
    >>> error = ((pca.inverse_transform(pca.transform(X[1500:])) - X[1500:]) ** 2).mean()
    >>> bool(((autoencoder.reconstruct(X[1500:]) - X[1500:]) ** 2).mean() < 0.9 * error)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "image_shape": [tuple, list, None],
        "channels": [tuple, list],
        "kernel_size": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "padding": [StrOptions({"same", "valid"})],
        "downsampling": [StrOptions({"stride", "max_pool"})],
        "upsampling": [StrOptions({"transposed", "resize"})],
    }

    def _describe_network(self, parameters, n_features):
        names = Convolutional().get_params()
        return Convolutional(**{name: getattr(self, name) for name in names}).describe(n_features)

    def _objective(self) -> Objective:
        return Objective(reconstruction_loss, self.loss)
