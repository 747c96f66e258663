"""An outlier detector made of an autoencoder: samples that its codes do not tell, and which cells."""

from copy import copy
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted

from skae.core.data.moments import canonical_samples, mean_and_scale
from skae.core.data.samples import Samples
from skae.core.losses import LOSSES
from skae.estimators.autoencoder import AutoencoderTransformer
from skae.estimators.base.input_checks import read_samples, read_weights
from skae.estimators.base.random_state import seed_of
from skae.estimators.base.sklearn_compat import DocumentedInHTML, Interval, StrOptions, fit_context
from skae.estimators.base.training import TrainedAutoencoder
from skae.meta._members import codes_and_squared_errors, fit_member
from skae.objectives.outlyingness import anomaly_scores, anomaly_threshold, geometric_mean
from skae.persistence.saving import SaveMixin

__all__ = ["AutoencoderOutlierDetector"]

_COLUMNS = ("n_features_in_", "feature_names_in_")
# shares of the variance that the default autoencoders' codes begin with, and to trim samples by where
# an autoencoder is given
_EXPLAINED, _EXPLAINED_BY_ONE = (0.3, 0.5, 0.7, 0.9), (0.7,)
# the first epochs bend PCA's plane; later ones learn single samples
_DEFAULT: dict[str, Any] = {"max_iter": 20, "early_stopping": False}


