"""Pairwise similarities of samples, and the divergence of the codes' neighborhoods from them.

The similarity joins two cosine similarities: a local one, of principal components, and a global
one, of spectral coordinates of a graph that connects samples through anchors (anchor graph
hashing, Liu et al. 2011). The graph is computed once in NumPy; `neighbor_features` is a pure
function that runs inside a training step.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import eigh

from skae.core.data.samples import Samples

__all__ = ["N_PRINCIPAL", "anchor_graph", "neighbor_features", "neighborhood_divergence"]

# Fixed sizes, padded for few samples: array shapes must not depend on the number of samples, or
# each number would need a compilation.
N_PRINCIPAL = 64
_N_ANCHORS = 512
_N_COORDINATES = 32

_N_NEAREST = 5
_MAX_SAMPLES = 10_000
_LLOYD_ITERATIONS = 8
_TINY = 1e-12
# Added to the squared distances of anchors that are padding.
_FAR = 1e30


def anchor_graph(
    vectors: np.ndarray,
    mean: np.ndarray,
    samples: Samples,
    weight: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Anchors with their spectral coordinates: the constants of `neighbor_features`.

    Parameters
    ----------
    vectors : ndarray of shape (n_features, n_principal)
        Principal components.
    mean : ndarray of shape (n_features,)
        Mean of the samples.
    samples : Samples
        In standardized units; at most 10,000 evenly spaced ones are used.
    weight : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
        Draws the initial anchors.
    """
    index = np.linspace(0, samples.n_samples - 1, min(samples.n_samples, _MAX_SAMPLES)).astype(int)
    subset, weight = samples.select(index), weight[index]
    points = np.empty((subset.n_samples, vectors.shape[1]), np.float32)
    for part, block in subset.blocks():
        points[part] = (block - mean) @ vectors
    anchors = _anchors(points, weight, rng)
    coordinates = _coordinates(_memberships(points, anchors, 0.0, np), weight)
    missing = _N_ANCHORS - len(anchors)
    constants = {
        "origin": mean,
        "directions": vectors,
        "anchors": np.pad(anchors, ((0, missing), (0, 0))),
        "distance": np.pad(np.zeros(len(anchors)), (0, missing), constant_values=_FAR),
        "coordinates": np.pad(
            coordinates, ((0, missing), (0, _N_COORDINATES - coordinates.shape[1]))
        ),
    }
    return {name: np.asarray(value, np.float32) for name, value in constants.items()}


def neighbor_features(constants: dict, x: jax.Array, far_weight: Any) -> jax.Array:
    """Unit vectors whose inner products are the similarities of samples.

    The similarity is ``(near + far_weight * far) / (1 + far_weight)``: *near* is the cosine
    similarity of principal components, *far* that of spectral coordinates.
    """
    points = (x - constants["origin"]) @ constants["directions"]
    share = _memberships(points, constants["anchors"], constants["distance"], jnp)
    near, far = _normalized(points), _normalized(share @ constants["coordinates"])
    both = jnp.concatenate([near, jnp.sqrt(far_weight) * far], axis=1)
    return both / jnp.sqrt(1.0 + far_weight)


def neighborhood_divergence(
    similarity: jax.Array, target: jax.Array, weight: jax.Array
) -> jax.Array:
    """``KL(P_i || Q_i)`` for each sample i, of shape (n_samples,).

    ``P_ij ~ weight_j exp(target_ij)`` and ``Q_ij ~ weight_j exp(similarity_ij)`` are
    distributions over the other samples j of a batch.

    Parameters
    ----------
    similarity, target : arrays of shape (n_samples, n_samples)
        Pairwise similarities of codes, and those of samples.
    weight : array of shape (n_samples,)
        Samples of weight 0 (padding) are no neighbors.
    """
    n_samples = weight.shape[0]
    others = (weight[None, :] > 0) & ~jnp.eye(n_samples, dtype=bool)
    log_weight = jnp.log(jnp.where(weight > 0, weight, 1.0))

    def log_softmax(values):
        values = jnp.where(others, values + log_weight, -1e30)
        largest = jnp.max(values, axis=1, keepdims=True)
        total = jnp.sum(jnp.where(others, jnp.exp(values - largest), 0.0), axis=1, keepdims=True)
        return values - largest - jnp.log(jnp.maximum(total, _TINY))

    log_p, log_q = log_softmax(target), log_softmax(similarity)
    return jnp.sum(jnp.where(others, jnp.exp(log_p) * (log_p - log_q), 0.0), axis=1)


