"""Conversions of settings from textbooks and other libraries to standardized units.

The reference is gradient descent on the textbook's loss, in units of X, of a network with a
normalization layer before it and its inverse after it.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits

from skae import AutoencoderTransformer, DenoisingAutoencoder, SparseAutoencoder

X = (load_digits().data[:96] / 16).astype(np.float32)
MEAN = X.mean(axis=0)
S = float(np.sqrt(np.mean((X - MEAN) ** 2)))
# In units of X: learning rate, and the weight of the penalty.
RATE, WEIGHT, TARGET, N_STEPS = 0.5, 0.02, 0.1, 3


def kernels(params):
    return [layer["kernel"] for part in ("encoder", "decoder") for layer in params[part].values()]


def sum_of_squares(params, z):
    return WEIGHT * sum(jnp.sum(jnp.square(kernel)) for kernel in kernels(params))


def l1(params, z):
    return WEIGHT * jnp.mean(jnp.sum(jnp.abs(z), axis=1))


def kl(params, z):
    mean = jnp.mean(z, axis=0)
    ratios = TARGET * jnp.log(TARGET / mean), (1 - TARGET) * jnp.log((1 - TARGET) / (1 - mean))
    return WEIGHT * jnp.sum(ratios[0] + ratios[1])


SPARSE = {
    "sparsity_weight": WEIGHT / S**2,
    "decoder_alpha": 0.0,
    "decoder_norm": "none",
    "sparsity_target": TARGET,
}
CASES = {
    "mean squared error": (AutoencoderTransformer, {"code_activation": "relu"}, lambda *_: 0.0),
    # keras.regularizers.L2(w); the weight_decay=w of torch.optim.SGD is half of it
    "L2": (
        AutoencoderTransformer,
        {"code_activation": "relu", "alpha": 2 * WEIGHT / S**2},
        sum_of_squares,
    ),
    "L1 of codes": (SparseAutoencoder, {"penalty": "l1", **SPARSE}, l1),
    "KL": (SparseAutoencoder, {"penalty": "kl", **SPARSE}, kl),
}


@pytest.mark.parametrize("case", CASES)
def test_gradient_descent_in_units_of_x(case):
    cls, parameters, penalty = CASES[case]
    activation = jax.nn.sigmoid if case == "KL" else jax.nn.relu

    def fitted(max_iter):
        return cls(
            10, hidden_layer_sizes=(), init="random", optimizer="sgd", learning_rate=RATE * S**2,
            learning_rate_schedule=("constant", 0.0), batch_size=len(X), max_iter=max_iter,
            early_stopping=False, random_state=0, **parameters,
        ).fit(X).params_  # fmt: skip

    def loss(params):
        encoder, decoder = (params[part]["layer_0"] for part in ("encoder", "decoder"))
        z = activation((X - MEAN) / S @ encoder["kernel"] + encoder["bias"])
        x_hat = MEAN + S * (z @ decoder["kernel"] + decoder["bias"])
        return jnp.mean(jnp.square(x_hat - X)) + penalty(params, z)

    start = {part: fitted(0)[part] for part in ("encoder", "decoder")}
    expected, gradient = start, jax.jit(jax.grad(loss))
    for _ in range(N_STEPS):
        expected = jax.tree.map(lambda w, g: w - RATE * g, expected, gradient(expected))
    found = fitted(N_STEPS)
    for part in start:
        for name in ("kernel", "bias"):
            first, got, want = (p[part]["layer_0"][name] for p in (start, found, expected))
            moved = np.abs(want - first).max()
            assert moved > 1e-4
            np.testing.assert_allclose(got, want, atol=1e-3 * moved, err_msg=f"{part} {name}")


@pytest.mark.thorough
def test_noise_of_a_standard_deviation_in_units_of_x():
    sigma = 0.2
    model = DenoisingAutoencoder(2, noise_level=sigma / S, max_iter=0).fit(X)
    noise = model.corrupt(np.repeat(X, 10, axis=0), random_state=0) - np.repeat(X, 10, axis=0)
    assert noise.std() == pytest.approx(sigma, rel=0.01)
