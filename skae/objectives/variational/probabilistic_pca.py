"""Where a variational autoencoder starts: codes of unit variance, with their posterior.

Under a Gaussian likelihood that is probabilistic PCA (Tipping and Bishop 1999), exactly: its
posterior has a diagonal covariance, the same for all samples.
"""

import numpy as np

from skae.core.losses import LOSSES
from skae.core.networks import Network
from skae.core.networks.ends import code_layer, output_offset
from skae.objectives.variational.likelihoods import MIN_SCALE

__all__ = ["code_moments", "probabilistic_pca_start", "rescale"]

# below it the learned scale, which approaches MIN_SCALE from above, could not begin
_MIN_VARIANCE = 2 * MIN_SCALE**2


def probabilistic_pca_start(
    params: dict, network: Network, samples, weight, rng, *, loss: str, scale=None
):
    """Initial weights whose codes have the prior's units, given those of `pca_start`.

    Parameters
    ----------
    params : dict
        Taken over and changed; without a linear path only the noise is set.
    network : Network
        With two heads.
    loss : str
    samples : Samples
        In units of training.
    weight : ndarray of shape (n_samples,)
    scale : float, optional
        Of the likelihood, in units of training, where it is not learned.

    Returns
    -------
    params : dict
        With ``log_scale`` among the constants, or among the further weights where it is learned.
    """
    del rng
    params = {"fixed": {}, **params}
    variance = 1.0 if scale is None else float(scale) ** 2
    if network.linear_path:
        variance = _into_prior_units(params, network, loss, samples, weight, scale)
    free = 0.5 * np.log(max(variance - MIN_SCALE**2, MIN_SCALE**2))
    place = "extra" if scale is None else "fixed"
    if LOSSES[loss].location_scale is not None:
        params[place] = {**params.get(place, {}), "log_scale": np.asarray(free, np.float32)}
    return params


def _into_prior_units(params, network, loss, samples, weight, scale):
    """Rescale the linear path, set the posterior's variance; returns that of the noise."""
    vectors, eigenvalues, total = code_moments(params, network, samples, weight)
    variance = 1.0
    if LOSSES[loss].location_scale is not None:
        rest = max(0.0, total - eigenvalues.sum()) / max(1, network.n_features - len(eigenvalues))
        variance = max(rest if scale is None else float(scale) ** 2, _MIN_VARIANCE)
        gain = np.sqrt(np.maximum(eigenvalues - variance, 0.0))
        spread = np.square(gain) + variance
        shrink, log_var = gain / spread, np.log(variance / spread)
    else:
        gain = np.sqrt(eigenvalues)
        # Fisher information about a code in a sample at the mean. The slope of the inverse link,
        # with which PCA initialization multiplies the vectors, is an entry's inverse variance.
        slopes = LOSSES[loss].inverse_link_slope(output_offset(params).astype(np.float64))
        information = eigenvalues * (slopes @ np.square(vectors))
        safe = np.where(gain > 0, gain, 1.0)
        shrink, log_var = information / (1 + information) / safe, -np.log1p(information)
    rescale(params, network, shrink, gain)
    code_layer(params)["bias"][network.n_components :] = log_var
    return variance


def rescale(params: dict, network: Network, shrink, gain) -> None:
    """Change the units of the linear path's codes: `shrink` on the way in, `gain` on that back.

    Both of shape (n_components,); the networks beside the path then see codes as they are.
    """
    k, linear = network.n_components, params["linear"]
    linear["encoder"] = (linear["encoder"] * shrink).astype(np.float32)
    if "decoder" in linear:
        linear["decoder"] = (linear["decoder"] * gain[:, None]).astype(np.float32)
    else:
        ratio = np.divide(gain, shrink, out=np.ones(k), where=shrink > 0)
        linear["gain"] = (linear["gain"] * ratio).astype(np.float32)
    code_layer(params)["bias"][:k] *= params["fixed"]["code_scale"] * shrink
    params["fixed"]["code_scale"] = np.ones(k, np.float32)


def code_moments(params: dict, network: Network, samples, weight):
    """What the linear path makes of the samples.

    Returns
    -------
    vectors : ndarray of shape (n_features, n_components)
    eigenvalues : ndarray of shape (n_components,)
        Mean squares of the codes.
    total : float
        Mean square of the samples, summed over the columns.
    """
    vectors = params["linear"]["encoder"].astype(np.float64)
    offset = code_layer(params)["bias"][: network.n_components] * params["fixed"]["code_scale"]
    codes, total, share = np.zeros(vectors.shape[1]), 0.0, weight / weight.sum()
    for part, block in samples.blocks():
        block = block.astype(np.float64)
        codes += share[part] @ np.square(block @ vectors + offset)
        total += float(share[part] @ np.square(block).sum(axis=1))
    return vectors, codes, total
