"""The sparse autoencoder: of many units, few speak for any one sample."""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

from skae.core.objective import Objective
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.estimators.base.unit_activity import activity
from skae.objectives.sparse.initialization import sparse_initialization
from skae.objectives.sparse.objective import PENALTIES, sparse_loss

__all__ = ["SparseAutoencoder"]


@autoencoder(
    notes={
        "code_activation": '"auto": "logistic" under the penalties "kl" (which takes no other) and '
        '"squared_error", "relu" under "l1" and "l2", "identity" under "top_k".',
        "init": "A sparse code is not near the principal components, so the start is random.",
        "tied_weights": '"auto": True under the penalties "l1" and "l2" unless '
        "`decoder_hidden_layer_sizes` is set, else False. Shrinking the codes and growing the "
        "decoder would empty these two penalties; tied weights cannot do both. Where they are not "
        "tied, each code counts times the length of the weights that leave it, as if the columns "
        "of the decoder's first layer had unit length.",
    },
)
class SparseAutoencoder(BaseAutoencoder, DenseParameters):
    """Sparse autoencoder: each sample is told by a few active units out of many.

    A code with more units than the data have dimensions could copy its input. Sparsity is what
    stops it: each unit may speak for a few samples only, so it comes to stand for something that
    some samples have and most have not. With z_i = encode(x_i) and m_j the mean of unit j over the
    samples of a batch, by weight::

        minimize  mean_i loss(decode(z_i), x_i) + sparsity_weight * penalty

        "kl"             sum_j  t log(t / m_j) + (1 - t) log((1 - t) / (1 - m_j))
        "squared_error"  sum_j  (m_j - t)^2
        "l1"             mean_i sum_j |z_ij|
        "l2"             mean_i sum_j z_ij^2
        "top_k"          none: of each code only the n_active largest are kept

    with t = `sparsity_target`. The first two ask how often a unit is on; "l1" drives single codes
    to zero; "l2" makes all of them small, not sparse, and is there to be compared. To the first
    two comes ``decoder_alpha / 2`` times the sum of squares of the weights that leave the units:
    a unit that is always a little on has the mean that was asked for, and with large weights
    behind it tells as much as one that is off for most samples and on for some.

    Parameters
    ----------
    {parameters}

    penalty : {"kl", "squared_error", "l1", "l2", "top_k"}, default="kl"
        What makes the codes sparse.

    sparsity_target : float, default=0.1
        Mean activation that "kl" and "squared_error" ask of each unit, between 0 and 1.

    sparsity_weight : "auto" or float, default="auto"
        Of the penalty against the reconstruction, at least 0. "auto": 0.01 for "kl", 1 for
        "squared_error", 0.001 for "l1" and "l2".

    decoder_alpha : "auto" or float, default="auto"
        L2 penalty on the weights that lead from the codes into the decoder, at least 0, for "kl"
        and "squared_error" (under the others lengths are held or nothing is added) and without
        tied weights. "auto": 0.0003, and none with a decoder of your own, which does not tell
        what these weights are. More drives codes to 0 and 1, and reconstructs less well.

    n_active : "auto" or int, default="auto"
        Codes that "top_k" keeps of each sample, from 1 to `n_components`. "auto": a tenth of
        `n_components`, at least 1.

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
    skae.AutoencoderTransformer : Without the penalty.

    Notes
    -----
    The reconstruction loss is a mean over cells, the penalty a sum over units, both in units of
    training: samples are divided by s = ``scale_``. "l1" and "l2" are means over the samples of a batch,
    whatever its size. Keras divides its activity penalties by the batch size B on top of that and
    leaves X as it is: its ``ActivityRegularization(l1=w)`` with mean squared error on bounded
    codes is ``sparsity_weight = w / (B * s**2)`` here.

    Under "kl" and "squared_error" each unit starts at its target mean, off for most samples and on
    for some.

    ``history_`` also holds "reconstruction" and "penalty", the two parts of the training loss.

    Not for few dimensions: a code of 2 or 10 numbers has nothing to spare, and
    AutoencoderTransformer reconstructs better. Not for looking at samples in a plane.

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
    decoder_alpha: Any = "auto"
    n_active: Any = "auto"
    init: str = "random"
    code_activation: str = "auto"
    tied_weights: Any = "auto"

    _parameter_constraints: ClassVar[dict] = {
        "penalty": [StrOptions(set(PENALTIES))],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither")],
        "sparsity_weight": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "decoder_alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "n_active": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "code_activation": [
            StrOptions({"auto"}),
            *BaseAutoencoder._parameter_constraints["code_activation"],
        ],
        "tied_weights": [StrOptions({"auto"}), "boolean"],
    }

    def _objective(self) -> Objective:
        return Objective(sparse_loss, self.loss, (("penalty", self.penalty),))

    def _hyperparameters(self):
        penalty = PENALTIES[self.penalty]
        automatic = {"sparsity_weight": penalty.weight, "decoder_alpha": penalty.decoder_alpha}
        given = {name: getattr(self, name) for name in automatic}
        chosen = {k: automatic[k] if value == "auto" else value for k, value in given.items()}
        return {"sparsity_target": self.sparsity_target, **chosen}

    def _resolved(self):
        parameters, penalty = super()._resolved(), PENALTIES[self.penalty]
        if isinstance(self.network, tuple) and self.decoder_alpha != "auto":
            raise ValueError(
                f"decoder_alpha={self.decoder_alpha} is a penalty on the weights that lead from "
                "the codes into the decoder, and a decoder of your own does not tell which those "
                "are: leave 'auto'"
            )
        if self.code_activation == "auto":
            parameters["code_activation"] = penalty.code_activation
        elif self.penalty == "kl" and self.code_activation != "logistic":
            raise ValueError(
                f"code_activation={self.code_activation!r} does not go with penalty='kl', which "
                "needs codes between 0 and 1: use 'auto' or 'logistic', or another penalty"
            )
        if self.tied_weights == "auto":
            mirrored = self.decoder_hidden_layer_sizes is None
            parameters["tied_weights"] = penalty.scales_with_codes and mirrored
        parameters["n_active"] = self._active_units() if self.penalty == "top_k" else None
        return parameters

    def _initialization(self):
        if self.penalty not in ("kl", "squared_error"):
            return None
        return partial(sparse_initialization, target=self.sparsity_target)

    def _active_units(self) -> int:
        if self.n_active == "auto":
            return max(1, self.n_components // 10)
        if self.n_active > self.n_components:
            raise ValueError(
                f"n_active={self.n_active} exceeds n_components={self.n_components}: a code has "
                "not that many units to keep"
            )
        return int(self.n_active)

    def _further_attributes(self, X, weight):
        return activity(self, X, weight)
