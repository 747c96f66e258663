"""Outlier and anomaly detection: a robustly fitted autoencoder scores samples.

Anomaly scores combine reconstruction errors with the position of codes in the latent space.
"""

from copy import copy
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from skae._typing import ArrayLike, FloatArray, IntArray, MatrixLike
from skae.core.data.deduplication import canonical_samples
from skae.core.data.samples import Samples
from skae.core.losses import LOSSES
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.estimator import SkaeEstimator
from skae.estimators.base.fit_arguments import fit_context
from skae.estimators.base.input_checks import read_samples, read_weights
from skae.estimators.base.random_state import make_seed
from skae.estimators.base.sample_shape import sample_shape, shaped
from skae.estimators.base.sklearn_compat import Interval, StrOptions, in_container
from skae.meta._fitting import SetOutputMixin, set_fitted_attributes
from skae.meta._loaded import check_detector
from skae.meta._members import codes_and_squared_errors, explained_variances, fit_member
from skae.objectives.outlyingness import anomaly_scores, anomaly_threshold, geometric_mean

__all__ = ["AutoencoderOutlierDetector"]


@dataclass(eq=False, repr=False)
class AutoencoderOutlierDetector(SetOutputMixin, OutlierMixin, SkaeEstimator):
    """Outlier and anomaly detection with autoencoders: anomaly scores from reconstruction errors.

    An autoencoder learns the structure that most samples share. A sample is an outlier (anomaly) if
    its reconstruction error is large, or if its code is far from all other codes. The anomaly score
    combines both::

        score(x) = -(c(x)^2 / median c^2 + 2 e(x)^2 / median e^2) / 3

    - ``e(x)^2`` is the reconstruction error: the mean over features of the squared error, divided
      by the mean squared error of the feature.
    - ``c(x)^2`` is the squared length of the whitened code.

    The training samples may contain outliers, which would distort feature scales and would be
    learned by the autoencoder. So the fit is robust, as in least trimmed squares [2]_: the share
    `trim` of samples with the highest anomaly scores under principal components is left out, and
    feature scales and components are computed again from the remaining samples, the inliers. This
    is repeated `n_rounds` times; each round selects inliers among all samples. The autoencoder, the
    means and the medians are fitted to the inliers of the last round.

    Parameters
    ----------
    autoencoder : autoencoder or None, default=None
        Any autoencoder of skae, with any network. It is cloned. None: an ensemble [3]_ of four
        `AutoencoderTransformer`, trained for 20 epochs, whose numbers of components (at most 64)
        explain .3, .5, .7 and .9 of the variance.
    contamination : "auto" or float, default="auto"
        Share of outliers in the training samples, above 0 and at most 0.5. It sets the threshold of
        `predict` and does not affect scores. "auto": outliers are samples whose log score is more
        than 2 spreads above the median. A spread is the distance from the median to the upper
        quartile divided by 0.6745, which estimates a Gaussian's standard deviation.
    n_rounds : int, default=3
        Number of trimming rounds, at least 0.
    trim : float, default=0.1
        Share of the samples that is left out of the fit, at least 0 and at most 0.5. It should
        exceed the share of outliers. 0 trains on all samples.
    standardize : "auto" or bool, default="auto"
        Whether features are divided by their largest absolute deviation from the mean, so that
        scores do not depend on units. (Standard deviations would amplify features that are rarely
        nonzero.) "auto": True, unless the autoencoder's loss needs X in [0, 1], as cross-entropy
        does.
    random_state : int, RandomState instance or None, default=None
        Seed of the autoencoder if its own `random_state` is None. With an int, repeated fits are
        bitwise identical.

    Attributes
    ----------
    autoencoder_ : autoencoder
        Autoencoder fitted to the inliers, with features divided by its row of `scales_`. Of an
        ensemble, the one with the most components.
    autoencoders_ : list of autoencoder
        All autoencoders. Each was fitted to its own selection of inliers. The score is the
        geometric mean of their scores.
    offset_ : float
        Threshold: ``decision_function = score_samples - offset_``. Samples with a lower score are
        outliers.
    scales_ : ndarray of shape (n_autoencoders, n_features)
        Scale of each feature: the largest absolute deviation from the mean, at most 4 times that
        among inliers. 1 for constant features, and without `standardize`.
    references_ : list of dict of ndarray and float
        Statistics of the inliers for each autoencoder: "center" and "whitening" of codes, the mean
        squared error of each feature in "cells" (at least .3 of the mean over features), and the
        medians of ``c^2`` in "length" and of ``e^2`` in "error".
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X has feature names that are all strings.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Anomaly detection with trees; needs no scaling and no
        correlation between features.
    sklearn.neighbors.LocalOutlierFactor : Anomaly detection by the density of neighbors.

    Notes
    -----
    The autoencoder is trained on a copy of X (float32 for float32 and narrow integers).

    Do not use it if features are independent of each other, or if outliers are similar to each
    other and not rarer than `trim`: an autoencoder learns a cluster of similar samples.

    References
    ----------
    .. [1] Hawkins, He, Williams and Baxter (2002). Outlier detection using replicator neural
       networks. DaWaK, LNCS 2454, 170-180.
    .. [2] Rousseeuw and Van Driessen (2006). Computing LTS regression for large data sets. Data
       Mining and Knowledge Discovery 12, 29-45.
    .. [3] Chen, Sathe, Aggarwal and Turaga (2017). Outlier detection with autoencoder ensembles.
       SIAM International Conference on Data Mining, 90-98.

    Examples
    --------
    >>> import numpy as np
    >>> from skae import AutoencoderOutlierDetector, AutoencoderTransformer
    >>> rng = np.random.default_rng(0)
    >>> t = rng.uniform(0, 6, 300)
    >>> X = np.column_stack([np.sin(t), np.cos(t), t]) + 0.05 * rng.normal(size=(300, 3))
    >>> X[:5, 2] = 6 - X[:5, 2]
    >>> detector = AutoencoderOutlierDetector(
    ...     AutoencoderTransformer(1, max_iter=40), contamination=0.02, random_state=0
    ... )
    >>> detector = detector.fit(X)
    >>> detector.reconstruction_errors(X).shape
    (300, 3)
    """

    autoencoder: Any = None
    _: KW_ONLY
    contamination: Any = "auto"
    n_rounds: int = 3
    trim: float = 0.1
    standardize: Any = "auto"
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        "autoencoder": [BaseAutoencoder, None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "n_rounds": [Interval(Integral, 0, None, closed="left")],
        "trim": [Interval(Real, 0, 0.5, closed="both")],
        "standardize": [StrOptions({"auto"}), "boolean"],
        "random_state": ["random_state"],
    }
    _check_loaded = check_detector

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Select inliers, fit the autoencoder to them, and determine the threshold.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples of any real numeric dtype.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights. A weight of 2 is equivalent to repeating the sample.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            X contains NaN or infinity, a parameter is out of range, or standardize=True with a loss
            that needs X in [0, 1].
        """
        # Attributes are set on a copy first, so that a fit that fails changes nothing.
        fitted = copy(self)
        if self.autoencoder is not None:
            self.autoencoder._validate_params()
        X = read_samples(fitted, X, reset=True)
        # Duplicates are merged first, so that weights are equivalent to repetition.
        index, weight = canonical_samples(Samples(X), read_weights(sample_weight, X))
        X, seed = X[index], make_seed(self.random_state)
        settings = {
            "autoencoder": shaped(self.autoencoder, getattr(fitted, "sample_shape_", None)),
            "random_state": self.random_state,
            "standardize": self._standardizes(),
            "n_rounds": self.n_rounds,
            "trim": self.trim,
        }
        members = [
            fit_member(X, weight, seed, explained_variance=share, **settings)
            for share in explained_variances(self.autoencoder)
        ]
        scales, autoencoders, references, scores = zip(*members, strict=True)
        fitted.scales_ = np.array(scales)
        fitted.autoencoders_, fitted.references_ = list(autoencoders), list(references)
        fitted.offset_ = -anomaly_threshold(geometric_mean(scores), weight, self.contamination)
        set_fitted_attributes(self, vars(fitted))
        return self

    @property
    def autoencoder_(self) -> Any:
        """The fitted autoencoder; of an ensemble, the one with the most components."""
        return self.autoencoders_[-1]

    def score_samples(self, X: MatrixLike) -> FloatArray:
        """Negative anomaly scores: lower is more abnormal.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            float64, at most 0; about -1 for typical samples.

        Raises
        ------
        ValueError
            X has no samples, other features than in `fit`, NaN or infinity.
        """
        X = self._validate(X)
        scores = np.empty((len(self.autoencoders_), X.shape[0]))
        members = zip(scores, self.scales_, self.autoencoders_, self.references_, strict=True)
        for member_scores, scale, autoencoder, reference in members:
            for part, *block in codes_and_squared_errors(autoencoder, scale, X):
                member_scores[part] = anomaly_scores(reference, *block)
        return -geometric_mean(scores)

    def decision_function(self, X: MatrixLike) -> FloatArray:
        """Shifted scores: negative for outliers, positive for inliers.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``, float64.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: MatrixLike) -> IntArray:
        """Classify samples as outliers or inliers.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,)
            -1 for outliers and 1 for inliers, int.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def reconstruction_errors(self, X: MatrixLike) -> FloatArray:
        """Reconstruction error of each feature value: shows which features are anomalous.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        errors : ndarray or data frame of the shape of X
            float64, nonnegative: squared errors divided by the mean squared error of the feature,
            so that 1 is typical. The mean over a sample's features is the ``e^2`` of its score.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        given, X = X, self._validate(X)
        errors = np.zeros(X.shape)
        members = zip(self.scales_, self.autoencoders_, self.references_, strict=True)
        for scale, autoencoder, reference in members:
            for part, _, squared_errors in codes_and_squared_errors(autoencoder, scale, X):
                errors[part] += squared_errors / reference["cells"] / len(self.autoencoders_)
        return in_container(errors.reshape(-1, *(sample_shape(given) or X.shape[1:])), given, self)

    def _standardizes(self) -> bool:
        domain = None if self.autoencoder is None else LOSSES[self.autoencoder.loss].domain
        if self.standardize == "auto":
            return domain is None
        if self.standardize and domain is not None:
            raise ValueError(
                f"loss={self.autoencoder.loss!r} needs X in {domain}, which standardize=True does "
                "not preserve. Use standardize='auto' or another loss."
            )
        return self.standardize

    def _validate(self, X: MatrixLike) -> Any:
        check_is_fitted(self)
        return read_samples(self, X, reset=False)
