"""Distances between codes, as the decoder sees them."""

import numpy as np

from skae.core.pullback import pullback_metric
from skae.estimators.base.hidden_layers import LayeredAutoencoder

__all__ = ["MeasuredAutoencoder"]


class MeasuredAutoencoder(LayeredAutoencoder):
    """A fitted autoencoder that says what its codes' distances mean."""

    def pullback_metric(self, X, *, root=False):
        """How far reconstructions move when codes do, on average over samples.

        Codes may be stretched as training likes, since the decoder shrinks them again. With J the
        Jacobian of `inverse_transform`, a small step dz of a code moves the reconstruction by::

            |J dz|^2 = dz' J'J dz,      metric = mean over samples of J(transform(x))' J(transform(x))

        So ``transform(X) @ pullback_metric(X, root=True)`` are codes whose distances are, nearly,
        those of reconstructions, as they are for PCA's: what neighbors, clusters or t-SNE look at.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            A thousand samples are enough; each costs about as much as decoding 3 n_components codes.
        root : bool, default=False
            Whether to give the symmetric root of the metric, whose square the metric is.

        Returns
        -------
        metric : ndarray of shape (n_components, n_components)
            float64, symmetric, positive semidefinite; in X's squared units over the codes' squared
            units, its root in X's units over the codes'.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, or NaN.
        sklearn.exceptions.NotFittedError
            Before `fit`.

        References
        ----------
        Arvanitidis, Hansen and Hauberg (2018). Latent space oddity: on the curvature of deep
        generative models. ICLR.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skae import VAE
        >>> X, _ = load_digits(return_X_y=True)
        >>> autoencoder = VAE(10, max_iter=20, random_state=0).fit(X)
        >>> root = autoencoder.pullback_metric(X[:100], root=True)
        >>> (autoencoder.transform(X) @ root).shape
        (1797, 10)
        """
        codes = self._codes(self._checked(X), np.float64) / self._code_unit
        static = (self._network, self.architecture_["loss"])
        metric = pullback_metric(static, self.params_, codes, self._device)
        unit = self._units[1] / self._code_unit
        if not root:
            return metric * unit**2
        squares, directions = np.linalg.eigh(metric)
        return unit * (directions * np.sqrt(np.maximum(squares, 0)) @ directions.T)
