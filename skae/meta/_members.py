"""Ensemble members of the outlier detector: robust fits of autoencoders, and held-out scores."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from skae._typing import RandomState
from skae.core.data.samples import Samples
from skae.estimators.autoencoder import AutoencoderTransformer
from skae.meta._fitting import seed_autoencoder
from skae.objectives.outlyingness import (
    Block,
    anomaly_scores,
    code_lengths,
    fit_reference,
    whitening,
)
from skae.objectives.trimming import scale_features, trim_samples

__all__ = ["Member", "explained_variances", "fit_member"]

# The first epochs bend the plane of PCA. Later epochs overfit single samples.
_DEFAULT: dict[str, Any] = {"max_iter": 20, "early_stopping": False}


class Member(NamedTuple):
    """A fitted autoencoder of the detector.

    ``scale`` is the scale of each feature, ``reference`` the statistics for `code_lengths` and,
    once they are computed, for `anomaly_scores`.
    """

    scale: np.ndarray
    autoencoder: Any
    reference: dict[str, Any]

    def blocks(self, X: Any) -> Iterator[Block]:
        """Squared lengths of whitened codes and squared reconstruction errors, block by block."""
        for part, block in _scaled_blocks(self.scale, X):
            x_hat = np.asarray(self.autoencoder.reconstruct(block))  # a frame if configured
            errors = np.square(block - x_hat, dtype=np.float64)
            yield part, code_lengths(self.reference, _codes(self.autoencoder, block)), errors

    def scores(self, X: Any) -> np.ndarray:
        """Anomaly scores, higher for outliers."""
        return np.concatenate([anomaly_scores(self.reference, *b) for _, *b in self.blocks(X)])


def explained_variances(autoencoder: Any) -> tuple[float, ...]:
    """Shares of the variance that principal components explain, one for each ensemble member.

    Narrow codes detect samples that are far away, wide codes detect unusual combinations of
    feature values. The widest codes leave only near constant combinations to the error, in which
    a few correlated features among many independent ones are visible.
    """
    return (0.3, 0.5, 0.7, 0.99) if autoencoder is None else (0.7,)


def fit_member(
    X: Any,
    weight: np.ndarray,
    folds: Sequence[np.ndarray],
    seed: np.random.SeedSequence,
    *,
    autoencoder: Any,
    random_state: RandomState,
    **settings: Any,
) -> tuple[Member, np.ndarray]:
    """Trim outliers, fit an autoencoder to the inliers, and score samples that it did not see.

    The statistics that scores are relative to are those of held-out samples: autoencoders
    reconstruct the samples they were trained on better than new ones.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Positive.
    folds : sequence of ndarray of int
        Indices of samples. For each fold an autoencoder is fitted to the inliers among the others.
        Empty: the statistics and the held-out scores are those of the training samples.
    seed : numpy.random.SeedSequence
    autoencoder : autoencoder or None
        It is cloned. None: an `AutoencoderTransformer` with as many components as trimming used.
    random_state : int, RandomState instance or None
        Of the detector.
    **settings
        Of `trim_samples`.

    Returns
    -------
    member : Member
    held_out : ndarray
        Anomaly scores of the samples of all folds, one fold after the other, by the autoencoders
        that were not trained on them. Without folds: of all samples, by the member.
    """
    rng = np.random.default_rng(seed)
    trimmed = trim_samples(X, weight, rng=rng, **settings)
    if autoencoder is None:
        template = AutoencoderTransformer(trimmed.n_components, **_DEFAULT)
    else:
        template = clone(autoencoder)
    seed_autoencoder(template, random_state, seed)
    member = _fit(clone(template), X, weight, trimmed)
    # The checkpoint belongs to the autoencoder of all inliers.
    template.set_params(checkpoint=None)
    parts = [(member, np.arange(X.shape[0]))] if not folds else []
    for fold in folds:
        rest = np.setdiff1d(np.arange(X.shape[0]), fold)
        others = X[rest], weight[rest]
        fit = _fit(clone(template), *others, trim_samples(*others, rng=rng, **settings))
        parts.append((fit, fold))
    reference, held_out = fit_reference(
        lambda: _blocks_of_parts(parts, X),
        (weight * trimmed.support)[np.concatenate([index for _, index in parts])],
        X.shape[1],
        member.autoencoder.scale_,
    )
    return member._replace(reference=member.reference | reference), held_out


def _fit(autoencoder, X, weight, trimmed):
    """Fit to the inliers, and compute the statistics of their codes."""
    inliers, weight = X[trimmed.support], weight[trimmed.support]
    autoencoder.fit(scale_features(inliers, trimmed.scale), sample_weight=weight)
    codes = [_codes(autoencoder, block) for _, block in _scaled_blocks(trimmed.scale, inliers)]
    return Member(trimmed.scale, autoencoder, whitening(np.concatenate(codes), weight))


def _blocks_of_parts(parts, X):
    """Blocks of samples, each part of the samples by its own member."""
    start = 0
    for member, index in parts:
        for part, *block in member.blocks(X[index]):
            yield slice(start + part.start, start + part.stop), *block
        start += len(index)


def _scaled_blocks(scale, X):
    samples = Samples(X)
    return samples.blocks(lambda part: scale_features(samples.raw(part), scale))


def _codes(autoencoder, block):
    return np.asarray(autoencoder.transform(block), np.float64)
