"""The first samples of `partial_fit`, kept until units and initial weights can be computed.

One sample, or equal samples, have no scale, and fewer samples than components have too few
principal components. Both are computed once, so a first block that is too small would spoil all
training that follows.
"""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted as sklearn_check_is_fitted

from skae.core.data.deduplication import canonical_samples
from skae.core.data.moments import refuse_beyond_squares
from skae.core.data.samples import Samples
from skae.core.networks import Network
from skae.estimators.base.fit_input import FitInput

__all__ = ["FIRST_SAMPLES", "check_is_fitted", "join_first_samples", "n_needed"]

#: name of the attribute that holds them, a dict of arrays
FIRST_SAMPLES = "_first_samples"

# The scale of so many samples along one direction is accurate to an eighth.
_MIN_SAMPLES = 32


def n_needed(network: Network) -> int:
    """Number of samples from which units and initial weights are computed.

    The variances of the last principal components of as many samples as components are too small.
    """
    n_components = min(network.n_components, network.n_features) if network.linear_path else 0
    return max(_MIN_SAMPLES, 2 * n_components)


def join_first_samples(
    kept: dict[str, Any] | None, given: FitInput, network: Network
) -> FitInput | dict[str, Any]:
    """`given` with the samples that earlier calls kept; or all of them to keep, if too few.

    Repetitions of the most frequent sample do not count, so a constant start does not either.
    Equal samples are kept as one, so at most `n_needed` samples are kept.
    """
    needed = n_needed(network)
    count = (given.weight > 0).astype(np.float64)
    joined = given if kept is None else _joined(kept, given)
    if kept is not None:
        count = np.concatenate([kept["count"], count])
    used = np.flatnonzero(count)
    # Further samples only add to the number of varied ones, and hashing a large block takes time.
    for some in (used[: 4 * needed], used):
        index, merged = _merged(joined, count, some)
        if _varied(merged) >= needed:
            return joined if kept is None else _balanced(joined, len(kept["count"]))
    # Otherwise all later calls would fail.
    refuse_beyond_squares(float(abs(given.X).max()), "X")
    first = {
        "X": _dense(joined.X[index]),
        "weight": _merged(joined, joined.weight, used)[1],
        "count": merged,
        "n_needed": needed,
    }
    if joined.X_noisy is not None:
        first["X_noisy"] = _dense(joined.X_noisy[index])
    return first


def _joined(kept: dict[str, Any], given: FitInput) -> FitInput:
    if ("X_noisy" in kept) != (given.X_noisy is not None):
        raise ValueError(
            "X_noisy was passed in some of the first calls of partial_fit only, which together "
            f"have fewer than {kept['n_needed']} samples: pass it in all or none of them"
        )
    noisy = None if given.X_noisy is None else _stacked(kept["X_noisy"], given.X_noisy)
    return given._replace(
        X=_stacked(kept["X"], given.X),
        weight=np.concatenate([kept["weight"], given.weight]),
        X_noisy=noisy,
    )


def _stacked(first: np.ndarray, X: Any) -> Any:
    if sparse.issparse(X):
        return sparse.csr_array(sparse.vstack([sparse.csr_array(first), X]))
    return np.concatenate([first, X])


def _dense(X: Any) -> np.ndarray:
    return X.toarray() if sparse.issparse(X) else np.array(X)


def _samples(given: FitInput) -> Samples:
    noisy = given.X_noisy
    return Samples(given.X, targets=None if noisy is None else Samples(noisy))


def _merged(given: FitInput, amount: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the distinct samples at `used`, and the sums of their amounts."""
    index, merged = canonical_samples(_samples(given).select(used), amount[used])
    order = np.argsort(index)  # `partial_fit` uses samples in the order in which it receives them
    return used[index[order]], merged[order] * (amount[used].sum() / len(index))


def _balanced(joined: FitInput, n_kept: int) -> FitInput:
    """Weight the most frequent of the samples kept at most as all others together.

    Its repetitions may be many more than the others, which would then not determine the scale.
    """
    weight = joined.weight.copy()
    heaviest = np.argmax(weight[:n_kept])
    weight[heaviest] = min(weight[heaviest], weight.sum() - weight[heaviest])
    return joined._replace(weight=weight)


def _varied(count: np.ndarray) -> int:
    """Number of samples, with the repetitions of the most frequent one as a single sample."""
    return round(float(count.sum() - count.max())) + 1


def check_is_fitted(estimator: Any) -> None:
    """Raise NotFittedError unless the estimator is fitted; says how many samples are missing."""
    first = vars(estimator).get(FIRST_SAMPLES)
    if first is None:
        sklearn_check_is_fitted(estimator)
    else:
        raise NotFittedError(
            f"This {type(estimator).__name__} instance is not fitted yet: partial_fit received "
            f"{_varied(first['count'])} of the {first['n_needed']} samples from which it computes "
            "the scale of X and the initial weights; repetitions of the most frequent sample do "
            "not count. Call partial_fit with further samples."
        )
