"""Semi-supervised regression: an autoencoder's encoder, pretrained and fine-tuned."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags

from skae._typing import ArrayLike, FloatArray, MatrixLike
from skae.core.data.units import Units, check_float32
from skae.core.objective import Objective
from skae.meta._documentation import documented
from skae.meta._pretrained import PretrainedEstimator
from skae.meta._targets import (
    Targets,
    labeled_subset,
    numeric_targets,
    standardize_targets,
)
from skae.objectives.supervised import squared_error_loss

__all__ = ["PretrainedRegressor"]

UNLABELED = """\
Value of y that marks samples without a target, usually NaN. None: all samples have one."""


@documented(unlabeled_type="float or None", unlabeled=UNLABELED)
@dataclass(kw_only=True, eq=False, repr=False)
class PretrainedRegressor(RegressorMixin, PretrainedEstimator):
    """Semi-supervised regressor: an autoencoder's encoder, pretrained and then fine-tuned.

    For many samples of which few have a target. Unsupervised pretraining fits an autoencoder to all
    samples. Supervised fine-tuning then trains a head on the encoder's layers ``e`` with the
    samples that have a target: first the head alone, then the head and the layers together [1]_,
    [2]_. The head is linear, or has new hidden layers of `hidden_layer_sizes` below the output
    layer. With y standardized to zero mean and unit variance::

        minimize  mean_i w_i * (W e(x_i) + b - y_i)^2 + alpha / 2 * sum of squares

    y may have several columns; their squared errors are averaged.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    target_mean_ : float or ndarray of shape (n_targets,)
        Mean of the targets; an array if y has several columns.

    target_scale_ : float or ndarray of shape (n_targets,)
        Standard deviation of the targets; 1 if they are all equal.

    {attributes}

    See Also
    --------
    PretrainedClassifier : Semi-supervised classification.

    Notes
    -----
    In a grid search, samples without a target are in the folds too. `score` ignores them, and so
    does a search with the default scoring. Other scorers raise an error for NaN.

    Do not use it if the target depends little on the directions of largest variance in X: these are
    what an autoencoder learns.

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

    def predict(self, X: MatrixLike) -> FloatArray:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            float64.

        Raises
        ------
        ValueError
            X has no samples, other features than in `fit`, NaN or infinity.
        sklearn.exceptions.NotFittedError
            The estimator is not fitted.
        """
        predictions = self._outputs(X) * self.target_scale_ + self.target_mean_
        return predictions if np.ndim(self.target_mean_) else predictions[:, 0]

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Coefficient of determination R^2 on the samples with a target.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets; samples marked as `unlabeled` are ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative sample weights.

        Returns
        -------
        score : float
            1 for perfect predictions, 0 for predictions as good as the mean of `y`. For several
            targets the mean of their coefficients.

        Raises
        ------
        ValueError
            As `predict`; or all values of y are `unlabeled`, others are not finite numbers, y or
            sample_weight does not have one entry per sample, or sample_weight is negative, not
            finite, or 0 for all samples with a target.
        sklearn.exceptions.NotFittedError
            The estimator is not fitted.
        """
        labeled, y, weight = labeled_subset(X, numeric_targets(y), self.unlabeled, sample_weight)
        return float(r2_score(y, self.predict(X)[labeled], sample_weight=weight))

    def _objective(self) -> Objective:
        return Objective(squared_error_loss)

    def _read_targets(self, y: Any, X: Any, weight: np.ndarray) -> Targets:
        return standardize_targets(self, y, X, weight)

    def _exported_output(self, method: str, outputs: Any) -> Any:
        mean, scale = np.atleast_1d(self.target_mean_), np.atleast_1d(self.target_scale_)
        for one, its_scale in zip(mean, scale, strict=True):
            units = Units(np.array([one]), float(its_scale))
            check_float32(units, "y", "target_mean_", "target_scale_")
        predictions = outputs * scale.astype(np.float32) + mean.astype(np.float32)
        return predictions if np.ndim(self.target_mean_) else predictions[:, 0]

    @property
    def _n_outputs(self) -> int:
        return np.size(self.target_mean_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
