"""How alike two samples are, near and far: what codes of bits are taught to say.

Near, by the cosine of principal components; far, by the cosine of coordinates along the data,
from a graph that joins samples through anchors. The graph is made once, in NumPy;
`neighbor_features` is a pure function of samples that runs inside a training step.
"""

import jax.numpy as jnp
import numpy as np
from scipy.linalg import eigh

__all__ = ["N_PRINCIPAL", "anchor_graph", "neighbor_features", "neighborhood_divergence"]

# fixed sizes, padded where samples are few: shapes must not follow the number of samples
N_PRINCIPAL = 64
_N_ANCHORS = 512
_N_COORDINATES = 32

_N_NEAREST = 5
_MAX_SAMPLES = 10_000
_LLOYD_ITERATIONS = 8
_TINY = 1e-12


def anchor_graph(vectors, mean, samples, weight, rng) -> dict[str, np.ndarray]:
    """Constants that `neighbor_features` takes.

    Parameters
    ----------
    vectors : ndarray of shape (n_features, n_principal)
        Principal directions.
    mean : ndarray of shape (n_features,)
        Of the samples.
    samples : Samples
        In units of training; of many, some spread evenly are used.
    weight : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
        Draws the first anchors.
    """
    index = np.linspace(0, samples.n_samples - 1, min(samples.n_samples, _MAX_SAMPLES)).astype(int)
    some, weight = samples.select(index), weight[index]
    points = np.empty((some.n_samples, vectors.shape[1]), np.float32)
    for part, block in some.blocks():
        points[part] = (block - mean) @ vectors
    anchors = _anchors(points, weight, rng)
    coordinates = _coordinates(_shares(points, anchors, 0.0, np), weight)
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


# what is added to the squared distance of an anchor that is only padding
_FAR = 1e30


def neighbor_features(constants, x, far_weight):
    """Features whose inner product says how alike two samples are, 1 for a sample and itself.

    ``(near + far_weight * far) / (1 + far_weight)``, both cosines.
    """
    points = (x - constants["origin"]) @ constants["directions"]
    share = _shares(points, constants["anchors"], constants["distance"], jnp)
    near, far = _unit(points), _unit(share @ constants["coordinates"])
    both = jnp.concatenate([near, jnp.sqrt(far_weight) * far], axis=1)
    return both / jnp.sqrt(1.0 + far_weight)


def neighborhood_divergence(likeness, target, weight):
    """Of each sample, the Kullback-Leibler divergence of its neighbors from those it should have.

    Parameters
    ----------
    likeness, target : arrays of shape (n_samples, n_samples)
        Pairwise likeness: as codes have it, as it should be. A sample's neighbors are the others,
        with odds ``exp(likeness)``.
    weight : array of shape (n_samples,)
        A sample counts as that many neighbors; those of weight 0 as none.
    """
    n_samples = weight.shape[0]
    others = (weight[None, :] > 0) & ~jnp.eye(n_samples, dtype=bool)
    log_weight = jnp.log(jnp.where(weight > 0, weight, 1.0))

    def log_odds(values):
        values = jnp.where(others, values + log_weight, -1e30)
        largest = jnp.max(values, axis=1, keepdims=True)
        total = jnp.sum(jnp.where(others, jnp.exp(values - largest), 0.0), axis=1, keepdims=True)
        return values - largest - jnp.log(jnp.maximum(total, _TINY))

    wanted, got = log_odds(target), log_odds(likeness)
    return jnp.sum(jnp.where(others, jnp.exp(wanted) * (wanted - got), 0.0), axis=1)


def _unit(samples):
    return samples / jnp.sqrt(jnp.sum(jnp.square(samples), axis=1, keepdims=True) + _TINY)


def _shares(points, anchors, distance, xp):
    """How much of each sample belongs to each of its nearest anchors; samples sum to 1."""
    squares = xp.sum(xp.square(points), axis=1)[:, None] + xp.sum(xp.square(anchors), axis=1)
    distances = xp.maximum(squares - 2.0 * points @ anchors.T, 0.0) + distance
    nearest = xp.min(distances, axis=1, keepdims=True)
    rest, bound, total, count = distances, nearest, 0.0, 0.0
    # the few nearest one by one: sorting all anchors takes far longer on a CPU
    for _ in range(_N_NEAREST):
        candidate = xp.min(rest, axis=1, keepdims=True)
        there = candidate < _FAR
        bound = xp.where(there, candidate, bound)
        total = total + xp.where(there, candidate, 0.0)
        count = count + there
        rest = xp.where(rest <= candidate, xp.inf, rest)
    width = total / xp.maximum(count, 1) + _TINY
    share = xp.where(distances <= bound, xp.exp(-(distances - nearest) / width), 0.0)
    return share / xp.sum(share, axis=1, keepdims=True)


def _anchors(points, weight, rng):
    """Centers of k-means after a few of Lloyd's iterations; fewer where samples are few."""
    count = min(_N_ANCHORS, max(1, len(points) // 3))
    anchors = points[np.sort(rng.choice(len(points), count, replace=False))]
    for _ in range(_LLOYD_ITERATIONS):
        squares = np.sum(np.square(anchors), axis=1)
        # OpenBLAS was seen to call this product of a few finite samples invalid
        with np.errstate(invalid="ignore"):
            nearest = np.argmin(squares - 2.0 * (points @ anchors.T), axis=1)
        member = np.zeros((len(points), count), np.float32)
        member[np.arange(len(points)), nearest] = weight
        mass = member.sum(axis=0)[:, None]
        anchors = np.where(mass > 0, member.T @ points / np.maximum(mass, _TINY), anchors)
    return anchors


def _coordinates(share, weight):
    """Of the anchors: leading eigenvectors of the graph's random walk, as four steps weigh them.

    The first, a constant, says nothing and is left out.
    """
    mass = np.maximum(weight @ share, _TINY)
    scaled = (share * np.sqrt(weight)[:, None] / np.sqrt(mass)).astype(np.float32)
    count = len(mass)
    values, vectors = eigh(
        (scaled.T @ scaled).astype(np.float64),
        subset_by_index=(max(0, count - 1 - _N_COORDINATES), count - 1),
    )
    values, vectors = values[-2::-1], vectors[:, -2::-1]
    return vectors / np.sqrt(mass)[:, None] * np.maximum(values, 0.0) ** 1.5
