"""Semi-supervised classification: an autoencoder's encoder, pretrained and fine-tuned."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from skae._typing import ArrayLike, FloatArray, MatrixLike
from skae.core.objective import Objective
from skae.estimators.base.sklearn_compat import StrOptions
from skae.meta._documentation import documented
from skae.meta._pretrained import PretrainedEstimator
from skae.meta._targets import (
    Targets,
    class_labels,
    encode_labels,
    labeled_subset,
    sample_weights_by_class,
)
from skae.objectives.supervised import cross_entropy_loss, units

__all__ = ["PretrainedClassifier"]

UNLABELED = """\
Value of y that marks unlabeled samples: -1 as in `sklearn.semi_supervised`, a string, or NaN.
None: all samples are labeled, and -1 is a label like any other."""


@documented(
    unlabeled_type="label, NaN or None",
    unlabeled=UNLABELED,
    stratified=" (stratified by class)",
)
@dataclass(kw_only=True, eq=False, repr=False)
class PretrainedClassifier(ClassifierMixin, PretrainedEstimator):
    """Semi-supervised classifier: an autoencoder's encoder, pretrained and then fine-tuned.

    For many samples and few labels. Unsupervised pretraining fits an autoencoder to all samples,
    labeled or not. Supervised fine-tuning then trains a head on the encoder's layers ``e`` with the
    labeled samples: first the head alone, then the head and the layers together [1]_, [2]_. The
    head is linear, or has new hidden layers of `hidden_layer_sizes` below the output layer::

        minimize  mean_i w_i * -log softmax(W e(x_i) + b)[y_i] + alpha / 2 * sum of squares

    Parameters
    ----------
    {parameters}

    class_weight : dict, "balanced" or None, default=None
        Class weights {label: weight}, by which sample weights are multiplied. "balanced": inversely
        proportional to the (weighted) class frequencies among the labeled samples.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    {attributes}

    See Also
    --------
    PretrainedRegressor : Semi-supervised regression.
    SemanticHasher : Unsupervised binary codes; as `autoencoder`, `hash` returns binary codes that
        are trained with the labels.
    sklearn.semi_supervised.SelfTrainingClassifier : Adds predicted labels to the training set.

    Notes
    -----
    In a grid search, unlabeled samples are in the folds too. `score` ignores them, and so does a
    search with the default scoring. ``scoring="accuracy"`` would count them as errors.

    `hash` returns binary codes of the inputs of the output layer [3]_.

    Do not use it if most samples are labeled and there are many of them: pretraining then saves
    little, and gradient-boosted trees are better on tabular data.

    References
    ----------
    .. [1] Hinton and Salakhutdinov (2006). Reducing the dimensionality of data with neural
       networks. Science 313, 504-507.
    .. [2] Kumar, Raghunathan, Jones, Ma and Liang (2022). Fine-tuning can distort pretrained
       features and underperform out-of-distribution. ICLR 2022.
    .. [3] Guo and Li (2015). CNN based hashing for image retrieval. arXiv:1509.01354.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder, PretrainedClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> some = y.copy()
    >>> some[100:] = -1
    >>> model = PretrainedClassifier(
    ...     DenoisingAutoencoder(32, init="random", max_iter=30, early_stopping=False),
    ...     unlabeled=-1,
    ...     max_iter=60,
    ...     random_state=0,
    ... )
    >>> model = model.fit(X, some)
    >>> bool(model.score(X[100:], y[100:]) > 0.75)
    True
    """

    class_weight: Any = None

    _portable_methods = ("predict_proba", "decision_function")
    _parameter_constraints: ClassVar[dict] = {
        **PretrainedEstimator._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def predict(self, X: MatrixLike) -> NDArray:
        """Predict class labels.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Class labels, of the dtype of `classes_`.

        Raises
        ------
        ValueError
            X has no samples, other features than in `fit`, NaN or infinity.
        sklearn.exceptions.NotFittedError
            The estimator is not fitted.
        """
        class_index = self._outputs(X).argmax(axis=1)
        return self.classes_[class_index]

    def decision_function(self, X: MatrixLike) -> FloatArray:
        """Logits: outputs of the head, higher for more probable classes.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            float64. For two classes, the logit of the second minus that of the first.

        Raises
        ------
        ValueError
            X has no samples, other features than in `fit`, NaN or infinity.
        sklearn.exceptions.NotFittedError
            The estimator is not fitted.
        """
        scores = self._outputs(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X: MatrixLike) -> FloatArray:
        """Predict class probabilities: the softmax of the logits.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            float64, columns in the order of `classes_`.

        Raises
        ------
        ValueError
            X has no samples, other features than in `fit`, NaN or infinity.
        sklearn.exceptions.NotFittedError
            The estimator is not fitted.
        """
        logits = self._outputs(X)
        # Subtracting the maximum prevents overflow.
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy on the labeled samples.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels; samples marked as `unlabeled` are ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative sample weights.

        Returns
        -------
        score : float
            Accuracy, from 0 to 1.

        Raises
        ------
        ValueError
            As `predict`; or all values of y are `unlabeled`, others are not of the type of the
            labels in `fit`, y or sample_weight does not have one entry per sample, or sample_weight
            is negative, not finite, or 0 for all labeled samples.
        sklearn.exceptions.NotFittedError
            The estimator is not fitted.
        """
        labeled, y, weight = labeled_subset(X, class_labels(y), self.unlabeled, sample_weight)
        return float(accuracy_score(y, self.predict(X)[labeled], sample_weight=weight))

    def hash(self, X: MatrixLike, packed: bool = True) -> NDArray[np.uint8]:
        """Supervised binary codes for retrieval: one bit per input of the output layer.

        These are the units of the last of `hidden_layer_sizes`, or without such layers the features
        of the head. A bit is 1 if the unit's output exceeds the value of its activation at 0 (Guo
        and Li 2015). The units of a `SemanticHasher` are trained to be binary and give the best
        codes.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        packed : bool, default=True
            Whether to pack eight bits into a byte, as `SemanticHasher.hash` does. False: one bit
            per array element.

        Returns
        -------
        hashes : ndarray of shape (n_samples, ceil(n_units / 8)) or (n_samples, n_units)
            uint8. The first bit is the highest bit of the first byte; unused bits of the last byte
            are 0.

        Raises
        ------
        ValueError
            X has no samples, other features than in `fit`, NaN or infinity.
        sklearn.exceptions.NotFittedError
            The estimator is not fitted.
        """
        check_is_fitted(self)
        values = self._apply(units, X, len(self.params_["head"]["kernel"]))
        bits = (values > self._network.threshold).astype(np.uint8)
        return np.packbits(bits, axis=1) if packed else bits

    def _objective(self) -> Objective:
        return Objective(cross_entropy_loss)

    def _read_targets(self, y: Any, X: Any, weight: np.ndarray) -> Targets:
        return encode_labels(self, y, X, weight)

    def _sample_weights(self, targets: Targets, weight: np.ndarray) -> np.ndarray:
        return weight * sample_weights_by_class(self.class_weight, targets, weight)

    def _exported_output(self, method: str, outputs: Any) -> Any:
        if method == "predict_proba":
            return jax.nn.softmax(outputs)
        return outputs[:, 1] - outputs[:, 0] if self._n_outputs == 2 else outputs

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)
