"""The contractive objective: a penalty on the Jacobian of the encoder (Rifai et al. 2011)."""

from typing import Any

import jax
import jax.numpy as jnp

from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.objectives.decoder_norm import decoder_norms, freeze_gain

__all__ = ["contractive_loss", "encoder_jacobian", "squared_jacobian_norm"]


def contractive_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Reconstruction loss plus ``contraction`` times the mean squared norm of the Jacobian.

    The norm is divided by the number of features, as the reconstruction loss is.
    """
    model = freeze_gain(model)
    samples = objective.sample_losses(model.decode(model.encode(batch.x)), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    norms = squared_jacobian_norm(
        model, batch.x, step.key, objective.setting("jacobian"), decoder_norms(model)
    )
    norm = mean_over_samples(norms, batch.weight)
    loss = reconstruction + step.hyperparameters["contraction"] * norm / batch.x.shape[1]
    return loss, {"reconstruction": reconstruction, "jacobian_norm": norm}


def squared_jacobian_norm(
    model: Model, x: jax.Array, key: Any, method: str, norms: jax.Array | float = 1.0
) -> jax.Array:
    """Weighted squared Frobenius norm of the encoder's Jacobian, for each sample.

    It is ``sum_jk (norms_j dz_j / dx_k)^2`` over codes j and features k.

    Parameters
    ----------
    model : Model
    x : array of shape (n_samples, n_features)
    key : PRNG key
        For "hutchinson".
    method : {"exact", "hutchinson"}
        Ignored for an encoder of one layer, whose Jacobian has a closed form.
    norms : array of shape (n_components,) or 1.0
        Weights of the codes, see `decoder_norms`.

    Returns
    -------
    squared_norms : array of shape (n_samples,)
    """
    if model.network.encoder.is_single_dense_layer:
        return _closed_form(model, x, norms)
    if method == "exact":
        samples = jax.vmap(jax.jacrev(model.encode))(x)
        return jnp.sum(jnp.square(samples * jnp.reshape(norms, (-1, 1))), axis=(1, 2))
    # Hutchinson's estimator: E |J^T v|^2 = |J|^2 for random signs v. It needs one backward pass,
    # whatever the number of components.
    z, pull_back = jax.vjp(model.encode, x)
    signs = jax.random.rademacher(key, z.shape, z.dtype)
    (products,) = pull_back(signs * norms)
    return jnp.sum(jnp.square(products), axis=1)


def _closed_form(model, x, norms):
    """For one layer ``z = f(a)``, ``a = x W + b``: ``sum_j f'(a_j)^2 |W_j|^2``."""
    kernel = model.params["encoder"]["layer_0"]["kernel"]
    if model.network.linear_path:
        # The skip connection and the scaled layer are one linear map.
        kernel = model.params["linear"]["encoder"] + model.params["fixed"]["code_scale"] * kernel
    a = model.preactivation(x)
    _, derivative = jax.jvp(model.network.activate, (a,), (jnp.ones_like(a),))
    return jnp.square(derivative * norms) @ jnp.sum(jnp.square(kernel), axis=0)


def encoder_jacobian(network: Any, params: dict, x: jax.Array) -> jax.Array:
    """Jacobian of the codes of each sample, of shape (n_samples, n_components, n_features)."""
    return jax.vmap(jax.jacrev(Model(network, params).encode))(x)
