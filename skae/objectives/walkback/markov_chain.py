"""The Markov chain of a generative stochastic network: damage a row, rebuild it, draw.

Pure, in units of training; chains run side by side in blocks of one shape.
"""

import jax
import jax.numpy as jnp

from skae.core.losses import LOSSES
from skae.core.networks import Model
from skae.objectives.denoising.corruption import standard_normal

__all__ = ["noisy_output", "run_chain", "transition"]


def noisy_output(model, x, key, hyperparameters):
    """The decoder's raw output for rows with noise on their cells and on their codes.

    The noise on cells counts in the data's spread, that on a code in the code's own.
    """
    cell_key, code_key = jax.random.split(key)
    scale = hyperparameters["noise_level"] * model.params["fixed"]["noise"]["scale"]
    z = model.encode(x + scale * standard_normal(cell_key, x.shape))
    noise = hyperparameters["code_noise_level"] * standard_normal(code_key, z.shape)
    if model.network.linear_path:
        noise = noise * model.params["fixed"]["code_scale"]
    return model.decode(z + noise)


def transition(model, loss, x, key, hyperparameters):
    """The chain's next rows: a draw from what a clean row may be, given the noisy one.

    By Tweedie's formula a row that was damaged by normal noise of deviation s lies around the
    reconstruction ``r`` with covariance ``s^2 J``, J the Jacobian of r. A draw is ``r + s J e``,
    e standard normal: exact where J is a projection, as it is along a surface. Without it each
    step would shrink the rows towards the middle of the data. Cells stay in the training range.
    """
    noise_key, draw_key = jax.random.split(key)
    constants = model.params["fixed"]["noise"]
    direction = hyperparameters["noise_level"] * constants["scale"]
    direction = direction * standard_normal(draw_key, x.shape)

    def rebuild(x):
        return LOSSES[loss].link(noisy_output(model, x, noise_key, hyperparameters))

    mean, deviation = jax.jvp(rebuild, (x,), (direction,))
    return jnp.clip(mean + deviation, constants["low"], constants["high"])


def run_chain(static, params, x, key_data, first, n_steps, hyperparameters):
    """Samples after `n_steps` further steps; the noise of step i depends on ``first + i`` alone."""
    network, loss = static
    model = Model(network, params)
    key = jax.random.wrap_key_data(key_data)

    def step(i, x):
        return transition(model, loss, x, jax.random.fold_in(key, first + i), hyperparameters)

    return jax.lax.fori_loop(0, n_steps, step, x)
