"""Inputs that activate the units of a layer most: training samples, or synthesized samples.

The activation of a unit is defined in `top_activating_rows`. Nothing here draws.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_scalar

from skae._typing import IntArray, MatrixLike, RandomState
from skae.core.activation_maximization import gradient_ascent
from skae.core.compile.programs import compiled
from skae.core.compile.settings import concrete_settings
from skae.core.data.samples import Samples
from skae.core.devices import default_device
from skae.core.inference import apply_in_blocks
from skae.core.losses import LOSSES
from skae.core.networks.captured_activations import excitation
from skae.display._estimators import autoencoder_in
from skae.estimators.base.hidden_layers import find_layer

__all__ = ["check_units", "maximize_activation", "top_activating_rows"]

#: Largest number of ascents in one call of the compiled program.
_MAX_BLOCK = 256

Float32Array = NDArray[np.float32]


def top_activating_rows(
    estimator: BaseEstimator,
    X: MatrixLike,
    units: ArrayLike | None = None,
    *,
    layer: int | str = "code",
    n_rows: int = 10,
) -> tuple[IntArray, Float32Array]:
    """Find the samples that activate each unit most.

    The activation of a unit is the output of its activation function. There are two exceptions:

    - For units of the code, it is the input of the activation function. Both rank samples equally,
      but the input also ranks samples for which the output is saturated.
    - For convolutional and recurrent layers, it is the mean over positions or steps.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder of skae.
    X : {array-like, CSR matrix} of shape (n_samples, n_features)
        Samples to select from.
    units : int or array-like of int, default=None
        Indices of units along the last axis of the layer. None: all units.
    layer : int or str, default="code"
        Index or name of the layer, as in `hidden_activations`.
    n_rows : int, default=10
        Number of samples for each unit, at least 1; all samples if X has fewer.

    Returns
    -------
    indices : ndarray of int of shape (n_units, n_rows)
        Indices of samples in X, in decreasing order of the activation, ties broken by index.
    values : ndarray of float32 of shape (n_units, n_rows)
        The activations, in standardized units.

    Raises
    ------
    TypeError
        If `estimator` is not an autoencoder of skae.
    ValueError
        If the layer or a unit does not exist.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> from skae.display import top_activating_rows
    >>> X, _ = load_digits(return_X_y=True)
    >>> sparse = SparseAutoencoder(20, max_iter=5, random_state=0).fit(X)
    >>> indices, values = top_activating_rows(sparse, X, units=[3, 7], n_rows=5)
    >>> indices.shape, bool((values[:, 0] >= values[:, 1]).all())
    ((2, 5), True)
    """
    model = autoencoder_in(estimator)
    check_scalar(n_rows, "n_rows", Integral, min_val=1)
    layer, width, unit_indices = check_units(model, layer, units)
    values = _activations(model, X, layer, width)[:, unit_indices]
    order = np.argsort(-values, axis=0, kind="stable")[:n_rows].T
    return order, np.take_along_axis(values.T, order, axis=1)


def maximize_activation(
    estimator: BaseEstimator,
    units: ArrayLike | None = None,
    *,
    layer: int | str = "code",
    norm: float | str | None = "auto",
    value_range: tuple[ArrayLike, ArrayLike] | str | None = "auto",
    max_iter: int = 200,
    n_starts: int = 4,
    random_state: RandomState = None,
) -> NDArray[np.float64]:
    """Synthesize a sample for each unit that maximizes its activation, by gradient ascent.

    This is activation maximization [2]_, under bounds on the sample::

        maximize  activation_u(x)  over x  with  |x - mean| <= norm  and  low <= x <= high

    At least one bound is necessary, because the activation of most units is unbounded. For a
    single layer and a bound on the norm alone, the maximum is ``mean + norm w / |w|`` with the
    unit's weights w [1]_.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder of skae.
    units : int or array-like of int, default=None
        Indices of units along the last axis of the layer. None: all units.
    layer : int or str, default="code"
        Index or name of the layer, as in `hidden_activations`. Activation is defined as in
        `top_activating_rows`.
    norm : "auto", float or None, default="auto"
        Largest Euclidean distance to the mean of the training samples, in the units of X, above 0.
        "auto": the root mean square of this distance over the training samples. None: no bound.
    value_range : "auto", tuple (low, high) or None, default="auto"
        Bounds of the feature values in the units of X: numbers, or arrays of shape (n_features,).
        "auto": (0, 1) for the cross-entropy loss, otherwise None. None: no bounds.
    max_iter : int, default=200
        Number of gradient steps, at least 1.
    n_starts : int, default=4
        Number of starting points, at least 1: the mean, and random points around it. The best
        result is returned. More starts find higher maxima, and may find one for a unit whose
        gradient is 0 at the other starts.
    random_state : int, RandomState instance or None, default=None
        Determines the starting points.

    Returns
    -------
    X : ndarray of float64 of shape (n_units, n_features)
        The samples, in the units of X.

    Raises
    ------
    TypeError
        If `estimator` is not an autoencoder of skae.
    ValueError
        If the layer or a unit does not exist, or there is no bound or an invalid one.

    Notes
    -----
    The ascent is compiled once for each network and layer. Other bounds, units and numbers of
    steps do not recompile it.

    References
    ----------
    .. [1] Ng (2011). Sparse autoencoder. CS294A lecture notes, Stanford, section 4.
    .. [2] Erhan, Bengio, Courville and Vincent (2009). Visualizing higher-layer features of a
       deep network. Technical report 1341, University of Montreal.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> from skae.display import maximize_activation
    >>> X, _ = load_digits(return_X_y=True)
    >>> sparse = SparseAutoencoder(20, max_iter=5, random_state=0).fit(X)
    >>> best = maximize_activation(sparse, units=[3, 7], value_range=(0, 16), random_state=0)
    >>> best.shape, bool(best.min() >= 0 and best.max() <= 16)
    ((2, 64), True)
    """
    model = autoencoder_in(estimator)
    check_scalar(max_iter, "max_iter", Integral, min_val=1)
    check_scalar(n_starts, "n_starts", Integral, min_val=1)
    layer, _, unit_indices = check_units(model, layer, units)
    bounds, center = _standardized_bounds(model, norm, value_range)
    seed = check_random_state(random_state).randint(0, 2**31, size=4).tolist()
    rng = np.random.default_rng(seed)
    starts = _starting_points(rng, len(unit_indices), n_starts, center, bounds)
    repeated_units = np.repeat(unit_indices, n_starts)
    x, values = _ascend_in_blocks(model, layer, starts, repeated_units, center, bounds, max_iter)
    best = values.reshape(-1, n_starts).argmax(axis=1)
    x = x.reshape(-1, n_starts, x.shape[1])[np.arange(len(unit_indices)), best]
    mean, scale = model._units
    return x.astype(np.float64) * scale + mean


def check_units(
    model: Any, layer: int | str, units: ArrayLike | None
) -> tuple[str, int, NDArray[np.intp]]:
    """Return the name and width of a layer, and the unit indices as an array."""
    name, shape = find_layer(model, layer)
    width = shape[-1]
    indices = np.arange(width) if units is None else np.atleast_1d(np.asarray(units))
    if (
        indices.ndim != 1
        or indices.dtype.kind not in "iu"
        or not np.isin(indices, range(width)).all()
    ):
        raise ValueError(
            f"units={units!r} must be integers from 0 to {width - 1}, because layer {name!r} has "
            f"{width} units"
        )
    return name, width, indices.astype(int)


def _activations(model: Any, X: MatrixLike, layer: str, width: int) -> Float32Array:
    """Activation of each unit for each sample, of shape (n_samples, width)."""
    X = model._checked(X)
    out = np.empty((X.shape[0], width), np.float32)
    samples = Samples(X, model._units)
    static = (model._network, layer)
    apply_in_blocks(
        excitation, static, model.params_, X.shape, samples.standardized, out, model._device
    )
    return out


def _standardized_bounds(
    model: Any,
    norm: float | str | None,
    value_range: tuple[ArrayLike, ArrayLike] | str | None,
) -> tuple[dict[str, Float32Array], Float32Array]:
    """Bounds of the ascent and the center of the ball, in standardized units."""
    n_features, units = model.n_features_in_, model._units
    typical_norm = model.scale_ * np.sqrt(n_features)
    if isinstance(value_range, str):
        if value_range != "auto":
            raise ValueError(f"value_range={value_range!r} must be 'auto', (low, high) or None")
        domain = LOSSES[model.architecture_["loss"]].domain
        value_range = None if domain is None else (domain.low, domain.high)
    if norm is None and value_range is None:
        raise ValueError("norm and value_range are both unbounded: set at least one of them")
    if isinstance(norm, str) and norm == "auto":
        norm = typical_norm
    if norm is not None:
        check_scalar(norm, "norm", Real, min_val=0, include_boundaries="neither")
    low, high = (-np.inf, np.inf) if value_range is None else value_range
    low, high = (np.broadcast_to(np.asarray(bound, float), n_features) for bound in (low, high))
    if not (low < high).all():
        raise ValueError(f"value_range={value_range} must be (low, high) with low < high")
    # The steps of the ascent are proportional to the size of the feasible region.
    half_diagonal = np.linalg.norm(high - low) / 2
    bounds = {
        "radius": np.inf if norm is None else norm / units.scale,
        "step": min(typical_norm if norm is None else norm, half_diagonal) / units.scale,
        "low": units.standardize(low),
        "high": units.standardize(high),
    }
    center = units.standardize(model.mean_)
    return {k: np.asarray(v, np.float32) for k, v in bounds.items()}, center.astype(np.float32)


def _starting_points(
    rng: np.random.Generator,
    n_units: int,
    n_starts: int,
    center: Float32Array,
    bounds: dict[str, Float32Array],
) -> Float32Array:
    """Starting points, the same for all units: the mean, and random points around it."""
    directions = rng.standard_normal((n_starts, len(center)))
    directions *= bounds["step"] / np.linalg.norm(directions, axis=1, keepdims=True)
    # The first point is moved slightly, because the gradient may be 0 exactly at the mean.
    directions[0] *= 1e-3
    return np.tile((center + directions).astype(np.float32), (n_units, 1))


@concrete_settings()
def _ascend_in_blocks(
    model: Any,
    layer: str,
    starts: Float32Array,
    units: NDArray[np.intp],
    center: Float32Array,
    bounds: dict[str, Float32Array],
    max_iter: int,
) -> tuple[Float32Array, Float32Array]:
    """Return the results of all ascents and their activations.

    The ascents are computed in padded blocks. The size of a block is a power of two, so that few
    programs are compiled.
    """
    device = model._device or default_device()
    size = min(_MAX_BLOCK, 1 << (len(starts) - 1).bit_length())
    params, center, bounds = jax.device_put((model.params_, center, bounds), device)
    static, steps = (model._network, layer), np.int32(max_iter)
    results, values = np.empty_like(starts), np.empty(len(starts), np.float32)
    for first in range(0, len(starts), size):
        block = slice(first, min(first + size, len(starts)))
        n_used = block.stop - first
        x, unit = np.zeros((size, starts.shape[1]), np.float32), np.zeros(size, np.int32)
        x[:n_used], unit[:n_used] = starts[block], units[block]
        args = (params, *jax.device_put((x, unit), device), center, bounds, steps)
        program, _ = compiled(gradient_ascent, static, args)
        results[block], values[block] = (np.asarray(array)[:n_used] for array in program(*args))
    return results, values
