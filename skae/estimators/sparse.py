"""The sparse autoencoder: of many units, few speak for any one sample."""

from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import jax.numpy as jnp

from skae.core.networks.ends import has_entering_kernel
from skae.core.objective import Objective, mean_over_samples
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.estimators.base.unit_activity import activity
from skae.objectives.decoder_norm import code_lengths, hold_gain
from skae.objectives.sparse.initialization import sparse_start

__all__ = ["SparseAutoencoder", "bernoulli_kl", "sparse_loss"]


def bernoulli_kl(target, mean):
    """``KL(target || mean)`` of two coins: 0 where they agree, steep where a unit is always on.

    Finite, with finite slopes, for means from 0 to 1, both ends included.
    """
    mean = 1e-6 + (1 - 2e-6) * mean
    return target * jnp.log(target / mean) + (1 - target) * jnp.log((1 - target) / (1 - mean))


# Two families. The first looks at a unit over all samples of a batch: how often does it speak? It
# does not ask for which samples. The second looks at each sample: how much is said about it?


def _mean_activation(z, weight):
    return weight @ z / jnp.maximum(jnp.sum(weight), 1e-12)


def _kl(z, weight, target):
    return jnp.sum(bernoulli_kl(target, _mean_activation(z, weight)))


def _squared_error(z, weight, target):
    return jnp.sum(jnp.square(_mean_activation(z, weight) - target))


def _l1(z, weight, target):
    del target
    return mean_over_samples(jnp.sum(jnp.abs(z), axis=1), weight)


def _l2(z, weight, target):
    del target
    return mean_over_samples(jnp.sum(jnp.square(z), axis=1), weight)


@dataclass(frozen=True)
class _Penalty:
    """A penalty ``(codes, weight, target) -> number``, and what suits it where "auto" is set."""

    formula: Any
    code_activation: str
    weight: float
    # of the weights that leave the codes
    decoder_alpha: float = 0.0
    # whether it would fall with the scale of the codes, which then must be held
    grows_with_codes: bool = False


_PENALTIES = {
    "kl": _Penalty(_kl, "logistic", 0.01, decoder_alpha=3e-4),
    "squared_error": _Penalty(_squared_error, "logistic", 1.0, decoder_alpha=3e-4),
    "l1": _Penalty(_l1, "relu", 1e-3, grows_with_codes=True),
    "l2": _Penalty(_l2, "relu", 1e-3, grows_with_codes=True),
    # sparse by construction: the network keeps the largest codes, nothing is added to the loss
    "top_k": _Penalty(None, "identity", 0.0),
}


def sparse_loss(objective, model, batch, step):
    """Reconstruction plus ``sparsity_weight`` times the penalty on the codes of the batch."""
    penalty = _PENALTIES[objective.setting("penalty")]
    if penalty.grows_with_codes:
        model = hold_gain(model)
    z = model.encode(batch.x)
    samples = objective.sample_losses(model.decode(z), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    if penalty.formula is None:
        return reconstruction, {}
    counted = z * code_lengths(model) if penalty.grows_with_codes else z
    value = penalty.formula(counted, batch.weight, step.hyperparameters["sparsity_target"])
    loss = reconstruction + step.hyperparameters["sparsity_weight"] * value
    if not penalty.grows_with_codes and _has_weights_of_its_own(model):
        squares = jnp.sum(jnp.square(code_lengths(model)))
        loss = loss + 0.5 * step.hyperparameters["decoder_alpha"] * squares
    return loss, {"reconstruction": reconstruction, "penalty": value}


def _has_weights_of_its_own(model):
    """Whether weights leave the codes that neither enter them nor are unknown."""
    return not model.network.tied and has_entering_kernel(model.params)


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
class SparseAutoencoder(BaseAutoencoder):
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
        **BaseAutoencoder._parameter_constraints,
        "penalty": [StrOptions(set(_PENALTIES))],
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
        penalty = _PENALTIES[self.penalty]
        automatic = {"sparsity_weight": penalty.weight, "decoder_alpha": penalty.decoder_alpha}
        given = {name: getattr(self, name) for name in automatic}
        chosen = {k: automatic[k] if value == "auto" else value for k, value in given.items()}
        return {"sparsity_target": self.sparsity_target, **chosen}

    def _resolved(self):
        parameters, penalty = super()._resolved(), _PENALTIES[self.penalty]
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
            parameters["tied_weights"] = penalty.grows_with_codes and mirrored
        parameters["n_active"] = self._active_units() if self.penalty == "top_k" else None
        return parameters

    def _initialization(self):
        if self.penalty not in ("kl", "squared_error"):
            return None
        return partial(sparse_start, target=self.sparsity_target)

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