def _normalized(x):
    return x / jnp.sqrt(jnp.sum(jnp.square(x), axis=1, keepdims=True) + _TINY)


def _memberships(points, anchors, distance, xp):
    """Membership of each sample in its five nearest anchors; each sample's memberships sum to 1.

    They are Gaussian in the distance, with the mean squared distance of these anchors as width.
    """
    squares = xp.sum(xp.square(points), axis=1)[:, None] + xp.sum(xp.square(anchors), axis=1)
    distances = xp.maximum(squares - 2.0 * points @ anchors.T, 0.0) + distance
    nearest = xp.min(distances, axis=1, keepdims=True)
    rest, bound, total, count = distances, nearest, 0.0, 0.0
    # Repeated minima instead of sorting all anchors, which takes far longer on a CPU.
    for _ in range(_N_NEAREST):
        candidate = xp.min(rest, axis=1, keepdims=True)
        is_anchor = candidate < _FAR
        bound = xp.where(is_anchor, candidate, bound)
        total = total + xp.where(is_anchor, candidate, 0.0)
        count = count + is_anchor
        rest = xp.where(rest <= candidate, xp.inf, rest)
    width = total / xp.maximum(count, 1) + _TINY
    share = xp.where(distances <= bound, xp.exp(-(distances - nearest) / width), 0.0)
    return share / xp.sum(share, axis=1, keepdims=True)


def _anchors(points, weight, rng):
    """Centers of k-means after a few Lloyd iterations; fewer than 512 for few samples."""
    count = min(_N_ANCHORS, max(1, len(points) // 3))
    anchors = points[np.sort(rng.choice(len(points), count, replace=False))]
    for _ in range(_LLOYD_ITERATIONS):
        squares = np.sum(np.square(anchors), axis=1)
        # OpenBLAS may report an invalid operation in this product although all values are finite
        # (NumPy issue 24067).
        with np.errstate(invalid="ignore"):
            nearest = np.argmin(squares - 2.0 * (points @ anchors.T), axis=1)
        member = np.zeros((len(points), count), np.float32)
        member[np.arange(len(points)), nearest] = weight
        mass = member.sum(axis=0)[:, None]
        anchors = np.where(mass > 0, member.T @ points / np.maximum(mass, _TINY), anchors)
    return anchors


def _coordinates(share, weight):
    """Spectral coordinates of the anchors: leading eigenvectors of the graph's random walk.

    The first eigenvector is constant and omitted. The inner product of two samples' coordinates
    weights each eigenvector by its eigenvalue to the power of four, as four steps of the random
    walk do.
    """
    mass = np.maximum(weight @ share, _TINY)
    scaled = (share * np.sqrt(weight)[:, None] / np.sqrt(mass)).astype(np.float32)
    count = len(mass)
    values, vectors = eigh(
        (scaled.T @ scaled).astype(np.float64),
        subset_by_index=(max(0, count - 1 - _N_COORDINATES), count - 1),
    )
    values, vectors = values[-2::-1], vectors[:, -2::-1]
    # A sample's coordinates are its memberships times those of the anchors. This contributes
    # another square root of the eigenvalue to each coordinate.
    return vectors / np.sqrt(mass)[:, None] * np.maximum(values, 0.0) ** 1.5
