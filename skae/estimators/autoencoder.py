"""The plain autoencoder: stacked, tied, or one layer each way."""

from skae.core.objective import Objective, reconstruction_loss
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters

__all__ = ["AutoencoderTransformer"]


@autoencoder
class AutoencoderTransformer(BaseAutoencoder, DenseParameters):
    """Autoencoder: non-linear dimensionality reduction with PCA's interface.

    An encoder squeezes each sample to `n_components` numbers, a decoder makes the sample of them again,
    and both are trained so that little is lost::

        minimize  mean_i loss(decode(encode(x_i)), x_i) + alpha / 2 * sum of squared weights

    By default training starts at PCA's solution and keeps the weights that do best on samples held
    out of training, so that the codes are not worse than PCA's and usually far better.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    sklearn.decomposition.PCA : The linear special case, with a closed form.

    Notes
    -----
    Samples enter training as ``(X - mean) / s`` with one number s, the root mean square of X - mean;
    learning rate, alpha and losses are in those units. Codes under the identity activation are
    multiplied by s again: they scale with X as PCA's do.

    Use PCA instead where the samples lie near a plane, where codes must be uncorrelated or have a
    meaning as directions, or where there are fewer than some fifty samples.

    References
    ----------
    .. [1] Hinton and Salakhutdinov (2006). Reducing the dimensionality of data with neural
       networks. Science 313, 504-507.
    .. [2] Baldi and Hornik (1989). Neural networks and principal component analysis: learning
       from examples without local minima. Neural Networks 2, 53-58.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import AutoencoderTransformer
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(10, max_iter=20, random_state=0).fit(X[:1500])
    >>> autoencoder.transform(X[1500:]).shape
    (297, 10)
    >>> pca = PCA(10).fit(X[:1500])
    >>> error = ((pca.inverse_transform(pca.transform(X[1500:])) - X[1500:]) ** 2).mean()
    >>> bool(((autoencoder.reconstruct(X[1500:]) - X[1500:]) ** 2).mean() < 0.9 * error)
    True
    """

    def _objective(self) -> Objective:
        return Objective(reconstruction_loss, self.loss)
