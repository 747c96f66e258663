"""A classifier that learns from all samples, and needs labels of few."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from skae.core.objective import Objective
from skae.estimators.base.sklearn_compat import StrOptions
from skae.meta._documentation import documented
from skae.meta._pretrained import PretrainedEstimator
from skae.meta._targets import known_among, read_labels, weights_of_classes
from skae.objectives.supervised import cross_entropy_loss, features

__all__ = ["PretrainedClassifier"]

UNLABELED = """\
What marks a sample without a label in y: -1 as scikit-learn's semi-supervised estimators have it,
a string, or NaN. None: every sample has one, and labels of -1 are labels."""


@documented(
    unlabeled_type="label, NaN or None",
    unlabeled=UNLABELED,
    stratified=" (of each class the same share)",
)
@dataclass(kw_only=True, eq=False, repr=False)
class PretrainedClassifier(ClassifierMixin, PretrainedEstimator):
    """Classifier for many samples and few labels: an autoencoder's encoder with a linear head.

    Stage one: an autoencoder learns on all samples, which needs no label. Stage two: the labeled
    samples train a linear head on the encoder's layers ``e``, first alone, then together with them
    [1]_, [2]_::

        minimize  mean_i w_i * -log softmax(W e(x_i) + b)[y_i] + alpha / 2 * sum of squares

    Parameters
    ----------
    {parameters}

    class_weight : dict, "balanced" or None, default=None
        Weights of classes, {label: weight}, by which those of samples are multiplied in stage two.
        "balanced": inversely proportional to the classes' (weighted) frequencies among the
        labeled samples.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.

    {attributes}

    See Also
    --------
    PretrainedRegressor : The same for numbers.
    SemanticHasher : Codes of bits without labels; as `autoencoder`, `hash` gives bits that know
        the labels.

    Notes
    -----
    In a search, samples without a label are in the folds too. `score` leaves them out, and so does a
    search that uses it, as it does by default; ``scoring="accuracy"`` would count them as wrong.

    Do not use it where most samples have labels and they are plenty: pretraining then saves little,
    and gradient-boosted trees are better on tables.

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

    def predict(self, X):
        """Labels of samples.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Of the labels' own dtype.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        chosen = self._outputs(X).argmax(axis=1)
        return self.classes_[chosen]

    def decision_function(self, X):
        """The head's outputs: the larger, the more a sample looks like the class.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes), or (n_samples,) of two classes
            float64. Of two classes the second's score minus the first's.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        scores = self._outputs(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X):
        """Probabilities of the classes: the softmax of the head's outputs.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            float64, in the order of `classes_`.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        scores = self._outputs(X)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)

    def score(self, X, y, sample_weight=None):
        """Share of the labeled samples whose label is predicted.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels; samples that `unlabeled` marks are left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative.

        Returns
        -------
        score : float
            From 0 to 1.

        Raises
        ------
        ValueError
            As `predict`; or if all of y are `unlabeled`, others are no labels of the fit's kind, or
            y or sample_weight has not
            one entry a sample, or sample_weight is negative, not finite, or 0 in all labeled samples.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        known, y, weight = known_among(X, y, self.unlabeled, sample_weight)
        return float(accuracy_score(y, self.predict(X)[known], sample_weight=weight))

    def hash(self, X, packed=True):
        """Supervised codes: which units below the head are on, one bit a unit.

        A unit is on where it is above what its activation gives at 0, as Guo and Li have it; the
        units of a `SemanticHasher` are bits themselves, trained as such, and do best.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
        packed : bool, default=True
            Eight bits a byte, as `SemanticHasher.hash` gives them. False: one bit a cell.

        Returns
        -------
        hashes : ndarray of shape (n_samples, ceil(n_units / 8)) or (n_samples, n_units)
            uint8. The first bit is the highest of the first byte; what is left of the last byte
            is 0.

        Raises
        ------
        ValueError
            If X has no sample, other columns than the samples of the fit, NaN or infinity.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        units = self._run(features, X, len(self.params_["head"]["kernel"]))
        bits = (units > self._network.threshold).astype(np.uint8)
        return np.packbits(bits, axis=1) if packed else bits

    def _objective(self) -> Objective:
        return Objective(cross_entropy_loss)

    def _read_targets(self, y, X, weight):
        return read_labels(self, y, X, weight)

    def _sample_weights(self, targets, weight):
        return weight * weights_of_classes(self.class_weight, targets, weight)

    def _finished(self, method, outputs):
        if method == "predict_proba":
            return jax.nn.softmax(outputs)
        return outputs[:, 1] - outputs[:, 0] if self._n_outputs == 2 else outputs

    @property
    def _n_outputs(self):
        return len(self.classes_)
