"""The contractive autoencoder: codes that stand still when a sample moves a little."""

from numbers import Real
from typing import ClassVar

import numpy as np

from skae.core.inference import apply_in_blocks
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.input_checks import output_dtype
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.objectives.contractive import contractive_loss, encoder_jacobian

__all__ = ["ContractiveAutoencoder"]


@autoencoder
class ContractiveAutoencoder(BaseAutoencoder, DenseParameters):
    """Contractive autoencoder: codes that a small change of the sample does not change.

    The penalty is the encoder's Jacobian, how fast codes change with the sample. The reconstruction
    wants them to change where samples differ from each other, so what is left is change along the
    data and little across it::

        minimize  mean_i [ sum of losses of the cells of sample i + contraction * |J(x_i)|^2 ]

        |J(x)|^2 = sum_jk (length_j * d encode(x)_j / d x_k)^2

    both divided by the number of cells of a sample, as all losses here are. Codes that shrink while
    the decoder grows would empty the penalty, so each code counts times the length of the weights
    that lead from it into the decoder: as if the columns of the decoder's first layer had unit
    length. Under ``tied_weights=True``, where the two cannot part, it counts once.

    Parameters
    ----------
    {parameters}

    contraction : float, default=0.1
        Weight of the penalty, at least 0.

    jacobian : {"hutchinson", "exact"}, default="hutchinson"
        How the norm of an encoder of several layers is had: "exact" by one backward pass a code;
        "hutchinson" by one in all, along random signs drawn anew at each step, which is right on
        average. An encoder of one layer (``hidden_layer_sizes=()``) has a closed form, used always.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    skae.AutoencoderTransformer : Without the penalty.

    Notes
    -----
    Samples and codes are in units of training. Under the identity code activation, where codes scale
    with X, the Jacobian is the same in all units.

    ``history_`` also holds "reconstruction" and "jacobian_norm", the two parts of the training
    loss.

    Not for the least reconstruction error, and not where the noise of the samples is known: a
    denoising autoencoder is trained on that noise and costs less.

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
        "contraction": [Interval(Real, 0, None, closed="left")],
        "jacobian": [StrOptions({"exact", "hutchinson"})],
    }

    def _objective(self) -> Objective:
        return Objective(contractive_loss, self.loss, (("jacobian", self.jacobian),))

    def _hyperparameters(self):
        return {"contraction": self.contraction}

    def encoder_jacobian(self, X):
        """How fast codes change with samples: ``d transform(x)_j / d x_k``, exactly.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        J : ndarray of shape (n_samples, n_components, n_features)
            Of X's floating dtype; float32 for anything not floating. Computed in blocks of samples.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity, or, under
            cross-entropy, cells outside [0, 1].
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        X = self._checked(X)
        dtype = output_dtype(X)
        shape = (X.shape[0], self.n_components_, self.n_features_in_)
        jacobian = np.empty(shape, dtype)
        static, device = self._network, self._device
        read = self._samples(X).standardized
        apply_in_blocks(encoder_jacobian, static, self.params_, X.shape, read, jacobian, device)
        _, scale = self._units
        jacobian *= dtype.type(self._code_unit / scale)
        return jacobian
