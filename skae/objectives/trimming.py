"""Robust selection of the samples to train on: outliers are trimmed under principal components.

Outliers in the training data would distort the model and be reconstructed well. So a robust fit
trims them first: it repeatedly fits principal components, and leaves out the samples with the
highest anomaly scores, as the concentration steps of least trimmed squares do (Rousseeuw and Van
Driessen 2006). Trimming uses principal components alone, so no program is compiled for it.
"""

from typing import Any, NamedTuple

import numpy as np

from skae.core.data.moments import weighted_units
from skae.core.data.samples import Samples
from skae.core.initialization.principal_components import principal_components
from skae.objectives.outlyingness import code_lengths, fit_reference, weighted_quantile, whitening

__all__ = ["MAX_SCALED_VALUE", "TrimmedSamples", "scale_features", "trim_samples"]

# Feature values are clipped at this multiple of the feature's scale. So they stay finite in float32
# and their squares in float64; such samples are outliers in any case.
MAX_SCALED_VALUE = 1e30
_FLOAT32_DTYPES = ("float32", "float16", "uint8", "int8", "uint16", "int16", "bool")
# Most principal components: _MAX_COMPONENTS, and this many per sample but at least _MIN_WIDTH,
# because more components than the samples determine describe the noise of single samples.
_MAX_COMPONENTS, _COMPONENTS_PER_SAMPLE, _MIN_WIDTH = 64, 1 / 8, 16
# A feature's scale over all samples is at most this multiple of its scale over inliers, so that
# outliers cannot shrink all other values of the feature.
_MAX_SCALE_RATIO = 4.0


class TrimmedSamples(NamedTuple):
    """Result of trimming.

    ``support`` is a mask of the samples to train on, ``scale`` the scale of each feature, and
    ``n_components`` the number of principal components that explain the requested variance.
    """

    support: np.ndarray
    scale: np.ndarray
    n_components: int


def scale_features(data: Any, scale: np.ndarray) -> Any:
    """Divide features by their scales and clip at 1e30; sparse data stay sparse."""
    dtype = np.float32 if data.dtype.name in _FLOAT32_DTYPES else np.float64
    if isinstance(data, np.ndarray):
        return _clipped_quotients(data, scale).astype(dtype, copy=False)
    scaled = data.astype(dtype)
    scaled.data[:] = _clipped_quotients(scaled.data, scale[scaled.indices])
    return scaled


def _clipped_quotients(values, scale):
    with np.errstate(over="ignore"):
        quotients = np.divide(values, scale, dtype=np.float64)
        return np.clip(quotients, -MAX_SCALED_VALUE, MAX_SCALED_VALUE)


def trim_samples(
    data: Any,
    weight: np.ndarray,
    *,
    standardize: bool,
    n_rounds: int,
    trim: float,
    explained_variance: float,
    rng: np.random.Generator,
) -> TrimmedSamples:
    """Leave out the samples with the highest anomaly scores under principal components.

    Parameters
    ----------
    data : ndarray or CSR array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Positive.
    standardize : bool
        Whether features are divided by their largest absolute deviation from the mean.
    n_rounds : int
        Number of rounds. Each fits components to the inliers of the round before, scores all
        samples, and selects the inliers anew.
    trim : float
        Share of the total weight that is left out in each round.
    explained_variance : float
        Share of the variance that the components explain.
    rng : numpy.random.Generator
        For randomized PCA of samples with many features.
    """
    support = np.ones(data.shape[0], bool)
    for _ in range(n_rounds if trim > 0 else 0):
        scale = _feature_scales(data, weight, support, standardize)
        samples, vectors = _components(data, scale, weight, support, explained_variance, rng)
        scores = _principal_scores(samples, vectors, weight * support)
        support = scores <= weighted_quantile(scores, weight, 1 - trim)
    scale = _feature_scales(data, weight, support, standardize)
    _, vectors = _components(data, scale, weight, support, explained_variance, rng)
    return TrimmedSamples(support, scale, vectors.shape[1])


def _principal_scores(samples, vectors, weight):
    """Anomaly scores of all samples under principal components; `weight` is 0 for non-inliers."""
    codes = np.empty((samples.n_samples, vectors.shape[1]))
    for part, block in samples.blocks():
        codes[part] = block @ vectors
    lengths = code_lengths(whitening(codes, weight), codes)

    def blocks():
        for part, block in samples.blocks():
            yield part, lengths[part], np.square(block - codes[part] @ vectors.T)

    return fit_reference(blocks, weight, samples.n_features, 1.0)[1]


@np.errstate(over="ignore")  # differences of values near the largest of float64
def _feature_scales(data, weight, support, standardize) -> np.ndarray:
    """Largest absolute deviation from the inliers' mean in each feature, 1 for constant features.

    The maximum is over all samples, but at most a multiple of the maximum over inliers. Standard
    deviations would amplify features that are rarely nonzero, such as pixels at the margin of an
    image.
    """
    if not standardize:
        return np.ones(data.shape[1])
    samples, share = Samples(data), weight * support / weight[support].sum()
    # Subtracting a sample first keeps the digits of features whose mean is far from 0.
    origin = samples.raw(slice(0, 1))[0].astype(np.float64)
    mean, of_inliers, of_all = np.zeros((3, samples.n_features))
    for part, block in samples.blocks(lambda part: samples.raw(part) - origin):
        mean += share[part] @ block
    for part, block in samples.blocks(lambda part: np.abs(samples.raw(part) - origin - mean)):
        of_all = np.maximum(of_all, block.max(axis=0))
        of_inliers = np.maximum(of_inliers, (block * support[part, None]).max(axis=0))
    varies = of_inliers > 1e-9 * of_all
    scale = np.where(varies, np.minimum(of_all, _MAX_SCALE_RATIO * of_inliers), of_all)
    return np.where(scale > 0, scale, 1.0)


def _components(data, scale, weight, support, explained_variance, rng):
    """All samples, centered at the mean of inliers, and the inliers' principal components."""
    samples = Samples(scale_features(data, scale))
    index, weight = np.flatnonzero(support), weight[support] / weight[support].mean()
    samples = samples.with_units(weighted_units(samples.select(index), weight))
    inliers = samples.select(index)
    width = max(_MIN_WIDTH, int(_COMPONENTS_PER_SAMPLE * len(index)))
    rank = min(_MAX_COMPONENTS, width, samples.n_features)
    vectors, deviations = principal_components(
        inliers.blocks, inliers.n_samples, samples.n_features, weight, rank, rng
    )
    variance = np.cumsum(np.square(deviations, dtype=np.float64))
    # The mean square over all entries is 1, so the total variance is n_features.
    n_components = int(np.searchsorted(variance, explained_variance * samples.n_features)) + 1
    return samples, vectors[:, :n_components]
