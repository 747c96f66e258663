"""A classifier that learns from all rows, and needs labels of few."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin

from skae.core.objectives import Objective
from skae.core.supervised import cross_entropy_loss
from skae.estimators._sklearn import StrOptions
from skae.meta._pretrained import PretrainedEstimator
from skae.meta._targets import read_labels, weights_of_classes

__all__ = ["PretrainedClassifier"]


@dataclass(eq=False, repr=False)
class PretrainedClassifier(ClassifierMixin, PretrainedEstimator):
    """An autoencoder's encoder with a linear head that tells classes."""

    class_weight: Any = None

    _parameter_constraints: ClassVar[dict] = {
        **PretrainedEstimator._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def _objective(self):
        return Objective(cross_entropy_loss)

    def _read_targets(self, y, X, weight):
        return read_labels(self, y, X, weight)

    def _row_weights(self, targets, weight):
        return weight * weights_of_classes(self.class_weight, targets, weight)

    @property
    def _n_outputs(self):
        return len(self.classes_)

    def decision_function(self, X):
        logits = self._outputs(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X):
        logits = self._outputs(X)
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)

    def predict(self, X):
        chosen = self._outputs(X).argmax(axis=1)
        return self.classes_[chosen]
