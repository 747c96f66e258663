"""The sparse autoencoder: codes of many units, of which few are active for a sample."""

from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skae.core.data.samples import Samples
from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions, integers_from, reals_from
from skae.estimators.base.unit_activity import activity
from skae.objectives.sparse.initialization import sparse_initialization
from skae.objectives.sparse.objective import PENALTIES, sparse_loss

__all__ = ["SparseAutoencoder"]


@autoencoder(
    notes={
        "code_activation": '"auto": "logistic" under the penalties "kl" (which takes no other) and '
        '"squared_error", "relu" under "l1" and "l2", "identity" under "top_k".',
        "init": "Sparse codes are far from principal components, so the default is random.",
        "tied_weights": '"auto": True under the penalties "l1" and "l2" with '
        '``decoder_norm="weighted"`` unless `decoder_hidden_layer_sizes` is set, else False.',
    },
)
class SparseAutoencoder(BaseAutoencoder, DenseParameters):
    """Sparse autoencoder: overcomplete codes of which few units are active for each sample.

    A code is overcomplete if it has more units than the data have dimensions. There is no
    bottleneck then, and without regularization the autoencoder could learn the identity function.
    A sparsity penalty prevents it: each unit may be active for few samples only, so it becomes a
    detector of a feature that some samples have and most do not, and each sample is represented
    by a combination of few such features. With z_i = encode(x_i), t = `sparsity_target`, and m_j
    the weighted mean activation of unit j over a mini-batch::

        minimize  mean_i loss(decode(z_i), x_i) + sparsity_weight * penalty

        "kl"             sum_j  t log(t / m_j) + (1 - t) log((1 - t) / (1 - m_j))
        "squared_error"  sum_j  (m_j - t)^2
        "l1"             mean_i sum_j |z_ij|
        "l2"             mean_i sum_j z_ij^2
        "top_k"          none: of each code only the n_active largest entries are kept

    "kl" is the Kullback-Leibler divergence between Bernoulli distributions with means t and m_j.
    It and "squared_error" constrain the mean activation of each unit. "l1" drives single entries
    of a code to zero. "l2" makes all entries small, but not sparse; it serves for comparison.
    "top_k" is the k-sparse autoencoder [3]_.

    "kl" and "squared_error" have an additional weight decay: ``decoder_alpha / 2`` times the sum
    of squares of the decoder's weights that leave the units. Without it, a unit that is slightly
    active for all samples can meet its target mean, and large weights can amplify its small
    differences.

    Parameters
    ----------
    {parameters}

    penalty : {"kl", "squared_error", "l1", "l2", "top_k"}, default="kl"
        The sparsity penalty, see above.

    sparsity_target : float, default=0.1
        Target of each unit's mean activation under "kl" and "squared_error", between 0 and 1.

    sparsity_weight : "auto" or float, default="auto"
        Weight of the penalty relative to the reconstruction loss, at least 0. "auto": 0.01 for
        "kl", 1 for "squared_error", 0.001 for "l1" and "l2".

    decoder_norm : {"weighted", "unit", "none"}, default="weighted"
        How "l1" and "l2" take account of the decoder's weights; the other penalties do not use
        it. Without tied weights, codes divided by 10 and a decoder multiplied by 10 have the same
        reconstructions and a tenth of the "l1" penalty.

        - "weighted": each code is multiplied by the norm of its weights in the decoder's first
          layer, so that such a change has no effect. With tied weights, which rule it out, the
          penalty is that of the codes themselves.
        - "unit": the decoder's weights that leave a code are divided by their norm, as in
          dictionary learning and sparse coding. The penalty is that of the codes themselves. It
          needs a random `init` and untied weights.
        - "none": the penalty is that of the codes themselves, as in Keras and most textbooks.
          Training reduces it by shrinking the codes while the decoder's weights grow, and not
          by setting more entries to zero. The effect of `sparsity_weight` then depends on the
          optimizer and on the number of epochs. Use it to reproduce published settings.

    decoder_alpha : "auto" or float, default="auto"
        Weight decay of the weights from the codes into the decoder, at least 0, for "kl" and
        "squared_error" without tied weights. "auto": 0.0003, and 0 for a decoder module of your
        own, whose weights are not known. Higher values push activations towards 0 and 1 and
        increase the reconstruction error.

    n_active : "auto" or int, default="auto"
        Number of entries that "top_k" keeps of each code, from 1 to `n_components`. "auto": a
        tenth of `n_components`, at least 1.

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
    skae.AutoencoderTransformer : Without a sparsity penalty.
    skae.WinnerTakeAllAutoencoder : Sparse codes without a penalty weight to tune.

    Notes
    -----
    The reconstruction loss is a mean over features, the penalty a sum over units. "l1" and "l2"
    are means over the samples of a mini-batch. Samples are divided by s = ``scale_``, so that the
    squared error is 1 / s^2 times that in units of X. Weights of penalties from elsewhere, for the
    mean squared error of X itself, are therefore divided by s^2:

    - Keras, ``ActivityRegularization(l1=w)``: ``penalty="l1"``, ``sparsity_weight = w / s**2`` and
      ``decoder_norm="none"``.
    - w times the sum of the divergences of all units: ``penalty="kl"``,
      ``sparsity_weight = w / s**2`` and ``decoder_alpha=0``.
    - The same as an ``activity_regularizer`` of Keras, which divides it by the batch size B:
      ``sparsity_weight = w / (B * s**2)``.

    Under "kl" and "squared_error" each unit is initialized to its target mean, inactive for most
    samples and active for some.

    ``history_`` also contains "reconstruction" and "penalty", the two terms of the training loss.

    Do not use it for dimensionality reduction to 2 or 10 components, such as for plots: a short
    code has no units to spare, and AutoencoderTransformer has a lower reconstruction error.

    References
    ----------
    .. [1] Ng (2011). Sparse autoencoder. CS294A lecture notes, Stanford.
    .. [2] Lee, Ekanadham and Ng (2008). Sparse deep belief net model for visual area V2. NeurIPS.
    .. [3] Makhzani and Frey (2013). k-sparse autoencoders. arXiv:1312.5663.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> sparse = SparseAutoencoder(100, sparsity_weight=0.03, max_iter=30, random_state=0).fit(X)
    >>> bool(0.08 < sparse.mean_activation_.mean() < 0.12)
    True
    >>> k_sparse = SparseAutoencoder(100, penalty="top_k", n_active=8, max_iter=5, random_state=0)
    >>> (k_sparse.fit_transform(X) != 0).sum(axis=1).max()
    np.int64(8)
    """

    penalty: str = "kl"
    sparsity_target: float = 0.1
    sparsity_weight: Any = "auto"
    decoder_norm: str = "weighted"
    decoder_alpha: Any = "auto"
    n_active: Any = "auto"
    init: Any = "random"
    code_activation: str = "auto"
    tied_weights: Any = "auto"

    _parameter_constraints: ClassVar[dict] = {
        "penalty": [StrOptions(set(PENALTIES))],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither")],
        "sparsity_weight": [StrOptions({"auto"}), reals_from(0)],
        "decoder_norm": [StrOptions({"weighted", "unit", "none"})],
        "decoder_alpha": [StrOptions({"auto"}), reals_from(0)],
        "n_active": [StrOptions({"auto"}), integers_from(1)],
        "code_activation": [
            StrOptions({"auto"}),
            *BaseAutoencoder._parameter_constraints["code_activation"],
        ],
        "tied_weights": [StrOptions({"auto"}), "boolean"],
    }

    def _objective(self) -> Objective:
        settings = (("penalty", self.penalty), ("decoder_norm", self.decoder_norm))
        return Objective(sparse_loss, self.loss, settings)

    def _hyperparameters(self) -> dict[str, float]:
        penalty = PENALTIES[self.penalty]
        automatic = {"sparsity_weight": penalty.weight, "decoder_alpha": penalty.decoder_alpha}
        values = {name: getattr(self, name) for name in automatic}
        resolved = {k: automatic[k] if value == "auto" else value for k, value in values.items()}
        return {"sparsity_target": self.sparsity_target, **resolved}

    def _resolved(self) -> dict[str, Any]:
        parameters, penalty = super()._resolved(), PENALTIES[self.penalty]
        if isinstance(self.network, tuple) and self.decoder_alpha != "auto":
            raise ValueError(
                f"decoder_alpha={self.decoder_alpha} is a weight decay on the decoder's weights "
                "that leave the codes, which are not known for a decoder module of your own: use "
                "decoder_alpha='auto'"
            )
        if self.code_activation == "auto":
            parameters["code_activation"] = penalty.code_activation
        elif self.penalty == "kl" and self.code_activation != "logistic":
            raise ValueError(
                f"code_activation={self.code_activation!r} is not compatible with penalty='kl', "
                "which needs codes between 0 and 1: use code_activation='auto' or 'logistic', or "
                "another penalty"
            )
        if self.tied_weights == "auto":
            is_weighted = penalty.scales_with_codes and self.decoder_norm == "weighted"
            is_symmetric = self.decoder_hidden_layer_sizes is None
            parameters["tied_weights"] = is_weighted and is_symmetric
        if not penalty.scales_with_codes:
            parameters["decoder_norm"] = "none"
        elif self.decoder_norm == "unit":
            self._check_unit_decoder(parameters)
        parameters["n_active"] = self._resolved_n_active() if self.penalty == "top_k" else None
        return parameters

    def _check_unit_decoder(self, parameters: dict[str, Any]) -> None:
        problem = None
        if parameters["tied_weights"]:
            problem = "tied_weights=True shares them with the encoder: use tied_weights=False"
        elif isinstance(self.network, tuple):
            problem = "those of a decoder module of your own are not known: use 'none'"
        elif self.init == "pca":
            problem = "init='pca' sets them to principal components: use init='random'"
        if problem:
            raise ValueError(
                "decoder_norm='unit' divides the decoder's weights that leave a code by their "
                f"norm, but {problem}"
            )

    def _initialization(self) -> Callable | None:
        # Only these penalties have a target for the mean activation.
        if self.penalty not in ("kl", "squared_error"):
            return None
        return partial(sparse_initialization, target=self.sparsity_target)

    def _resolved_n_active(self) -> int:
        if self.n_active == "auto":
            return max(1, self.n_components // 10)
        if self.n_active > self.n_components:
            raise ValueError(
                f"n_active={self.n_active} exceeds n_components={self.n_components}, the length "
                "of a code: choose a smaller n_active"
            )
        return int(self.n_active)

    def _further_attributes(self, samples: Samples, weight: np.ndarray) -> dict[str, Any]:
        return activity(self, samples, weight)