@dataclass(eq=False, repr=False)
class AutoencoderOutlierDetector(DocumentedInHTML, SaveMixin, OutlierMixin, BaseEstimator):
    """Outlier detector: samples that an autoencoder does not give back, or whose codes are far off.

    An autoencoder has room for what most samples have in common. A sample is odd where it is not given
    back (``e^2``, the mean of its squared errors, each over its column's own mean, is large), or
    where its code lies far from the others (``c^2``, the squared length of the whitened code)::

        score(x) = -(c(x)^2 / median c^2 + 2 e(x)^2 / median e^2) / 3

    Samples to fit may hold outliers, which would pull columns' scales, and which an autoencoder would
    learn to give back. So the share `trim` of samples that are oddest by principal components is left
    out, and scales and components are made anew of the rest; this is done `n_rounds` times, among
    all samples each time, as in least trimmed squares [2]_. The autoencoder, the means and the medians
    are those of the samples that are left in the end.

    Parameters
    ----------
    autoencoder : autoencoder or None, default=None
        Any autoencoder of skae, over any network: it is cloned. None: four of class
        `AutoencoderTransformer`, of 20 epochs, with as many components as explain .3, .5, .7 and .9
        of the variance (64 at most), an ensemble [3]_.
    contamination : "auto" or float, default="auto"
        Share of outliers among the samples to fit, above 0 and at most 0.5: so many are called
        outliers. "auto": those odder than the median by more than 2 spreads, on a logarithmic
        scale, where a spread is the distance of the upper quartile over 0.6745, a Gaussian's
        standard deviation. Scores do not depend on it.
    n_rounds : int, default=3
        How many times samples are left out, each time chosen among all; at least 0.
    trim : float, default=0.1
        Share of the samples left out, at least 0 and at most 0.5; more than there are outliers. 0
        trains on all.
    standardize : "auto" or bool, default="auto"
        Whether columns are divided by their largest distance from the mean: then scores do not
        depend on columns' units. (Standard deviations would make much of columns that are rarely
        on.) "auto": unless the autoencoder's loss compares X itself, as cross-entropy does.
    random_state : int, RandomState instance or None, default=None
        Seed of an autoencoder that has none of its own. An int gives the same bits again.

    Attributes
    ----------
    autoencoder_ : autoencoder
        Fitted to the samples that are left, in units of its sample of `scales_`. Of several the one with
        the most components.
    autoencoders_ : list of autoencoder
        Each chose the samples that it was fitted to. Scores are their geometric mean.
    offset_ : float
        Samples with a lower score are outliers: ``decision_function = score_samples - offset_``.
    scales_ : ndarray of shape (n_autoencoders, n_features)
        What columns are divided by: the largest distance from the mean, at most 4 times that among
        the samples that are left. 1 for constant columns, and without `standardize`.
    references_ : list of dict of ndarray and float
        For each autoencoder what the samples that are left are like: "center" and "whitening" of
        codes, the mean squared error of each column, "cells" (at least .3 of the mean over
        columns), medians of ``c^2``, "length", and of ``e^2``, "error".
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where X has names that are all strings.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Trees; needs no scale and no structure among columns.
    sklearn.neighbors.LocalOutlierFactor : Samples far from their neighbors.

    Notes
    -----
    What the autoencoder was trained on is a copy of X (float32 for float32 and narrow integers).

    Do not use it where columns have nothing to do with each other, or where outliers are no rarer
    than `trim` and alike: a group of alike samples is what codes are for.

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
        "autoencoder": [TrainedAutoencoder, None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "n_rounds": [Interval(Integral, 0, None, closed="left")],
        "trim": [Interval(Real, 0, 0.5, closed="both")],
        "standardize": [StrOptions({"auto"}), "boolean"],
        "random_state": ["random_state"],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Choose the samples to learn from, train the autoencoder on them, and put the threshold.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples of any real numeric dtype.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative; a weight of 2 is the same as a sample given twice.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            NaN or infinity in X, a parameter out of range, or columns standardized for a loss that
            needs X in [0, 1].
        """
        fitted = copy(self)
        if self.autoencoder is not None:
            self.autoencoder._validate_params()
        X = read_samples(fitted, X, reset=True)
        weight = read_weights(sample_weight, X)
        index, weight = canonical_samples(Samples(X, *mean_and_scale(Samples(X), weight)), weight)
        X, seed = X[index], seed_of(self.random_state)
        shares = _EXPLAINED if self.autoencoder is None else _EXPLAINED_BY_ONE
        settings = {
            "standardize": self._standardizes(),
            "n_rounds": self.n_rounds,
            "trim": self.trim,
        }
        members = [
            fit_member(X, weight, self._unfitted, seed, explained_variance=explained, **settings)
            for explained in shares
        ]
        scales, autoencoders, references, odd = zip(*members, strict=True)
        fitted.scales_ = np.array(scales)
        fitted.autoencoders_, fitted.references_ = list(autoencoders), list(references)
        fitted.offset_ = -anomaly_threshold(geometric_mean(odd), weight, self.contamination)
        for name in _COLUMNS:
            self.__dict__.pop(name, None)
        self.__dict__.update(vars(fitted))
        return self

    @property
    def autoencoder_(self):
        """The fitted autoencoder; of several the one with the most components."""
        return self.autoencoders_[-1]

    def score_samples(self, X):
        """Scores of samples: higher is more normal.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            float64, not above 0; about -1 for an ordinary sample.

        Raises
        ------
        ValueError
            If X has no sample, other columns, NaN or infinity, or what the loss does not take.
        """
        X = self._checked(X)
        odd = np.empty((len(self.autoencoders_), X.shape[0]))
        for sample, scale, autoencoder, reference in zip(
            odd, self.scales_, self.autoencoders_, self.references_, strict=True
        ):
            for part, *block in codes_and_squared_errors(autoencoder, scale, X):
                sample[part] = anomaly_scores(reference, *block)
        return -geometric_mean(odd)

    def decision_function(self, X):
        """Scores above the threshold: negative for outliers.

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

    def predict(self, X):
        """Tell outliers from other samples.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,)
            -1 for outliers and 1 for others, int.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def reconstruction_errors(self, X):
        """Squared error of each cell: which column of a sample is odd.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            float64, not negative, over what is usual in the column: 1 is ordinary. Their mean over
            a sample is the ``e^2`` of its score.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        X = self._checked(X)
        errors = np.zeros(X.shape)
        for scale, autoencoder, reference in zip(
            self.scales_, self.autoencoders_, self.references_, strict=True
        ):
            for part, _, squares in codes_and_squared_errors(autoencoder, scale, X):
                errors[part] += squares / reference["cells"] / len(self.autoencoders_)
        return errors

    def _standardizes(self) -> bool:
        centered = self.autoencoder is None or LOSSES[self.autoencoder.loss].centered
        if self.standardize == "auto":
            return centered
        if self.standardize and not centered:
            raise ValueError(
                f"loss={self.autoencoder.loss!r} needs X in [0, 1], which standardize=True leaves: "
                "use standardize='auto' or another loss"
            )
        return self.standardize

    def _unfitted(self, n_components, seed):
        if self.autoencoder is None:
            autoencoder = AutoencoderTransformer(n_components, **_DEFAULT)
        else:
            autoencoder = clone(self.autoencoder)
        if autoencoder.random_state is None and self.random_state is not None:
            autoencoder.random_state = int(seed.generate_state(1)[0] >> 1)
        return autoencoder

    def _checked(self, X):
        check_is_fitted(self)
        return read_samples(self, X, reset=False)
