"""What excites a unit: samples that were seen, and samples that are sought by gradient ascent.

Nothing here draws.
"""

from numbers import Integral, Real

import jax
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_scalar

from skae.core.activation_maximization import ascend
from skae.core.compile.programs import compiled
from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks
from skae.core.losses import LOSSES
from skae.core.networks.captured_activations import excitation
from skae.display._estimators import autoencoder_in
from skae.estimators.base.hidden_layers import find_layer

__all__ = ["chosen_units", "maximize_activation", "top_activating_rows"]

# samples that climb at a time; fewer are filled up to a power of two
_MOST_AT_ONCE = 256


def top_activating_rows(estimator, X, units=None, *, layer="code", n_rows=10):
    """The samples that excite each unit most.

    A unit's excitation by a sample is what it gives after its activation; of a code what stands
    before it, which ranks samples alike and also where the activation is at its end; of maps and
    sequences the mean over places or steps.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder of skae.
    X : {array-like, CSR matrix} of shape (n_samples, n_features)
        Samples to choose from.
    units : int or array-like of int, default=None
        Places in the layer's last axis, each from 0 to its width - 1. None: all.
    layer : int or str, default="code"
        As `hidden_activations` takes it.
    n_rows : int, default=10
        Samples for each unit, at least 1; all samples where X has fewer.

    Returns
    -------
    indices : ndarray of int of shape (n_units, n_rows)
        Places in X, that of the most exciting sample first; of equal ones the first.
    values : ndarray of float32 of shape (n_units, n_rows)
        How much each excites the unit, in units of training.

    Raises
    ------
    TypeError
        If `estimator` is no autoencoder of skae.
    ValueError
        If there is no such layer or unit.

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
    layer, width, units = chosen_units(model, layer, units)
    values = _excitations(model, X, layer, width)[:, units]
    order = np.argsort(-values, axis=0, kind="stable")[:n_rows].T
    return order, np.take_along_axis(values.T, order, axis=1)


def maximize_activation(
    estimator,
    units=None,
    *,
    layer="code",
    norm="auto",
    value_range="auto",
    max_iter=200,
    n_starts=4,
    random_state=None,
):
    """A sample for each unit that excites it most, sought by gradient ascent on the sample.

    ::

        maximize  excitation_u(x)  over x  with  |x - mean| <= norm  and  low <= x <= high

    Some bound there must be: without one most units could be excited without end. For a single
    layer and a bound on the norm alone the answer is known, ``mean + norm w / |w|`` with w the
    unit's weights [1]_.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder of skae.
    units : int or array-like of int, default=None
        Places in the layer's last axis, each from 0 to its width - 1. None: all.
    layer : int or str, default="code"
        As `hidden_activations` takes it. Excitation is as in `top_activating_rows`.
    norm : "auto", float or None, default="auto"
        Largest Euclidean distance to the training mean, in X's units, above 0. "auto": that of a
        typical training sample, the root mean square over samples. None: no such bound.
    value_range : "auto", tuple (low, high) or None, default="auto"
        Least and greatest value of each cell, in X's units: numbers, or arrays of shape
        (n_features,). "auto": (0, 1) under cross-entropy, else none.
    max_iter : int, default=200
        Steps of the ascent, at least 1.
    n_starts : int, default=4
        Places to start from, at least 1, of which the best end counts: the mean first, then
        random ones. More find higher peaks, and find some where a unit is off at the others.
    random_state : int, RandomState instance or None, default=None
        Of the starts.

    Returns
    -------
    X : ndarray of float64 of shape (n_units, n_features)
        In X's units.

    Raises
    ------
    TypeError
        If `estimator` is no autoencoder of skae.
    ValueError
        If there is no such layer or unit, no bound, or a bound out of range.

    Notes
    -----
    The ascent is compiled once for each network and layer; other bounds, steps and units cost
    nothing.

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
    layer, _, units = chosen_units(model, layer, units)
    bounds, center = _bounds(model, norm, value_range)
    seed = check_random_state(random_state).randint(0, 2**31, size=4).tolist()
    starts = _starts(np.random.default_rng(seed), len(units), n_starts, center, bounds)
    ends, values = _climb(
        model, layer, starts, np.repeat(units, n_starts), center, bounds, max_iter
    )
    best = values.reshape(-1, n_starts).argmax(axis=1)
    x = ends.reshape(-1, n_starts, ends.shape[1])[np.arange(len(units)), best]
    mean, scale = model._units
    return x.astype(np.float64) * scale + mean


