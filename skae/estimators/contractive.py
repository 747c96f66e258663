"""The contractive autoencoder: a penalty on the Jacobian of the encoder."""

from typing import ClassVar

import numpy as np

from skae._typing import FloatArray, MatrixLike
from skae.core.inference import apply_in_blocks
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.input_checks import output_dtype
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import StrOptions, reals_from
from skae.objectives.contractive import contractive_loss, encoder_jacobian

__all__ = ["ContractiveAutoencoder"]


@autoencoder
class ContractiveAutoencoder(BaseAutoencoder, DenseParameters):
    """Contractive autoencoder: codes that are insensitive to small changes of a sample.

    The penalty is the squared norm of the encoder's Jacobian, the sensitivity of the codes to
    changes of the sample. The reconstruction loss needs codes that vary along the manifold near
    which the samples lie, so the penalty suppresses the variation in all other directions::

        minimize  mean_i [ sum over features of the loss of sample i + contraction * |J(x_i)|^2 ]

        |J(x)|^2 = sum_jk (norm_j * d encode(x)_j / d x_k)^2

    Both terms are divided by the number of features. Smaller codes and a larger decoder would
    reduce the penalty at no cost. Therefore norm_j is the norm of the weights from code j into
    the decoder, as if the columns of the decoder's first layer had unit norm. Under
    ``tied_weights=True``, where encoder and decoder cannot be scaled separately, it is 1.

    Parameters
    ----------
    {parameters}

    contraction : float, default=0.1
        Weight of the penalty, at least 0.

    jacobian : {"hutchinson", "exact"}, default="hutchinson"
        How the norm is computed for an encoder of several layers. "exact" needs a backward pass
        per component. "hutchinson" needs a single one, along random signs that are drawn in each
        optimizer step; it is an unbiased estimate [2]_. For an encoder of one layer
        (``hidden_layer_sizes=()``) a closed form is used in any case.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    skae.AutoencoderTransformer : Without the penalty.
    skae.DenoisingAutoencoder : Robustness to noise, by training on corrupted samples.

    Notes
    -----
    The Jacobian in the loss is that of standardized samples. Under the identity code activation,
    where codes scale with X, it is the same in the units of X.

    ``history_`` also contains "reconstruction" and "jacobian_norm", the two terms of the training
    loss.

    Do not use it if only the reconstruction error matters. If the noise of the samples is known,
    a denoising autoencoder can be trained on that noise and is faster.

    References
    ----------
    .. [1] Rifai, Vincent, Muller, Glorot and Bengio (2011). Contractive auto-encoders: explicit
       invariance during feature extraction. ICML.
    .. [2] Hutchinson (1990). A stochastic estimator of the trace of the influence matrix.
       Communications in Statistics 19, 433-450.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ContractiveAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> loose, tight = (
    ...     ContractiveAutoencoder(5, contraction=c, max_iter=10, random_state=0).fit(X)
    ...     for c in (0.0, 1.0)
    ... )
    >>> tight.encoder_jacobian(X[:100]).shape
    (100, 5, 64)
    >>> def steepness(model):
    ...     return (model.encoder_jacobian(X) ** 2).sum() / model.transform(X).var(axis=0).sum()
    >>> bool(steepness(tight) < steepness(loose))
    True
    """

    contraction: float = 0.1
    jacobian: str = "hutchinson"

    _parameter_constraints: ClassVar[dict] = {
        "contraction": [reals_from(0)],
        "jacobian": [StrOptions({"exact", "hutchinson"})],
    }

    def _objective(self) -> Objective:
        return Objective(contractive_loss, self.loss, (("jacobian", self.jacobian),))

    def _hyperparameters(self) -> dict[str, float]:
        return {"contraction": self.contraction}

    def encoder_jacobian(self, X: MatrixLike) -> FloatArray:
        """Jacobian of the encoder at each sample, ``d transform(x)_j / d x_k``.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        J : ndarray of shape (n_samples, n_components, n_features)
            Exact derivatives, of the floating dtype of X; float32 if X is not floating.

        Raises
        ------
        ValueError
            If X has no samples, contains NaN or infinity, or has other features than in `fit`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        X = self._checked(X)
        dtype = output_dtype(X)
        shape = (X.shape[0], self.n_components_, self.n_features_in_)
        jacobian = np.empty(shape, dtype)
        static, device = self._network, self._device
        read = self._samples(X).standardized
        apply_in_blocks(encoder_jacobian, static, self.params_, X.shape, read, jacobian, device)
        # From standardized samples and codes to the units of X and of the codes.
        jacobian *= dtype.type(self._code_unit / self._units.scale)
        return jacobian
