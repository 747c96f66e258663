"""Initialization of a variational autoencoder: codes of unit variance, with their posterior.

Under a Gaussian likelihood it is exactly probabilistic PCA (Tipping and Bishop 1999): the
posterior has a diagonal covariance that is the same for all samples.
"""

import numpy as np

from skae.core.data.samples import Samples
from skae.core.losses import LOSSES
from skae.core.networks import Network
from skae.objectives.variational.likelihoods import MIN_SCALE

__all__ = ["code_moments", "probabilistic_pca_initialization", "rescale_codes"]

# Lower bound of the initial variance of the likelihood. The learned scale is above MIN_SCALE for
# all finite values of its parameter, so it cannot be initialized there.
_MIN_VARIANCE = 2 * MIN_SCALE**2


def probabilistic_pca_initialization(
    params: dict,
    network: Network,
    samples: Samples,
    weight: np.ndarray,
    rng: np.random.Generator,
    *,
    loss: str,
    scale: float | None = None,
) -> dict:
    """Rescale the codes of a PCA initialization to the prior, and set posterior and likelihood.

    Parameters
    ----------
    params : dict
        Changed in place. Without a linear skip connection only the likelihood's scale is set.
    network : Network
        With two heads.
    samples : Samples
        In standardized units.
    weight : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
        Not used.
    loss : str
    scale : float, optional
        Scale of the likelihood in standardized units, if it is not learned.

    Returns
    -------
    params : dict
        ``log_scale`` is among the weights in "extra" if the scale is learned, else among the
        constants in "fixed".
    """
    del rng
    params = {"fixed": {}, **params}
    variance = 1.0 if scale is None else float(scale) ** 2
    if network.linear_path:
        variance = _fit_posterior(params, network, loss, samples, weight, scale)
    # The inverse of `log_scale`, which adds MIN_SCALE in quadrature.
    free = 0.5 * np.log(max(variance - MIN_SCALE**2, MIN_SCALE**2))
    place = "extra" if scale is None else "fixed"
    if LOSSES[loss].location_scale is not None:
        params[place] = {**params.get(place, {}), "log_scale": np.asarray(free, np.float32)}
    return params


def _fit_posterior(params, network, loss, samples, weight, scale):
    """Set the linear skip connection and the posterior's variance; return that of the noise."""
    vectors, eigenvalues, total = code_moments(params, network, samples, weight)
    variance = 1.0
    if LOSSES[loss].location_scale is not None:
        rest = max(0.0, total - eigenvalues.sum()) / max(1, network.n_features - len(eigenvalues))
        variance = max(rest if scale is None else float(scale) ** 2, _MIN_VARIANCE)
        decoder_factor = np.sqrt(np.maximum(eigenvalues - variance, 0.0))
        spread = np.square(decoder_factor) + variance
        encoder_factor, log_var = decoder_factor / spread, np.log(variance / spread)
    else:
        decoder_factor = np.sqrt(eigenvalues)
        # The posterior's precision is the prior's plus the Fisher information about a code in a
        # sample at the mean. The slope of the inverse link, with which PCA initialization
        # multiplies the components, is an entry's inverse variance.
        offset = network.output_offset(params).astype(np.float64)
        slopes = LOSSES[loss].inverse_link_slope(offset)
        information = eigenvalues * (slopes @ np.square(vectors))
        safe = np.where(decoder_factor > 0, decoder_factor, 1.0)
        encoder_factor = information / (1 + information) / safe
        log_var = -np.log1p(information)
    rescale_codes(params, network, encoder_factor, decoder_factor)
    network.code_layer(params)["bias"][network.n_components :] = log_var
    return variance


def rescale_codes(
    params: dict, network: Network, encoder_factor: np.ndarray, decoder_factor: np.ndarray
) -> None:
    """Multiply encoder and decoder of the linear skip connection by factors, in place.

    Both factors are of shape (n_components,). The scale of the codes for the parallel networks
    becomes 1.
    """
    k, linear = network.n_components, params["linear"]
    linear["encoder"] = (linear["encoder"] * encoder_factor).astype(np.float32)
    if "decoder" in linear:
        linear["decoder"] = (linear["decoder"] * decoder_factor[:, None]).astype(np.float32)
    else:
        # Under tied weights the decoder is the encoder times a gain.
        positive = encoder_factor > 0
        ratio = np.divide(decoder_factor, encoder_factor, out=np.ones(k), where=positive)
        linear["gain"] = (linear["gain"] * ratio).astype(np.float32)
    network.code_layer(params)["bias"][:k] *= params["fixed"]["code_scale"] * encoder_factor
    params["fixed"]["code_scale"] = np.ones(k, np.float32)


def code_moments(
    params: dict, network: Network, samples: Samples, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Second moments of the codes that the linear skip connection computes.

    Returns
    -------
    vectors : ndarray of shape (n_features, n_components)
        The encoder of the skip connection.
    eigenvalues : ndarray of shape (n_components,)
        Mean squares of the codes.
    total : float
        Mean square of the samples, summed over features.
    """
    vectors = params["linear"]["encoder"].astype(np.float64)
    bias = network.code_layer(params)["bias"][: network.n_components]
    offset = bias * params["fixed"]["code_scale"]
    codes, total, share = np.zeros(vectors.shape[1]), 0.0, weight / weight.sum()
    for part, block in samples.blocks():
        block = block.astype(np.float64)
        codes += share[part] @ np.square(block @ vectors + offset)
        total += float(share[part] @ np.square(block).sum(axis=1))
    return vectors, codes, total
