"""A regressor that learns from all samples, and needs the numbers of few."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from skae.core.objective import Objective
from skae.meta._documentation import documented
from skae.meta._pretrained import PretrainedEstimator
from skae.meta._targets import as_numbers, known_among, read_numbers
from skae.objectives.supervised import squared_error_loss

__all__ = ["PretrainedRegressor"]

UNLABELED = """\
What marks a sample without a number in y: NaN, most often. None: every sample has one."""


@documented(unlabeled_type="float or None", unlabeled=UNLABELED)
@dataclass(kw_only=True, eq=False, repr=False)
class PretrainedRegressor(RegressorMixin, PretrainedEstimator):
    """Regressor for many samples and few known numbers: an autoencoder's encoder with a linear head.

    Stage one: an autoencoder learns on all samples, which needs no number. Stage two: samples with a
    number train a linear head on the encoder's layers ``e``, first alone, then together with them
    [1]_, [2]_. With y in units of its standard deviation about its mean::

        minimize  mean_i w_i * (W e(x_i) + b - y_i)^2 + alpha / 2 * sum of squares

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    target_mean_ : float
        Mean of the known numbers.

    target_scale_ : float
        Their standard deviation; 1 where they are all equal.

    {attributes}

    See Also
    --------
    PretrainedClassifier : The same for labels.

    Notes
    -----
    In a search, samples without a number are in the folds too. `score` leaves them out, and so does a
    search that uses it, as it does by default; other scorers refuse NaN.

    Do not use it where what is asked for has little to do with what varies most in the samples: an
    autoencoder keeps what varies.

    References
    ----------
    .. [1] Hinton and Salakhutdinov (2008). Using deep belief nets to learn covariance kernels for
       Gaussian processes. NeurIPS 20, 1249-1256.
    .. [2] Kumar, Raghunathan, Jones, Ma and Liang (2022). Fine-tuning can distort pretrained
       features and underperform out-of-distribution. ICLR 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_swiss_roll
    >>> from skae import DenoisingAutoencoder, PretrainedRegressor
    >>> X, t = make_swiss_roll(1000, random_state=0)
    >>> some = t.copy()
    >>> some[200:] = np.nan
    >>> model = PretrainedRegressor(
    ...     DenoisingAutoencoder(8, noise_level=0.05, max_iter=10, early_stopping=False),
    ...     unlabeled=np.nan,
    ...     learning_rate=2e-3,
    ...     random_state=0,
    ... )
    >>> model = model.fit(X, some)
    >>> bool(model.score(X[200:], t[200:]) > 0.9)
    True
    """

    _portable_methods = ("predict",)

    def predict(self, X):
        """Numbers of samples.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
            float64.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        outputs = self._outputs(X)[:, 0]
        return outputs * self.target_scale_ + self.target_mean_

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination R^2 over the samples whose number is known.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Numbers; samples that `unlabeled` marks are left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative.

        Returns
        -------
        score : float
            1 is perfect, 0 as good as the mean of `y`.

        Raises
        ------
        ValueError
            As `predict`; or if all of y are `unlabeled`, others are no finite numbers, or
            y or sample_weight has not one entry a sample, or sample_weight is negative, not finite, or
            0 in all samples whose number is known.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        known, y, weight = known_among(X, as_numbers(y), self.unlabeled, sample_weight)
        return float(r2_score(y, self.predict(X)[known], sample_weight=weight))

    def _objective(self) -> Objective:
        return Objective(squared_error_loss)

    def _read_targets(self, y, X, weight):
        return read_numbers(self, y, X, weight)

    def _finished(self, method, outputs):
        return outputs[:, 0] * np.float32(self.target_scale_) + np.float32(self.target_mean_)

    @property
    def _n_outputs(self):
        return 1
