"""A regressor that learns from all rows, and needs the numbers of few."""

from dataclasses import dataclass

from sklearn.base import RegressorMixin

from skae.core.objectives import Objective
from skae.core.supervised import squared_error_loss
from skae.meta._pretrained import PretrainedEstimator
from skae.meta._targets import read_numbers

__all__ = ["PretrainedRegressor"]


@dataclass(eq=False, repr=False)
class PretrainedRegressor(RegressorMixin, PretrainedEstimator):
    """An autoencoder's encoder with a linear head that tells a number."""

    def _objective(self):
        return Objective(squared_error_loss)

    def _read_targets(self, y, X, weight):
        return read_numbers(self, y, X, weight)

    @property
    def _n_outputs(self):
        return 1

    def predict(self, X):
        """Numbers of rows."""
        outputs = self._outputs(X)[:, 0]
        return outputs * self.target_scale_ + self.target_mean_
