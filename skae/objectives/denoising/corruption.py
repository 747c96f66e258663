"""Noise that is added to samples, by name or as a user's function.

All of it is pure and in units of training. Random numbers are drawn 16 bits wide: on a CPU they
are most of what noise costs, and full width would double a training step.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = [
    "CORRUPTIONS",
    "Corruption",
    "NoiseFunction",
    "corrupt",
    "noise_constants",
    "resolve_noise",
    "standard_normal",
]

_LEVELS = 2**16
# donors of a sample under "swap": as many as columns up to here, then columns share them
_DONORS = 64


def gaussian(key, batch, level, constants):
    """Adds ``level`` times the data's spread times independent standard normals."""
    return batch.x + level * constants["scale"] * standard_normal(key, batch.x.shape)


def dropout(key, batch, level, constants):
    """Puts the mean with probability ``level``; what is kept moves away from the mean by
    1 / (1 - level), so that a noisy sample is the sample on average.
    """
    mean = constants["mean"]
    kept = mean + (batch.x - mean) / (1.0 - level)
    return jnp.where(_chosen(key, level, batch.x.shape), mean, kept)


def masking(key, batch, level, constants):
    """Puts the mean with probability ``level``."""
    return jnp.where(_chosen(key, level, batch.x.shape), constants["mean"], batch.x)


def salt_and_pepper(key, batch, level, constants):
    """Puts the column's least or largest training value, with probability ``level / 2`` each."""
    bits = _bits(key, batch.x.shape)
    noisy = jnp.where(bits < 0.5 * level * _LEVELS, constants["low"], batch.x)
    return jnp.where(bits >= (1.0 - 0.5 * level) * _LEVELS, constants["high"], noisy)


