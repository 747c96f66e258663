"""Scores of a fitted autoencoder: how well samples come back."""

import numpy as np
from sklearn.base import BaseEstimator

from skae.core.data.samples import Samples
from skae.estimators.base.input_checks import read_weights

__all__ = ["ScoringMixin"]

# in units of training: what can be squared and added up
_FARTHEST_CELL = 1e100


class ScoringMixin(BaseEstimator):
    """Squared errors of reconstructions as scores: higher is better."""

    def score_samples(self, X):
        """Minus the mean squared error of each sample's reconstruction: higher is more normal.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            float64, not above 0, in X's squared units.

        Raises
        ------
        ValueError
            As `transform`.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        errors, _ = self._squares(self._checked(X))
        with np.errstate(over="ignore"):
            scores = -errors / self.n_features_in_ * self.scale_**2
        return np.maximum(scores, np.finfo(np.float64).min)

    def score(self, X, y=None, sample_weight=None):
        """Explained variance: 1 - squared error / squared distance to the training mean.

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
            1 is perfect, 0 as good as the mean. Where all samples are the training mean itself, 1 if
            they are reconstructed exactly, else 0.

        Raises
        ------
        ValueError
            As `transform`; or if sample_weight has not one entry a sample, is negative, not finite,
            or 0 in all samples.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        X = self._checked(X)
        weight = read_weights(sample_weight, X)
        weight = weight / weight.max()
        errors, distances = (float(weight @ squares) for squares in self._squares(X))
        if distances == 0:
            return 1.0 if errors == 0 else 0.0
        return 1 - errors / distances

    def _squares(self, X):
        """Of each sample, in units of training: squared error, squared distance to the mean."""
        errors, distances = np.empty((2, X.shape[0]))
        samples = Samples(X)
        for part, block in samples.blocks(samples.raw):
            block = block.astype(np.float64)
            errors[part] = self._lengths(block, self._reconstructed(block))
            distances[part] = self._lengths(block, self.mean_)
        return errors, distances

    def _lengths(self, samples, others):
        """Of samples' differences: squares that are numbers, however far away a cell is."""
        with np.errstate(over="ignore"):
            differences = (samples - others) / self.scale_
        return np.square(np.clip(differences, -_FARTHEST_CELL, _FARTHEST_CELL)).sum(axis=1)
