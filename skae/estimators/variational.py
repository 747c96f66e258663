"""The variational autoencoder: codes with an uncertainty, samples with a likelihood."""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from skae.core.inference import apply_in_blocks
from skae.core.losses import LOSSES
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.generative import GenerativeMixin
from skae.estimators.base.input_checks import output_dtype, read_weights
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.objectives.variational.likelihoods import (
    elbo,
    importance_weighted_bound,
    posterior_moments,
)
from skae.objectives.variational.objective import negative_elbo
from skae.objectives.variational.probabilistic_pca import probabilistic_pca_initialization

__all__ = ["VAE"]

# nats that a dimension of the code must tell of a sample to count as used
_ACTIVE_NATS = 0.1

_N_DRAWS = 16


@autoencoder(
    notes={
        "code_activation": 'Only "identity" here: codes have a normal distribution.',
        "loss": 'Here the negative logarithm of the likelihood: "squared_error" is a Gaussian\'s, '
        '"absolute_error" a Laplace\'s, "huber" one that is Gaussian in its middle, and '
        '"binary_cross_entropy" a Bernoulli\'s.',
        "init": 'Under "pca" training starts at probabilistic PCA.',
    }
)
class VAE(GenerativeMixin, BaseAutoencoder, DenseParameters):
    """Variational autoencoder: a probabilistic PCA with curves, to draw new samples from.

    A code z is drawn from N(0, I), a sample x from p(x | z) around decode(z). The encoder gives mean
    and log-variance of q(z | x), the codes that may have made a sample, and both are trained on a
    lower bound of the samples' log-likelihood::

        ELBO(x) = E_q(z | x) [log p(x | z)] - KL(q(z | x) || N(0, I))

        minimize  mean_i [-log p(x_i | z_i) + beta KL_i] / n_features,    z_i from q(z | x_i)

    Parameters
    ----------
    {parameters}

    likelihood_scale : "learned" or float, default="learned"
        Standard deviation of a sample's cells around decode(z) (for "absolute_error" and "huber" the
        scale of the error), the same for all columns; above 0, in units of training: 1 is the
        data's spread. At least 0.01 is used. Not used by "binary_cross_entropy".

    beta : float, default=1.0
        Weight of the KL term, at least 0. 1 is the bound; above 1 codes say less, each by itself;
        below 1 reconstructions are sharper and samples worse.

    warm_up : float, default=0.0
        Share of the training steps, from 0 to 1, over which the KL term's weight rises from 0 to
        `beta`: a cure for codes that collapse at once. `partial_fit` knows no end of training
        and uses `beta`.

    free_bits : float, default=0.0
        Nats that each dimension of a code may tell at no cost, at least 0: the KL term is the sum
        over dimensions of ``max(free_bits, its mean over the batch)``.

    Attributes
    ----------
    {attributes}

    kl_ : ndarray of shape (n_components,)
        Nats that each dimension of a code tells of a sample: the mean of its KL term over the samples
        of the last fit, by weight.

    active_units_ : ndarray of int
        Dimensions in use: those of more than 0.1 nat.

    See Also
    --------
    AutoencoderTransformer : Better reconstructions from as many numbers, and no likelihood.
    sklearn.decomposition.FactorAnalysis : A linear model with a likelihood.

    Notes
    -----
    `transform` gives the posterior's mean. Codes are in units of the prior, N(0, I), whatever the
    units of X. `history_` holds "reconstruction" and "kl" too, in nats per sample; "loss" is in nats
    per cell, in units of training.

    Under ``init="pca"`` and a Gaussian likelihood training starts at probabilistic PCA [3]_ with
    its exact posterior; the noise's variance has a floor of 2e-4 in units of training. Under
    "binary_cross_entropy" it starts at the plain autoencoder's start with codes of unit variance.

    Not the tool for the smallest reconstruction error: noise on the code costs accuracy. Pixels
    between 0 and 1 are no coins: under "binary_cross_entropy" the likelihood of gray pixels is
    not normalized, and comparable between such models only.

    References
    ----------
    .. [1] Kingma and Welling (2014). Auto-encoding variational Bayes. ICLR. arXiv:1312.6114.
    .. [2] Higgins et al. (2017). beta-VAE: learning basic visual concepts with a constrained
       variational framework. ICLR.
    .. [3] Tipping and Bishop (1999). Probabilistic principal component analysis. Journal of the
       Royal Statistical Society B 61, 611-622.
    .. [4] Burda, Grosse and Salakhutdinov (2016). Importance weighted autoencoders. ICLR.
       arXiv:1509.00519.
    .. [5] Kingma et al. (2016). Improving variational inference with inverse autoregressive flow.
       NeurIPS. arXiv:1606.04934 (free bits).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VAE
    >>> X, _ = load_digits(return_X_y=True)
    >>> vae = VAE(5, max_iter=20, random_state=0).fit(X[:1500])
    >>> vae.sample(3, random_state=0).shape
    (3, 64)
    >>> mean, deviation = vae.encode_distribution(X[1500:])
    >>> bool(vae.score(X[1500:]) < vae.log_likelihood(X[1500:]).mean())
    True
    """

    likelihood_scale: Any = "learned"
    beta: float = 1.0
    warm_up: float = 0.0
    free_bits: float = 0.0

    _parameter_constraints: ClassVar[dict] = {
        "code_activation": [StrOptions({"identity"})],
        "likelihood_scale": [StrOptions({"learned"}), Interval(Real, 0, None, closed="neither")],
        "beta": [Interval(Real, 0, None, closed="left")],
        "warm_up": [Interval(Real, 0, 1, closed="both")],
        "free_bits": [Interval(Real, 0, None, closed="left")],
    }

    _heads: ClassVar[int] = 2

    def _objective(self) -> Objective:
        return Objective(negative_elbo, self.loss)

    def _hyperparameters(self):
        return {"beta": self.beta, "warm_up": self.warm_up, "free_bits": self.free_bits}

    def _initialization(self):
        scale = None if self.likelihood_scale == "learned" else self.likelihood_scale
        return partial(probabilistic_pca_initialization, loss=self.loss, scale=scale)

    def _further_attributes(self, X, weight):
        kl = np.zeros(self.n_components_)
        samples = self._samples(X)
        for part, block in samples.blocks(samples.raw):
            mean, deviation = self._distribution(block).astype(np.float64)
            cells = np.square(mean) + np.square(deviation) - 2 * np.log(deviation) - 1
            kl += weight[part] @ cells / 2
        kl /= weight.sum()
        return {"kl_": kl, "active_units_": np.flatnonzero(kl > _ACTIVE_NATS)}

    def encode_distribution(self, X):
        """Mean and standard deviation of q(z | x) of each sample.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        mean : ndarray of shape (n_samples, n_components)
            What `transform` gives.
        standard_deviation : ndarray of shape (n_samples, n_components)

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity, or, under
            cross-entropy, cells outside [0, 1].
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        X = self._checked(X)
        mean, deviation = self._distribution(X).astype(output_dtype(X), copy=False)
        return mean, deviation

    def _draw_codes(self, rng, n_samples):
        return rng.standard_normal((n_samples, self._n_features_out))

    def score_samples(self, X):
        """The ELBO of each sample, in nats, in X's units: higher is more normal.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            float64. Under a likelihood with a scale, X's units are in it: ten times X is
            n_features log 10 less. The expectation is over 16 draws, always the same and the
            same for all samples: a sample's score depends on no other sample.

        Raises
        ------
        ValueError
            As `encode_distribution`.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        half = np.random.default_rng(0).standard_normal((_N_DRAWS // 2, self._n_features_out))
        # with a mean of 0 and a variance of 1 they are exact for linear decoders
        half /= np.sqrt(np.mean(np.square(half), axis=0))
        return self._nats(elbo, X, draws=np.concatenate([half, -half]).astype(np.float32))

    def score(self, X, y=None, sample_weight=None):
        """Mean ELBO of the samples, in nats. Never comparable with other autoencoders' R^2.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative.

        Returns
        -------
        score : float
            By weight; higher is better.

        Raises
        ------
        ValueError
            As `encode_distribution`; or if sample_weight has not one entry a sample, is negative, not
            finite, or 0 in all samples.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        return float(np.average(self.score_samples(X), weights=read_weights(sample_weight, X)))

    def log_likelihood(self, X, n_importance_samples=100):
        """Importance-weighted lower bound of each sample's log-likelihood, in nats, in X's units.

        ``log mean_k p(x, z_k) / q(z_k | x)`` over draws z_k from q(z | x). In expectation it
        rises with their number towards log p(x).

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        n_importance_samples : int, default=100
            Draws, at least 1; the same for all samples, and always the same.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
            float64.

        Raises
        ------
        ValueError
            As `encode_distribution`; or if `n_importance_samples` is below 1.
        TypeError
            If `n_importance_samples` is not an integer.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_scalar(n_importance_samples, "n_importance_samples", Integral, min_val=1)
        return self._nats(importance_weighted_bound, X, n_samples=np.int32(n_importance_samples))

    def _distribution(self, X):
        """Mean and standard deviation of codes, in one array of shape (2, n, n_components)."""
        both = self._run(
            posterior_moments, self._samples(X).standardized, X.shape, 2 * self.n_components_
        )
        return both.reshape(len(both), 2, -1).transpose(1, 0, 2)

    def _nats(self, function, X, **further):
        X = self._checked(X)
        static = (self._network, self.architecture_["loss"])
        params = {"network": self.params_, **further}
        read, device = self._samples(X).standardized, self._device
        nats = np.empty(X.shape[0], np.float32)
        apply_in_blocks(function, static, params, X.shape, read, nats, device)
        standardized = LOSSES[self.architecture_["loss"]].standardized
        # squares of samples that are very far away are beyond float32
        nats = np.maximum(nats, np.finfo(np.float32).min).astype(np.float64)
        return nats - standardized * self.n_features_in_ * np.log(self.scale_)