def swap(key, batch, level, constants):
    """Puts the value of another real sample of the batch, drawn by weight, with prob. ``level``."""
    del constants
    place_key, donor_key = jax.random.split(key)
    n_features = batch.x.shape[1]
    n_donors = min(n_features, _DONORS)
    donors = _other_samples(donor_key, batch.weight, n_donors)
    donors = jnp.tile(donors, (1, -(-n_features // n_donors)))[:, :n_features]
    values = jnp.take_along_axis(batch.x, donors, axis=0, mode="promise_in_bounds")
    return jnp.where(_chosen(place_key, level, batch.x.shape), values, batch.x)


def _other_samples(key, weight, n_donors):
    """For each sample `n_donors` others, drawn by weight; itself where there is no other."""
    ends = jnp.cumsum(weight)
    starts, own = (ends - weight)[:, None], weight[:, None]
    last = weight.shape[0] - 1 - jnp.argmax(weight[::-1] > 0)
    # a place among the weights of all others: those behind the sample's own lie `own` further on
    shape = weight.shape[0], n_donors
    place = jax.random.uniform(key, shape, weight.dtype) * (ends[-1] - own)
    place = jnp.where(place >= starts, place + own, place)
    found = jnp.searchsorted(ends, place, side="right", method="scan")
    return jnp.minimum(found, last)


def standard_normal(key, shape):
    """Independent standard normals of 2^16 distinct values, up to 4.3."""
    uniform = (_bits(key, shape).astype(jnp.float32) + 0.5) / _LEVELS
    return jnp.sqrt(2.0) * jax.lax.erf_inv(2.0 * uniform - 1.0)


def _chosen(key, level, shape):
    return _bits(key, shape) < level * _LEVELS


def _bits(key, shape):
    """Uniform integers below 2^16: of 32 bits drawn, half for a sample, half for one further down."""
    n_samples, *cells = shape
    words = jax.random.bits(key, (1, (n_samples + 1) // 2, *cells), jnp.uint32)
    # shifted by an array, not put end to end: what stands behind a concatenation is not vectorized
    shifts = jnp.arange(0, 32, 16, jnp.uint32).reshape(2, 1, *(1 for _ in cells))
    halves = (words >> shifts) & 0xFFFF
    return halves.reshape(-1, *cells)[:n_samples].astype(jnp.int32)


@dataclass(frozen=True)
class Corruption:
    """Noise ``(key, batch, level, constants) -> x``, and whether the level is a probability."""

    apply: Callable
    probability: bool = True


CORRUPTIONS = {
    "gaussian": Corruption(gaussian, probability=False),
    "dropout": Corruption(dropout),
    "masking": Corruption(masking),
    "salt_and_pepper": Corruption(salt_and_pepper),
    "swap": Corruption(swap),
}


@dataclass(frozen=True)
class NoiseFunction:
    """A user's ``(x, key) -> x`` on samples in X's units; compares by what it does."""

    function: Callable
    args: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()

    def apply(self, key, batch, level, constants):
        """The noisy samples in units of training."""
        del level
        if "unit" not in constants:
            raise ValueError(
                "the earlier fit had noise by name, and a function must know X's units: fit with "
                "warm_start=False"
            )
        x = batch.x * constants["unit"] + constants["origin"]
        noisy = self.function(*self.args, x, key, **dict(self.keywords))
        if getattr(noisy, "shape", None) != x.shape:
            got = getattr(noisy, "shape", type(noisy).__name__)
            raise ValueError(
                f"the noise function must give samples of the shape {x.shape} that it was given, "
                f"got {got}"
            )
        return (noisy.astype(jnp.float32) - constants["origin"]) / constants["unit"]


def resolve_noise(noise):
    """A name as it is; a function, or a partial of one, as a value."""
    if isinstance(noise, str):
        return noise
    args: tuple = ()
    keywords: dict = {}
    while isinstance(noise, functools.partial):
        args, keywords = noise.args + args, {**noise.keywords, **keywords}
        noise = noise.func
    resolved = NoiseFunction(noise, args, tuple(sorted(keywords.items())))
    try:
        hash(resolved)
    except TypeError:
        raise ValueError(
            f"noise={noise!r} has arguments that are not hashable ({args}, {keywords}): use "
            "numbers, strings, tuples and functions"
        ) from None
    return resolved


def corrupt(noise, key, batch, level, constants):
    """Noisy samples of a batch; `noise` is what `resolve_noise` gives."""
    apply = CORRUPTIONS[noise].apply if isinstance(noise, str) else noise.apply
    return apply(key, batch, level, constants)


def noise_constants(noise, samples, weight, *, standardized: bool) -> dict[str, np.ndarray]:
    """What noise must know of the training samples, in units of training; float32.

    All named kinds get the same, so that training may go on with another kind.

    Parameters
    ----------
    noise : str or NoiseFunction
    samples : Samples
    weight : ndarray of shape (n_samples,)
    standardized : bool
        Whether samples have mean 0 and scale 1 by construction.
    """
    extremes = [(block.min(axis=0), block.max(axis=0)) for _, block in samples.blocks()]
    low, high = (np.stack(side) for side in zip(*extremes, strict=True))
    mean, scale = np.zeros(samples.n_features), 1.0
    if not standardized:
        share = weight / weight.sum()
        mean = sum(share[part] @ block for part, block in samples.blocks())
        squares = sum(share[part] @ np.square(block - mean) for part, block in samples.blocks())
        scale = np.sqrt(squares.mean())
    found = {"mean": mean, "scale": scale, "low": low.min(axis=0), "high": high.max(axis=0)}
    if not isinstance(noise, str):
        found["origin"], found["unit"] = samples.units
    return {name: np.asarray(value, np.float32) for name, value in found.items()}


def with_noise_constants(
    params: dict, network, samples, weight, rng, *, noise, standardized: bool
) -> dict:
    """Initial weights with the constants that the corruption process reads."""
    del network, rng
    constants = noise_constants(noise, samples, weight, standardized=standardized)
    return {**params, "fixed": {**params.get("fixed", {}), "noise": constants}}
