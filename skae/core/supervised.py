"""Losses of an encoder with a linear head, for rows that come with targets."""

import jax
import jax.numpy as jnp
import numpy as np

from skae.core.inference import apply_in_blocks
from skae.core.networks.headed import HeadedNetwork
from skae.core.objectives import weighted_mean

__all__ = ["cross_entropy_loss", "features", "outputs", "squared_error_loss", "with_head"]


def cross_entropy_loss(model, batch, key, *, objective, hyperparameters):
    """``mean_i -log softmax(outputs(x_i))[y_i]``; a target is the number of its class."""
    del objective
    logits = _outputs(model, batch, key, hyperparameters)
    places = batch.y.astype(jnp.int32)
    chances = jnp.take_along_axis(jax.nn.log_softmax(logits), places, axis=1)
    return weighted_mean(-chances[:, 0], batch.weight), {}


def squared_error_loss(model, batch, key, *, objective, hyperparameters):
    """``mean_i |outputs(x_i) - y_i|^2``, the mean over targets."""
    del objective
    error = _outputs(model, batch, key, hyperparameters) - batch.y
    return weighted_mean(jnp.mean(jnp.square(error), axis=1), batch.weight), {}


def _outputs(model, batch, key, hyperparameters):
    dropout = None if hyperparameters["evaluation"] else (key, hyperparameters["dropout"])
    return model.network.outputs(model.params, batch.x, dropout)


def outputs(network, params, x):
    """What the head gives for rows in units of training."""
    return network.outputs(params, x)


def features(network, params, x):
    """What the head is given for rows in units of training, before its units."""
    return network.features(params, x)


def with_head(network: HeadedNetwork, params: dict, rows, weight, n_features: int, device) -> dict:
    """Weights with a head at zero, and the units of what it is given.

    Parameters
    ----------
    network : HeadedNetwork
    params : dict
        Without a head.
    rows : Rows
        To train on: what the layers give for them gets mean 0, and mean square 1 over all units.
    weight : ndarray of shape (n_rows,)
    n_features : int
        What the layers give of a row.
    device : jax.Device or None
    """
    given = np.empty((rows.n_rows, n_features), np.float32)
    shape = (rows.n_rows, rows.n_features)
    apply_in_blocks(features, network, params, shape, rows.standardised, given, device)
    share = weight / weight.sum()
    mean = share @ given.astype(np.float64)
    square = float(share @ np.square(given - mean).mean(axis=1))
    unit = {
        "mean": mean.astype(np.float32),
        "scale": np.float32(np.sqrt(square) if square > 0 else 1.0),
    }
    head = {
        "kernel": np.zeros((n_features, network.n_outputs), np.float32),
        "bias": np.zeros(network.n_outputs, np.float32),
    }
    return {**params, "head": head, "fixed": {**params["fixed"], "unit": unit}}
