"""The method `partial_fit`: training on one block of samples after the other."""

from typing import Any, TypeVar

from skae._typing import ArrayLike, MatrixLike
from skae.estimators.base.fit_arguments import fit_context
from skae.estimators.base.task import partial_fit_estimator

__all__ = ["partial_fit"]

T = TypeVar("T", bound=Any)


@fit_context(prefer_skip_nested_validation=True)
def partial_fit(
    self: T, X: MatrixLike, y: object = None, sample_weight: ArrayLike | None = None
) -> T:
    """Train for one epoch on these samples, at a constant learning rate.

    The mean, the scale and the initial weights are computed from the samples of the first call.
    Fewer than 32 samples, or under ``init="pca"`` than 2 x min(n_components, n_features), are
    kept until later calls complete them; repetitions of the most frequent sample do not count.
    Until then the estimator is not fitted. Later calls continue with the current weights and
    optimizer state.

    Pass blocks in random order, and all of them several times. In the order of a sorted file,
    each block undoes a part of what the blocks before it trained.

    Parameters
    ----------
    X : {array-like, CSR matrix} of shape (n_samples, n_features)
        Training samples of any real dtype.
    y : None or labels
        Ignored. Numeric samples with the features of X raise an error.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, at least 0.

    Returns
    -------
    self : estimator

    Warns
    -----
    UserWarning
        If X contains gross errors, as in `fit`.

    Raises
    ------
    ValueError
        If X contains NaN, infinity or values beyond 1e150, or has other features than in the
        first call; if a parameter is out of range, or the parameters describe another network
        than the fitted one; if X lies outside [0, 1] under cross-entropy; if y holds samples;
        or with ``pretraining="layerwise"``.
    """
    return partial_fit_estimator(self, X, y, sample_weight)
