"""The winner-take-all autoencoder: lifetime sparsity of each unit over a mini-batch."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skae.core.data.samples import Samples
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval
from skae.estimators.base.unit_activity import activity
from skae.objectives.winner_take_all import winner_take_all_loss

__all__ = ["WinnerTakeAllAutoencoder"]


@autoencoder(
    notes={"init": "Sparse codes are far from principal components, so the default is random."},
)
class WinnerTakeAllAutoencoder(BaseAutoencoder, DenseParameters):
    """Winner-take-all autoencoder: sparse features without a penalty weight to tune.

    In training, each unit of the code keeps its largest activations over the samples of a
    mini-batch, a fraction `sparsity_rate` of them, and its other activations are set to 0 before
    the decoder receives the codes (lifetime sparsity)::

        minimize  mean_i loss(decode(winners(encode(x_i))), x_i)

    Every unit is active for some samples of every mini-batch and receives gradients from them, so
    no unit remains dead. `transform` applies no such mask: the code of a sample depends on no
    other sample.

    Parameters
    ----------
    {parameters}

    sparsity_rate : float, default=0.05
        Fraction of the samples of a mini-batch for which each unit stays active, above 0 and at
        most 1; at least one sample. The batch size should be several times its inverse: at least
        100 for 0.05.

    Attributes
    ----------
    mean_activation_ : ndarray of shape (n_components,)
        Weighted mean activation of each unit over the samples of the last fit.

    active_fraction_ : ndarray of shape (n_components,)
        Fraction of those samples for which the unit exceeds 1 % of its largest activation; 0 for
        dead units.

    dead_units_ : ndarray of int
        Indices of units whose activation is nearly constant: its standard deviation is at most
        0.1 % of the largest among units.

    {attributes}

    See Also
    --------
    skae.SparseAutoencoder : Sparse codes by a penalty, or by the largest entries of each code.

    Notes
    -----
    The codes of `transform` are denser than those on which the decoder was trained, so
    `reconstruct`, `score` and `score_samples` show a higher error than the training loss. Use it
    to learn features for a classifier, as in [1]_. For compression, AutoencoderTransformer is
    better.

    The network of [1]_ is ``hidden_layer_sizes=()`` with hundreds of units.

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
    init: Any = "random"
    code_activation: str = "relu"

    _parameter_constraints: ClassVar[dict] = {
        "sparsity_rate": [Interval(Real, 0, 1, closed="right")],
    }

    def _objective(self) -> Objective:
        return Objective(winner_take_all_loss, self.loss)

    def _hyperparameters(self) -> dict[str, float]:
        return {"sparsity_rate": self.sparsity_rate}

    def _further_attributes(self, samples: Samples, weight: np.ndarray) -> dict[str, Any]:
        return activity(self, samples, weight)
