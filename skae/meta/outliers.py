"""Outlier and anomaly detection: a robustly fitted autoencoder scores samples.

Anomaly scores combine reconstruction errors with the position of codes in the latent space.
"""

from copy import copy
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np

from skae._typing import ArrayLike, MatrixLike
from skae.core.data.deduplication import canonical_samples
from skae.core.data.samples import Samples
from skae.core.losses import LOSSES
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.fit_arguments import fit_context
from skae.estimators.base.input_checks import read_samples, read_weights
from skae.estimators.base.random_state import make_seed
from skae.estimators.base.sample_shape import shaped
from skae.estimators.base.samples_as_y import refuse_samples_as_y
from skae.estimators.base.sklearn_compat import Interval, StrOptions, integers_from
from skae.meta._detection import FittedDetector
from skae.meta._fitting import set_fitted_attributes
from skae.meta._folds import held_out_folds
from skae.meta._loaded import check_detector
from skae.meta._members import explained_variances, fit_member
from skae.objectives.outlyingness import calibrated_threshold, geometric_mean

__all__ = ["AutoencoderOutlierDetector"]


@dataclass(eq=False, repr=False)
class AutoencoderOutlierDetector(FittedDetector):
    """Outlier and anomaly detection with autoencoders: anomaly scores from reconstruction errors.

    An autoencoder learns the structure that most samples share. A sample is an outlier (anomaly) if
    its reconstruction error is large, or if its code is far from all other codes. The anomaly score
    combines both::

        score(x) = -(c(x)^2 / median c^2 + 2 e(x)^2 / median e^2) / 3

    - ``e(x)^2`` is the reconstruction error: the mean over features of ``10 log(1 + r / 10)``,
      where r is the squared error divided by the mean squared error of the feature. The logarithm
      bounds the influence of a single feature.
    - ``c(x)^2`` is the squared length of the whitened code.

    The training samples may contain outliers, which would distort feature scales and would be
    learned by the autoencoder. So the fit is robust, as in least trimmed squares [2]_: the share
    `trim` of samples with the highest anomaly scores under principal components is left out, and
    feature scales and components are computed again from the remaining samples, the inliers. This
    is repeated `n_rounds` times; each round selects inliers among all samples. The autoencoder, the
    whitening are fitted to the inliers of the last round.

    An autoencoder reconstructs the samples that it was trained on better than new ones. So the mean
    errors, the medians and the threshold are cross-fitted: they are those of samples that an
    autoencoder was not trained on (see `cv`).

    Parameters
    ----------
    autoencoder : autoencoder or None, default=None
        Any autoencoder of skae, with any network. It is cloned. None: an ensemble [3]_ of four
        `AutoencoderTransformer`, trained for 20 epochs, whose numbers of components explain .3, .5,
        .7 and .99 of the variance. They are at most 64 and, unless that is below 16, at most an
        eighth of the number of inliers.
    contamination : "auto" or float, default="auto"
        Share of outliers, above 0 and at most 0.5: `predict` labels about this share of new samples
        of the same kind as outliers. Of the training samples it labels exactly this share if the
        held-out scores agree with that threshold (two standard errors, half of the share), and
        else fewer. It does not affect scores. "auto": outliers are samples whose log score is more
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
    cv : int, splitter, iterable or None, default=5
        Folds of the cross-fitting, each of which needs one more fit of every autoencoder. An int:
        random folds, as many of them as have 500 samples together, so that a fit to 2,500 samples
        or more takes about twice the time of the autoencoder's. A splitter of
        `sklearn.model_selection` or an iterable of splits divides the rows of X; ``KFold(5)``
        suits time series, in which neighboring samples are similar. None: no cross-fitting; too
        many new samples are then labeled as outliers, unless there are many training samples.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds, and of the autoencoder if its own `random_state` is None. With an int,
        repeated fits are bitwise identical.

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
        Statistics for each autoencoder: "center" and "whitening" of the inliers' codes; of held-out
        inliers the mean squared error of each feature in "cells" (at least .3 of the mean over
        features), and the medians of ``c^2`` in "length" and of ``e^2`` in "error".
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
    cv: Any = 5
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        "autoencoder": [BaseAutoencoder, None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "n_rounds": [integers_from(0)],
        "trim": [Interval(Real, 0, 0.5, closed="both")],
        "standardize": [StrOptions({"auto"}), "boolean"],
        "cv": ["cv_object"],
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
        y : None or labels
            Ignored. Numeric samples with the features of X raise an error.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights. A weight of 2 is equivalent to repeating the sample.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            X contains NaN or infinity, a parameter is out of range, y holds samples, or
            standardize=True with a loss that needs X in [0, 1].
        """
        # Attributes are set on a copy first, so that a fit that fails changes nothing.
        fitted = copy(self)
        if self.autoencoder is not None:
            self.autoencoder._validate_params()
        X = read_samples(fitted, X, reset=True)
        refuse_samples_as_y(y, X, type(self).__name__)
        weight = read_weights(sample_weight, X)
        # Duplicates are merged first, so that weights are equivalent to repetition.
        index, weight = canonical_samples(Samples(X), weight)
        seed = make_seed(self.random_state)
        folds = held_out_folds(self.cv, index, X.shape[0], seed)
        X = X[index]
        settings = {
            "autoencoder": shaped(self.autoencoder, getattr(fitted, "sample_shape_", None)),
            "random_state": self.random_state,
            "standardize": self._standardizes(),
            "n_rounds": self.n_rounds,
            "trim": self.trim,
        }
        fits = [
            fit_member(X, weight, folds, seed, explained_variance=share, **settings)
            for share in explained_variances(self.autoencoder)
        ]
        members, held_out = zip(*fits, strict=True)
        scales, autoencoders, references = zip(*members, strict=True)
        fitted.scales_ = np.array(scales)
        fitted.autoencoders_, fitted.references_ = list(autoencoders), list(references)
        fitted.offset_ = -calibrated_threshold(
            geometric_mean([member.scores(X) for member in members]),
            weight,
            geometric_mean(held_out),
            weight[np.concatenate(folds)] if folds else weight,
            self.contamination,
        )
        set_fitted_attributes(self, vars(fitted))
        return self

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
