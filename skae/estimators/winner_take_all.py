"""The winner-take-all autoencoder: each unit keeps its best samples of a batch and no others."""

from numbers import Real
from typing import ClassVar

from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval
from skae.estimators.base.unit_activity import activity
from skae.objectives.winner_take_all import winner_take_all_loss

__all__ = ["WinnerTakeAllAutoencoder"]


@autoencoder(
    notes={"init": "A sparse code is not near the principal components, so the start is random."},
)
class WinnerTakeAllAutoencoder(BaseAutoencoder, DenseParameters):
    """Winner-take-all autoencoder: sparse features without a penalty to be weighed.

    In training each unit keeps the samples of the batch that it answers to most, a share of
    `sparsity_rate`, and is set to 0 in all others, before the decoder sees the codes::

        minimize  mean_i loss(decode(winners(encode(x_i))), x_i)

    Every unit wins somewhere in every batch, so every unit learns and none stays dead (lifetime
    sparsity). `transform` holds no competition: a sample's code depends on no other sample.

    Parameters
    ----------
    {parameters}

    sparsity_rate : float, default=0.05
        Share of the samples of a batch that each unit keeps, above 0 and at most 1; never less than
        one sample. Batches must be large against its inverse: 0.05 wants 100 samples and more.

    Attributes
    ----------
    mean_activation_ : ndarray of shape (n_components,)
        Mean of each unit over the samples of the last fit, by weight.

    active_fraction_ : ndarray of shape (n_components,)
        Share of those samples in which the unit exceeds a hundredth of its largest code; 0 for dead
        units.

    dead_units_ : ndarray of int
        Units that tell no samples apart: their standard deviation is at most a thousandth of the
        largest among units.

    {attributes}

    See Also
    --------
    skae.SparseAutoencoder : Sparse codes by a penalty, or by the largest of each sample.

    Notes
    -----
    The codes of `transform` are denser than those that the decoder was trained on, so
    `reconstruct`, `score` and `score_samples` come out worse than the training loss says. Use it
    for features of a classifier, as the paper does, and not to compress: there
    AutoencoderTransformer is the better one.

    The paper's network is ``hidden_layer_sizes=()`` with hundreds of units.

    References
    ----------
    .. [1] Makhzani and Frey (2015). Winner-take-all autoencoders. NeurIPS 28.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skae import WinnerTakeAllAutoencoder
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X / 16
    >>> features = WinnerTakeAllAutoencoder(
    ...     100, hidden_layer_sizes=(), batch_size=128, max_iter=30, random_state=0
    ... )
    >>> model = make_pipeline(features, LogisticRegression(max_iter=2000)).fit(X[:1500], y[:1500])
    >>> bool(model.score(X[1500:], y[1500:]) > 0.9)
    True
    >>> len(model[0].dead_units_)
    0
    """

    sparsity_rate: float = 0.05
    init: str = "random"
    code_activation: str = "relu"

    _parameter_constraints: ClassVar[dict] = {
        "sparsity_rate": [Interval(Real, 0, 1, closed="right")],
    }

    def _objective(self) -> Objective:
        return Objective(winner_take_all_loss, self.loss)

    def _hyperparameters(self):
        return {"sparsity_rate": self.sparsity_rate}

    def _further_attributes(self, X, weight):
        return activity(self, X, weight)