def chosen_units(model, layer, units):
    """Name and width of a layer, and checked units as an array."""
    layer, shape = find_layer(model, layer)
    width = shape[-1]
    chosen = np.arange(width) if units is None else np.atleast_1d(np.asarray(units))
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not np.isin(chosen, range(width)).all():
        raise ValueError(
            f"units={units!r} must be whole numbers from 0 to {width - 1}: layer {layer!r} has "
            f"{width} units"
        )
    return layer, width, chosen.astype(int)


def _excitations(model, X, layer, width):
    """Of each unit by each sample, in blocks, of shape (n_samples, width)."""
    X = model._checked(X)
    out = np.empty((X.shape[0], width), np.float32)
    samples = Samples(X, model._units)
    static = (model._network, layer)
    apply_in_blocks(
        excitation, static, model.params_, X.shape, samples.standardized, out, model._device
    )
    return out


def _bounds(model, norm, value_range):
    """Bounds in units of training, and the center of the ball."""
    n_features, (mean, scale) = model.n_features_in_, model._units
    typical = model.scale_ * np.sqrt(n_features)
    if isinstance(value_range, str):
        if value_range != "auto":
            raise ValueError(f"value_range={value_range!r} must be 'auto', (low, high) or None")
        domain = LOSSES[model.architecture_["loss"]].domain
        value_range = None if domain is None else (domain.low, domain.high)
    if norm is None and value_range is None:
        raise ValueError("there is neither a norm nor a value_range: give one bound at least")
    if isinstance(norm, str) and norm == "auto":
        norm = typical
    if norm is not None:
        check_scalar(norm, "norm", Real, min_val=0, include_boundaries="neither")
    low, high = (-np.inf, np.inf) if value_range is None else value_range
    low, high = (np.broadcast_to(np.asarray(end, float), n_features) for end in (low, high))
    if not (low < high).all():
        raise ValueError(f"value_range={value_range} must be (low, high) with low < high")
    width = np.linalg.norm(high - low) / 2
    bounds = {
        "radius": np.inf if norm is None else norm / scale,
        "step": min(typical if norm is None else norm, width) / scale,
        "low": (low - mean) / scale,
        "high": (high - mean) / scale,
    }
    center = (model.mean_ - mean) / scale
    return {k: np.asarray(v, np.float32) for k, v in bounds.items()}, center.astype(np.float32)


def _starts(rng, n_units, n_starts, center, bounds):
    """The mean, and random places around it; the same for all units."""
    directions = rng.standard_normal((n_starts, len(center)))
    directions *= bounds["step"] / np.linalg.norm(directions, axis=1, keepdims=True)
    # a unit may have no slope at the mean itself
    directions[0] *= 1e-3
    return np.tile((center + directions).astype(np.float32), (n_units, 1))


def _climb(model, layer, starts, units, center, bounds, max_iter):
    """Where the ascents end and how high, in blocks whose size is a power of two."""
    device = model._device or jax.local_devices()[0]
    size = min(_MOST_AT_ONCE, 1 << (len(starts) - 1).bit_length())
    params, center, bounds = jax.device_put((model.params_, center, bounds), device)
    static, steps = (model._network, layer), np.int32(max_iter)
    ends, values = np.empty_like(starts), np.empty(len(starts), np.float32)
    for first in range(0, len(starts), size):
        part = slice(first, min(first + size, len(starts)))
        x, unit = np.zeros((size, starts.shape[1]), np.float32), np.zeros(size, np.int32)
        x[: part.stop - first], unit[: part.stop - first] = starts[part], units[part]
        args = (params, *jax.device_put((x, unit), device), center, bounds, steps)
        program, _ = compiled(ascend, static, args)
        found = [np.asarray(array)[: part.stop - first] for array in program(*args)]
        ends[part], values[part] = found
    return ends, values
