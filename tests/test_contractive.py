"""Contractive autoencoders: the norm of the Jacobian, and `encoder_jacobian`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skae import AutoencoderTransformer, ContractiveAutoencoder
from skae.core.networks import Model, dense_network, initial_weights
from skae.core.objective import Batch, Objective, Step
from skae.objectives.contractive import contractive_loss, squared_jacobian_norm
from tests.datasets import curved
from tests.discovery import fast, short

X_SMALL = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
KEY = jax.random.key(0)


def model_of(hidden=(4,), code_activation="tanh", linear_path=False, **options):
    network = dense_network(
        5, hidden, 3, hidden[::-1], "tanh",
        code_activation=code_activation, linear_path=linear_path, **options,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    params = initial_weights(network, rng)
    if linear_path:
        params["fixed"] = {"code_scale": np.array([2.0, 1.0, 0.5], np.float32)}
        encoder, decoder = (rng.normal(size=s).astype(np.float32) for s in [(5, 3), (3, 5)])
        params["linear"] = {"encoder": encoder, "decoder": decoder}
    return Model(network, params)


def by_differences(function, x, step=1e-2):
    columns = [
        (function(x + step * e) - function(x - step * e)) / (2 * step) for e in np.eye(x.shape[1])
    ]
    return np.stack(columns, axis=2)


@pytest.mark.parametrize("linear_path", [False, True])
@pytest.mark.parametrize("code_activation", ["identity", "logistic", "tanh", "softplus"])
def test_closed_form_of_one_layer(code_activation, linear_path):
    model = model_of((), code_activation, linear_path)
    jacobian = jax.vmap(jax.jacfwd(model.encode))(X_SMALL)
    for norms in (1.0, jnp.array([1.0, 2.0, 3.0])):
        scaled = jacobian * jnp.reshape(norms, (-1, 1))
        got = squared_jacobian_norm(model, X_SMALL, KEY, "hutchinson", norms)
        np.testing.assert_allclose(got, jnp.sum(scaled**2, axis=(1, 2)), rtol=1e-4)


def test_exact_norm_against_differences():
    model = model_of()
    expected = np.square(by_differences(model.encode, X_SMALL)).sum(axis=(1, 2))
    got = squared_jacobian_norm(model, X_SMALL, KEY, "exact")
    np.testing.assert_allclose(got, expected, rtol=0.02)


@pytest.mark.parametrize("linear_path", [False, True])
def test_exact_and_hutchinson_agree(linear_path):
    model = model_of(linear_path=linear_path)
    norms = jnp.array([1.0, 2.0, 0.5])
    exact = squared_jacobian_norm(model, X_SMALL, KEY, "exact", norms)
    draws = jax.vmap(lambda k: squared_jacobian_norm(model, X_SMALL, k, "hutchinson", norms))(
        jax.random.split(KEY, 4000)
    )
    error = jnp.std(draws, axis=0) / np.sqrt(4000)
    np.testing.assert_array_less(jnp.abs(draws.mean(axis=0) - exact), 5 * error + 1e-5)
    np.testing.assert_allclose(draws.mean(), exact.mean(), rtol=0.02)


def test_hutchinson_is_exact_for_a_single_component():
    network = dense_network(5, (4,), 1, (4,), "tanh", code_activation="identity")
    model = Model(network, initial_weights(network, np.random.default_rng(1)))
    one, other = (squared_jacobian_norm(model, X_SMALL, KEY, m) for m in ("exact", "hutchinson"))
    np.testing.assert_allclose(one, other, rtol=1e-5)


def loss_of(model, jacobian="exact", contraction=0.3):
    objective = Objective(contractive_loss, "squared_error", (("jacobian", jacobian),))
    weight = np.array([1, 2, 0, 1, 0.5, 1.5], np.float32)
    floats = {"contraction": contraction}
    return objective(model, Batch(jnp.asarray(X_SMALL), jnp.asarray(weight)), Step(KEY, floats))


def test_loss_against_numpy():
    model = model_of(tied=True)
    weight = np.array([1, 2, 0, 1, 0.5, 1.5])
    jacobian = np.asarray(jax.vmap(jax.jacrev(model.encode))(X_SMALL), np.float64)
    error = np.square(np.asarray(model.decode(model.encode(X_SMALL))) - X_SMALL).sum(axis=1)
    expected = weight @ (error + 0.3 * np.square(jacobian).sum(axis=(1, 2))) / 5 / 5
    np.testing.assert_allclose(loss_of(model)[0], expected, rtol=1e-4)


@pytest.mark.parametrize("jacobian", ["exact", "hutchinson"])
def test_gradient_against_differences(jacobian):
    model = model_of(linear_path=True)

    def loss(kernel):
        params = jax.tree.map(jnp.asarray, model.params)
        params["encoder"]["layer_1"]["kernel"] = kernel
        return loss_of(model._replace(params=params), jacobian)[0]

    kernel = jnp.asarray(model.params["encoder"]["layer_1"]["kernel"])
    loss_and_gradient = jax.jit(jax.value_and_grad(loss))
    _, gradient = loss_and_gradient(kernel)
    for i, j in [(0, 0), (1, 2), (3, 1)]:
        delta = jnp.zeros_like(kernel).at[i, j].set(1e-2)
        ends = [loss_and_gradient(kernel + sign * delta)[0] for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / 2e-2
        np.testing.assert_allclose(gradient[i, j], expected, rtol=0.02, atol=1e-3)


def test_rescaling_codes_does_not_change_the_loss():
    model = model_of((), "identity")
    params = jax.tree.map(np.array, model.params)
    params["encoder"]["layer_0"]["kernel"] *= 0.01
    params["decoder"]["layer_0"]["kernel"] *= 100
    one, other = (loss_of(m)[0] for m in (model, model._replace(params=params)))
    np.testing.assert_allclose(one, other, rtol=1e-4)


# ---- fits


@pytest.mark.parametrize("n_samples", [1, 40, 300])
@pytest.mark.parametrize("code_activation", ["identity", "tanh"])
def test_jacobian_is_the_derivative_of_transform(code_activation, n_samples):
    X = curved(100, 6) * 50
    model = fast(ContractiveAutoencoder, code_activation=code_activation).fit(X)
    samples = curved(n_samples, 6, seed=2) * 50
    jacobian = model.encoder_jacobian(samples)
    assert jacobian.shape == (n_samples, 2, 6) and jacobian.dtype == np.float64
    expected = by_differences(model.transform, samples, step=0.05)
    np.testing.assert_allclose(jacobian, expected, atol=0.02 * np.abs(expected).max())


def test_jacobian_dtypes_and_sparse_samples(fitted, X):
    from scipy.sparse import csr_array

    model = fitted(ContractiveAutoencoder)
    assert model.encoder_jacobian(X.astype(np.float32)).dtype == np.float32
    assert model.encoder_jacobian((X > 0.5).astype(np.uint8)).dtype == np.float32
    np.testing.assert_allclose(
        model.encoder_jacobian(csr_array(X)), model.encoder_jacobian(X), rtol=1e-6
    )


def test_jacobian_before_fit_and_with_other_features(fitted, X):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        ContractiveAutoencoder().encoder_jacobian(X)
    with pytest.raises(ValueError, match="features"):
        fitted(ContractiveAutoencoder).encoder_jacobian(X[:, :3])


def test_zero_contraction_is_the_plain_autoencoder(X):
    plain = fast(AutoencoderTransformer).fit(X)
    contractive = fast(ContractiveAutoencoder, contraction=0.0).fit(X)
    np.testing.assert_allclose(contractive.reconstruct(X), plain.reconstruct(X), atol=1e-4)


@pytest.mark.parametrize("jacobian", short(["hutchinson", "exact"]))
@pytest.mark.parametrize("tied_weights", short([True, False]))
def test_contraction_reduces_the_jacobian(jacobian, tied_weights):
    X = curved(400, 8)
    sensitivity = []
    for contraction in (0.0, 1.0):
        model = fast(
            ContractiveAutoencoder, contraction=contraction, jacobian=jacobian, max_iter=40,
            tied_weights=tied_weights, early_stopping=False,
        ).fit(X)  # fmt: skip
        spread = model.transform(X).var(axis=0).sum()
        sensitivity.append(np.square(model.encoder_jacobian(X)).sum() / spread)
    assert sensitivity[1] < 0.95 * sensitivity[0]
