"""Methods of a fitted outlier detector: scores, labels and export."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from skae._typing import FloatArray, IntArray, MatrixLike
from skae.estimators.base.estimator import SkaeEstimator
from skae.estimators.base.functions import portable_over
from skae.estimators.base.input_checks import read_samples
from skae.estimators.base.sample_shape import sample_shape
from skae.estimators.base.sklearn_compat import in_container
from skae.export.exporting import ExportMixin
from skae.export.portable import Portable
from skae.meta._fitting import SetOutputMixin
from skae.meta._members import Member
from skae.objectives.outlyingness import ERROR_BOUND, ERROR_WEIGHT, TINY, geometric_mean
from skae.objectives.trimming import MAX_SCALED_VALUE

__all__ = ["FittedDetector"]

# Squares of larger numbers, summed, exceed float32, in which exported functions compute.
_LARGEST = np.float32(1e17)


class FittedDetector(SetOutputMixin, OutlierMixin, ExportMixin, SkaeEstimator):
    """Base class of the outlier detector: methods that use fitted attributes."""

    scales_: Any
    autoencoders_: Any
    references_: Any
    offset_: Any
    n_features_in_: Any
    # Pipelines that skl2onnx converts return the first one as scores.
    _portable_methods = ("decision_function", "score_samples", "predict")

    @property
    def autoencoder_(self) -> Any:
        """The fitted autoencoder; of an ensemble, the one with the most components."""
        return self.autoencoders_[-1]

    def score_samples(self, X: MatrixLike) -> FloatArray:
        """Negative anomaly scores: lower is more abnormal.

        Training samples are scored as new ones. Those that the autoencoders were trained on have
        somewhat higher scores, because their reconstruction errors are lower.

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
        return -geometric_mean([member.scores(X) for member in self._members()])

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
            so that 1 is typical. The score uses ``10 log(1 + error / 10)`` of each.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        given, X = X, self._validate(X)
        errors = np.zeros(X.shape)
        for member in self._members():
            for part, _, squared_errors in member.blocks(X):
                errors[part] += squared_errors / member.reference["cells"]
        errors /= len(self.autoencoders_)
        return in_container(errors.reshape(-1, *(sample_shape(given) or X.shape[1:])), given, self)

    def _validate(self, X: MatrixLike) -> Any:
        check_is_fitted(self)
        return read_samples(self, X, reset=False)

    def _members(self) -> list[Member]:
        members = zip(self.scales_, self.autoencoders_, self.references_, strict=True)
        return [Member(*parts) for parts in members]

    def _portable(self, method: str) -> Portable:
        log_scores = [_portable_log_score(member) for member in self._members()]
        offset = np.float32(self.offset_)

        def function(X):
            scores = -jnp.exp(sum(log_score(X) for log_score in log_scores) / len(log_scores))
            if method == "score_samples":
                return scores
            decision = scores - offset
            return decision if method == "decision_function" else jnp.where(decision < 0, -1, 1)

        return portable_over(self.autoencoder_.architecture_, function, self.n_features_in_)


def _portable_log_score(member: Member) -> Callable[[Any], jax.Array]:
    """The logarithm of `Member.scores` as a JAX function of float32 samples."""
    autoencoder = member.autoencoder
    encode = autoencoder._portable("transform").function
    reconstruct = autoencoder._portable("reconstruct").function
    reference = {name: np.float32(value) for name, value in member.reference.items()}
    scale, unit = np.float32(member.scale), np.float32(np.sqrt(member.reference["cells"]))

    def log_score(X):
        scaled = jnp.clip(X / scale, -MAX_SCALED_VALUE, MAX_SCALED_VALUE)
        codes = encode(scaled).astype(np.float32) - reference["center"]
        whitened = jnp.clip(codes @ reference["whitening"], -_LARGEST, _LARGEST)
        # ``bounded`` of the squared error, whose square may overflow float32.
        error = jnp.abs(scaled - reconstruct(scaled)) / unit / np.sqrt(ERROR_BOUND)
        small, excess = jnp.minimum(error, _LARGEST), jnp.maximum(error / _LARGEST, 1.0)
        error = ERROR_BOUND * (jnp.log1p(small * small) + 2 * jnp.log(excess)).mean(axis=1)
        relative = (whitened * whitened).sum(axis=1) / reference["length"]
        relative += ERROR_WEIGHT * error / reference["error"]
        return jnp.log(jnp.maximum(relative / (1 + ERROR_WEIGHT), TINY))

    return log_score
