"""The plain autoencoder, with a network of any depth, with or without tied weights."""

from skae.core.objective import Objective, reconstruction_loss
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters

__all__ = ["AutoencoderTransformer"]


@autoencoder
class AutoencoderTransformer(BaseAutoencoder, DenseParameters):
    """Autoencoder: non-linear dimensionality reduction with the interface of PCA.

    An autoencoder is a neural network that is trained to reproduce its input. The encoder maps
    each sample to a code, a point of the latent space with `n_components` dimensions. The decoder
    maps the code to a reconstruction of the sample. If the latent space has fewer dimensions than
    the data, it is a bottleneck: the network must learn the structure that the samples share,
    such as a low-dimensional manifold near which they lie. Codes serve as an embedding for plots,
    as features for other models, or as a compressed representation. Training minimizes the
    reconstruction loss and a weight decay::

        minimize  mean_i loss(decode(encode(x_i)), x_i) + alpha / 2 * sum of squared weights

    By default the network is initialized to the PCA solution, by a linear skip connection around
    encoder and decoder (``init="pca"``). Early stopping keeps the weights with the lowest
    validation loss. So the reconstruction error is rarely above that of PCA, and usually far
    below.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    sklearn.decomposition.PCA : The linear special case, with a closed-form solution.
    skae.DenoisingAutoencoder : Noise-robust codes.
    skae.SparseAutoencoder : Overcomplete codes with few active units.
    skae.VAE : A generative model.

    Notes
    -----
    The network is trained on standardized units, ``(X - mean) / s``, where the scalar s is the
    root mean square of X - mean. Learning rate, alpha and losses refer to these units. Codes
    under the identity activation are multiplied by s, so that they scale with X as those of PCA
    do.

    Prefer PCA if the samples lie near a linear subspace, if codes must be uncorrelated or their
    directions must be interpretable, or for fewer than about fifty samples, which a network would
    overfit.

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
