"""The variational autoencoder: a posterior distribution of codes, a likelihood of samples."""

from collections.abc import Callable
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_scalar

from skae._typing import ArrayLike, FloatArray, MatrixLike
from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks
from skae.core.losses import LOSSES
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.first_samples import check_is_fitted
from skae.estimators.base.generative import GenerativeMixin
from skae.estimators.base.input_checks import output_dtype, read_weights
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions, reals_above, reals_from
from skae.objectives.variational.likelihoods import (
    elbo,
    fitted_scale,
    importance_weighted_bound,
    posterior_moments,
)
from skae.objectives.variational.objective import negative_elbo
from skae.objectives.variational.probabilistic_pca import probabilistic_pca_initialization

__all__ = ["VAE"]

# A dimension of the code is active if its mean KL divergence exceeds this many nats.
_ACTIVE_NATS = 0.1

# Draws of the code for the expectation in `score_samples`.
_N_DRAWS = 16


@autoencoder(
    notes={
        "code_activation": 'This autoencoder accepts only "identity": codes are normally '
        "distributed.",
        "loss": 'It determines the likelihood: "squared_error" is Gaussian, "absolute_error" '
        'Laplace, "huber" Gaussian for small and Laplace for large errors, and '
        '"binary_cross_entropy" Bernoulli. A function is not accepted, since it is no likelihood.',
        "init": 'For this autoencoder "pca" is the solution of probabilistic PCA.',
    }
)
class VAE(GenerativeMixin, BaseAutoencoder, DenseParameters):
    """Variational autoencoder (VAE): a probabilistic, generative autoencoder.

    The model draws a code z from the prior N(0, I) of the latent space, and a sample x from the
    likelihood p(x | z) around decode(z). It is a non-linear generalization of probabilistic PCA.
    The encoder computes mean and log-variance of q(z | x), a Gaussian approximation of the
    posterior of the code. Encoder and decoder maximize the evidence lower bound (ELBO) of the
    log-likelihood of the samples::

        ELBO(x) = E_q(z | x) [log p(x | z)] - KL(q(z | x) || N(0, I))

        minimize  mean_i [-log p(x_i | z_i) + beta KL_i] / n_features,    z_i from q(z | x_i)

    The Kullback-Leibler (KL) divergence regularizes the codes towards the prior, so that `sample`
    can decode draws of the prior into new samples. Gradients pass through the draw of z_i by the
    reparameterization trick: z_i is mean plus standard deviation times Gaussian noise.

    Parameters
    ----------
    {parameters}

    likelihood_scale : "learned" or float, default="learned"
        Standard deviation of the feature values around decode(z), the same for all features; for
        "absolute_error" and "huber" the scale of the error. A float is above 0, in standardized
        units (1 is the spread of the data); values below 0.01 act as 0.01. Not used by
        "binary_cross_entropy".

    beta : float, default=1.0
        Weight of the KL divergence, at least 0. 1 is the ELBO. Above 1 codes contain less
        information, in more independent dimensions (beta-VAE [2]_); below 1 reconstructions are
        sharper, and generated samples worse.

    warm_up : float, default=0.0
        KL annealing against posterior collapse: the fraction of the optimizer steps, from 0 to 1,
        over which the weight of the KL divergence increases from 0 to `beta`. Not used by
        `partial_fit`, whose number of steps is unknown.

    free_bits : float, default=0.0
        Free bits against posterior collapse [5]_: the KL divergence of each dimension, averaged
        over the mini-batch, is not penalized below this many nats, at least 0. The KL term is the
        sum over dimensions of ``max(free_bits, mean KL)``.

    Attributes
    ----------
    {attributes}

    kl_ : ndarray of shape (n_components,)
        Weighted mean of the KL divergence of each dimension over the samples of the last fit, in
        nats: the information that the dimension contains about a sample.

    active_units_ : ndarray of int
        Indices of the active dimensions, with more than 0.1 nats.

    See Also
    --------
    AutoencoderTransformer : Lower reconstruction errors with as many components.
    sklearn.decomposition.FactorAnalysis : A linear model with a likelihood.

    Notes
    -----
    Posterior collapse means that q(z | x) equals the prior in some dimensions, which then contain
    no information: they are missing from `active_units_`. `warm_up`, `free_bits`, and a smaller
    `beta` counteract it.

    `transform` returns the mean of q(z | x). Codes are in the units of the prior, whatever the
    units of X. `history_` also contains "reconstruction" and "kl", in nats per sample; "loss" is
    in nats per feature, in standardized units.

    Under ``init="pca"`` and a Gaussian likelihood, training is initialized to probabilistic PCA
    [3]_ with its exact posterior; the variance of the noise is at least 2e-4 in standardized
    units. Under "binary_cross_entropy" the initialization is that of the plain autoencoder, with
    codes of unit variance.

    Do not use it for the lowest reconstruction error: noise on the codes costs accuracy. Gray
    values between 0 and 1 are not binary. Under "binary_cross_entropy" their likelihood is not
    normalized, and comparable between such models only; the likelihood of values outside [0, 1] is
    that of the nearest bound.

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
        "loss": [StrOptions(LOSSES.keys())],
        "likelihood_scale": [StrOptions({"learned"}), reals_above(0)],
        "beta": [reals_from(0)],
        "warm_up": [Interval(Real, 0, 1, closed="both")],
        "free_bits": [reals_from(0)],
    }

    _heads: ClassVar[int] = 2
    _further_weights = ("log_scale",)

    def _objective(self) -> Objective:
        return Objective(negative_elbo, self.loss)

    def _hyperparameters(self) -> dict[str, float]:
        return {"beta": self.beta, "warm_up": self.warm_up, "free_bits": self.free_bits}

    def _initialization(self) -> Callable:
        scale = None if self.likelihood_scale == "learned" else self.likelihood_scale
        return partial(probabilistic_pca_initialization, loss=self.loss, scale=scale)

    def _fitted_parameters(self, fitted: dict[str, Any]) -> dict[str, Any]:
        return {"likelihood_scale": fitted_scale(fitted["params_"], self.likelihood_scale)}

    def _further_attributes(self, samples: Samples, weight: np.ndarray) -> dict[str, Any]:
        kl = np.zeros(self.n_components_)
        for part, block in samples.blocks(samples.raw):
            mean, deviation = self._distribution(block).astype(np.float64)
            twice_kl = np.square(mean) + np.square(deviation) - 2 * np.log(deviation) - 1
            kl += weight[part] @ twice_kl / 2
        kl /= weight.sum()
        return {"kl_": kl, "active_units_": np.flatnonzero(kl > _ACTIVE_NATS)}

    def encode_distribution(self, X: MatrixLike) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of q(z | x), the approximate posterior of the code.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        mean : ndarray of shape (n_samples, n_components)
            The result of `transform`.
        standard_deviation : ndarray of shape (n_samples, n_components)

        Raises
        ------
        ValueError
            If X has no samples, contains NaN or infinity, or has other features than in `fit`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        X = self._checked(X)
        mean, deviation = self._distribution(X).astype(output_dtype(X), copy=False)
        return mean, deviation

    def _draw_codes(self, rng: np.random.Generator, n_samples: int) -> np.ndarray:
        return rng.standard_normal((n_samples, self._n_features_out))

    def score_samples(self, X: MatrixLike) -> FloatArray:
        """ELBO of each sample in nats: higher for typical samples, lower for anomalies.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            float64. For a likelihood with a scale, it refers to the units of X: multiplying X by
            ten reduces it by n_features log 10. The expectation is the mean over 16 draws, which
            are the same for all samples and calls, so the score of a sample depends on no other
            sample.

        Raises
        ------
        ValueError
            As `encode_distribution`.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        half = np.random.default_rng(0).standard_normal((_N_DRAWS // 2, self._n_features_out))
        # Antithetic draws of mean 0 and variance 1, whose mean is exact for linear decoders.
        half /= np.sqrt(np.mean(np.square(half), axis=0))
        return self._nats(elbo, X, draws=np.concatenate([half, -half]).astype(np.float32))

    def score(self, X: MatrixLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Mean ELBO of the samples in nats; not comparable to the R^2 of other autoencoders.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, at least 0.

        Returns
        -------
        score : float
            Weighted mean; higher is better.

        Raises
        ------
        ValueError
            As `encode_distribution`; or if sample_weight does not have one entry per sample, or
            has negative entries, NaN or infinity, or only zeros.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        return float(np.average(self.score_samples(X), weights=read_weights(sample_weight, X)))

    def log_likelihood(self, X: MatrixLike, n_importance_samples: int = 100) -> FloatArray:
        """Importance-weighted lower bound of each log-likelihood (Burda et al. 2016).

        ``log mean_k p(x, z_k) / q(z_k | x)`` over draws z_k from q(z | x), in nats, for X in its
        units. Its expectation increases with the number of draws towards log p(x).

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        n_importance_samples : int, default=100
            Number of draws, at least 1. They are the same for all samples and calls.

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
            If the estimator is not fitted.
        """
        check_scalar(n_importance_samples, "n_importance_samples", Integral, min_val=1)
        return self._nats(importance_weighted_bound, X, n_samples=np.int32(n_importance_samples))

    def _distribution(self, X: Any) -> np.ndarray:
        """Means and standard deviations of codes, of shape (2, n_samples, n_components)."""
        moments = self._run(
            posterior_moments, self._samples(X).standardized, X.shape, 2 * self.n_components_
        )
        return moments.reshape(len(moments), 2, -1).transpose(1, 0, 2)

    def _nats(self, function: Callable, X: MatrixLike, **further: Any) -> np.ndarray:
        X = self._checked(X)
        static = (self._network, self.architecture_["loss"])
        params = {"network": self.params_, **further}
        read, device = self._samples(X).standardized, self._device
        nats = np.empty(X.shape[0], np.float32)
        apply_in_blocks(function, static, params, X.shape, read, nats, device)
        standardized = LOSSES[self.architecture_["loss"]].standardized
        # The squared errors of extreme outliers overflow float32.
        nats = np.maximum(nats, np.finfo(np.float32).min).astype(np.float64)
        return nats - standardized * self.n_features_in_ * np.log(self.scale_)
