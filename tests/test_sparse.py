"""Sparse autoencoders: penalties, k-sparse codes, unit activity."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits

import skae
from skae import AutoencoderTransformer, SparseAutoencoder
from skae.core.data.samples import Samples
from skae.core.networks import Model, dense_network, initial_weights, largest
from skae.core.objective import Batch, Objective, Step
from skae.estimators.base.unit_activity import activity
from skae.objectives.decoder_norm import decoder_norms
from skae.objectives.sparse.objective import bernoulli_kl, sparse_loss
from tests import own_modules
from tests.datasets import curved
from tests.discovery import fast, short

PENALTIES = ["kl", "squared_error", "l1", "l2", "top_k"]
each_penalty = pytest.mark.parametrize("penalty", PENALTIES)
RNG = np.random.default_rng(0)
X_SMALL = RNG.normal(size=(8, 5)).astype(np.float32)
WEIGHT = np.array([1, 2, 0, 1, 0.5, 3, 0, 1], np.float32)


def model_of(code_activation="logistic", hidden=(4,), **options):
    network = dense_network(
        5, hidden, 3, hidden[::-1], "tanh", code_activation=code_activation, **options
    )
    return Model(network, initial_weights(network, np.random.default_rng(1)))


def loss_of(
    penalty, model, x=X_SMALL, weight=WEIGHT, sparsity_weight=1.0, target=0.2, alpha=0.0,
    decoder_norm="weighted",
):  # fmt: skip
    settings = (("penalty", penalty), ("decoder_norm", decoder_norm))
    objective = Objective(sparse_loss, "squared_error", settings)
    floats = {
        "sparsity_weight": sparsity_weight,
        "sparsity_target": target,
        "decoder_alpha": alpha,
    }
    return objective(model, Batch(jnp.asarray(x), jnp.asarray(weight)), Step(None, floats))


# ---- formulas


@pytest.mark.parametrize("penalty", ["kl", "squared_error"])
def test_decoder_alpha_penalizes_the_weights_of_units(penalty):
    model = model_of()
    squares = np.square(model.params["decoder"]["layer_0"]["kernel"]).sum()
    gain = loss_of(penalty, model, alpha=2.0)[0] - loss_of(penalty, model)[0]
    np.testing.assert_allclose(gain, squares, rtol=1e-5)


@pytest.mark.parametrize("penalty", ["kl", "squared_error"])
def test_decoder_alpha_has_no_effect_with_tied_weights(penalty):
    model = model_of(tied=True)
    assert loss_of(penalty, model, alpha=2.0)[0] == loss_of(penalty, model)[0]


def test_kl_closed_form():
    means = np.array([0.05, 0.2, 0.5, 0.9])
    expected = 0.2 * np.log(0.2 / means) + 0.8 * np.log(0.8 / (1 - means))
    np.testing.assert_allclose(bernoulli_kl(0.2, means), expected, rtol=1e-4, atol=1e-6)
    assert abs(float(bernoulli_kl(0.3, jnp.float32(0.3)))) < 1e-6


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_kl_and_its_gradient_are_finite_at_0_and_1(mean):
    value, gradient = jax.value_and_grad(bernoulli_kl, argnums=1)(0.1, jnp.float32(mean))
    assert np.isfinite(value) and np.isfinite(gradient)
    assert np.sign(gradient) == (1 if mean else -1)


def test_loss_is_finite_for_saturated_units():
    model = model_of()
    layers = model.params["encoder"]
    layers["layer_1"]["bias"] = np.array([200.0, -200.0, 0.0], np.float32)
    for penalty in ("kl", "squared_error"):
        loss, gradient = jax.value_and_grad(
            lambda p, name=penalty: loss_of(name, model._replace(params=p))[0]
        )(model.params)
        assert np.isfinite(loss)
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("penalty", ["kl", "squared_error", "l1", "l2"])
def test_penalty_against_numpy(penalty):
    model = model_of(tied=True)
    loss, metrics = loss_of(penalty, model)
    z = np.asarray(model.encode(X_SMALL), np.float64)
    error = np.mean((np.asarray(model.decode(z)) - X_SMALL) ** 2, axis=1)
    mean = WEIGHT @ z / WEIGHT.sum()
    n_samples = np.sum(WEIGHT > 0)
    expected = {
        "kl": np.sum(0.2 * np.log(0.2 / mean) + 0.8 * np.log(0.8 / (1 - mean))),
        "squared_error": np.sum((mean - 0.2) ** 2),
        "l1": WEIGHT @ np.abs(z).sum(axis=1) / n_samples,
        "l2": WEIGHT @ (z**2).sum(axis=1) / n_samples,
    }[penalty]
    np.testing.assert_allclose(metrics["penalty"], expected, rtol=1e-4)
    np.testing.assert_allclose(metrics["reconstruction"], WEIGHT @ error / n_samples, rtol=1e-4)
    np.testing.assert_allclose(loss, metrics["reconstruction"] + metrics["penalty"], rtol=1e-5)


@each_penalty
def test_gradient_against_differences(penalty):
    n_active = 2 if penalty == "top_k" else None
    model = model_of("identity" if n_active else "logistic", n_active=n_active)

    def loss(bias):
        params = jax.tree.map(jnp.asarray, model.params)
        params["encoder"]["layer_1"]["bias"] = bias
        return loss_of(penalty, model._replace(params=params))[0]

    loss_and_gradient = jax.jit(jax.value_and_grad(loss))
    bias, step = jnp.array([0.1, -0.2, 0.3]), 1e-2
    _, gradient = loss_and_gradient(bias)
    for j, delta in enumerate(step * jnp.eye(3)):
        ends = [loss_and_gradient(bias + sign * delta)[0] for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(gradient[j], expected, rtol=0.02, atol=2e-4)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_padding_has_no_effect(penalty):
    model = model_of()
    padded = np.vstack([X_SMALL, np.full((4, 5), 1e3, np.float32)])
    weight = np.concatenate([WEIGHT, np.zeros(4, np.float32)])
    expected, _ = loss_of(penalty, model)
    np.testing.assert_allclose(loss_of(penalty, model, padded, weight)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_rescaling_untied_codes_does_not_change_the_loss(penalty):
    model = model_of("relu", hidden=())
    params = jax.tree.map(np.array, model.params)
    params["encoder"]["layer_0"]["kernel"] *= 0.01
    params["decoder"]["layer_0"]["kernel"] *= 100
    (one, _), (other, _) = (loss_of(penalty, m) for m in (model, model._replace(params=params)))
    np.testing.assert_allclose(one, other, rtol=1e-4)
    norms = np.linalg.norm(model.params["decoder"]["layer_0"]["kernel"], axis=1)
    np.testing.assert_allclose(decoder_norms(model), norms, rtol=1e-5)


# ---- the decoder's weights under the penalties "l1" and "l2"


@pytest.mark.parametrize("decoder_norm", ["unit", "none"])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_penalty_of_the_codes_themselves(penalty, decoder_norm):
    model = model_of("relu", unit_decoder=decoder_norm == "unit")
    z = np.asarray(model.encode(X_SMALL), np.float64)
    sums = np.abs(z).sum(axis=1) if penalty == "l1" else np.square(z).sum(axis=1)
    value = loss_of(penalty, model, decoder_norm=decoder_norm)[1]["penalty"]
    np.testing.assert_allclose(value, WEIGHT @ sums / np.sum(WEIGHT > 0), rtol=1e-5)


def test_unit_decoder_divides_its_weights_by_their_norm():
    plain, unit = model_of("relu"), model_of("relu", unit_decoder=True)
    params = jax.tree.map(np.array, plain.params)
    kernel = params["decoder"]["layer_0"]["kernel"]
    kernel /= np.linalg.norm(kernel, axis=1, keepdims=True)
    z = plain.encode(X_SMALL)
    np.testing.assert_allclose(unit.decode(z), plain._replace(params=params).decode(z), atol=1e-6)


@pytest.mark.thorough
def test_unit_decoder_of_a_fitted_model(X, tmp_path):
    model = fast(SparseAutoencoder, penalty="l1", decoder_norm="unit", pretraining="layerwise")
    model.fit(X)
    assert not model.architecture_["network"]["tied"]
    kernel = model.params_["decoder"]["layer_0"]["kernel"]
    first = np.linalg.norm(kernel, axis=1)
    Z, x_hat = model.transform(X), model.reconstruct(X)
    kernel *= np.array([[2.0], [0.1]], np.float32) / first[:, None]
    np.testing.assert_allclose(model.inverse_transform(Z), x_hat, atol=1e-5)
    loaded = skae.load(model.save(tmp_path / "m.skae") and tmp_path / "m.skae")
    np.testing.assert_array_equal(loaded.reconstruct(X), model.reconstruct(X))
    model.set_params(pretraining=None).partial_fit(X)
    message = r"decoder_norm='weighted' or 'none' differs from .*'unit'"
    with pytest.raises(ValueError, match=message):
        model.set_params(decoder_norm="none").partial_fit(X)


@pytest.mark.parametrize("n_components, sizes, code_activation, epochs, code, error", [
    (30, (100,), "logistic", 60, 0.0366, 0.0102),
    # Unbounded codes shrink at a speed that depends on the units: in Keras, after 80 epochs.
    (32, (), "relu", 120, 0.08, 0.009),
])  # fmt: skip
@pytest.mark.thorough
def test_plain_l1_has_the_figures_of_keras(
    n_components, sizes, code_activation, epochs, code, error
):
    """Keras 3.15: Dense layers, ActivityRegularization(l1=3e-3), Adam, mini-batches of 32."""
    X = load_digits().data / 16
    model = SparseAutoencoder(
        n_components, penalty="l1", sparsity_weight=3e-3 / np.var(X - X.mean(axis=0)),
        decoder_norm="none",
        hidden_layer_sizes=sizes, activation="relu", code_activation=code_activation,
        optimizer="adam", learning_rate=1e-3, learning_rate_schedule="constant", batch_size=32,
        max_iter=epochs, early_stopping=False, random_state=0,
    ).fit(X)  # fmt: skip
    assert model.transform(X).mean() == pytest.approx(code, rel=0.2)
    assert np.mean((model.reconstruct(X) - X) ** 2) == pytest.approx(error, rel=0.2)


def test_smaller_codes_and_a_larger_decoder_reduce_the_plain_penalty():
    model = model_of("relu", hidden=())
    params = jax.tree.map(np.array, model.params)
    params["encoder"]["layer_0"]["kernel"] *= 0.01
    params["decoder"]["layer_0"]["kernel"] *= 100
    smaller = model._replace(params=params)
    (_, one), (_, other) = (loss_of("l1", m, decoder_norm="none") for m in (model, smaller))
    np.testing.assert_allclose(other["penalty"], 0.01 * one["penalty"], rtol=1e-4)
    np.testing.assert_allclose(other["reconstruction"], one["reconstruction"], rtol=1e-4)


# ---- k-sparse codes


def test_largest_keeps_n_entries_and_their_gradients():
    code = jnp.array([[3.0, -1.0, 2.0, 2.0], [-4.0, -3.0, -2.0, -1.0]])
    np.testing.assert_array_equal(largest(code, 2), [[3, 0, 2, 0], [0, 0, -2, -1]])
    gradient = jax.grad(lambda c: jnp.sum(largest(c, 2)))(code)
    np.testing.assert_array_equal(gradient, [[1, 0, 1, 0], [0, 0, 1, 1]])


@pytest.mark.parametrize("n_active", short([3, 1, 6]))
def test_top_k_codes_have_n_active_units(n_active, X, X_new):
    model = fast(SparseAutoencoder, n_components=6, penalty="top_k", n_active=n_active).fit(X)
    active = (model.transform(X_new) != 0).sum(axis=1)
    assert (active == n_active).all()
    function, params = model.encoder_function()
    np.testing.assert_allclose(function(params, X_new), model.transform(X_new), atol=1e-5)


def test_top_k_with_all_units_is_the_plain_autoencoder(X):
    plain = fast(AutoencoderTransformer, init="random", early_stopping=False).fit(X)
    sparse = fast(SparseAutoencoder, penalty="top_k", n_active=2, early_stopping=False).fit(X)
    np.testing.assert_allclose(sparse.reconstruct(X), plain.reconstruct(X), atol=1e-4)


def test_zero_sparsity_weight_is_the_plain_autoencoder(X):
    parameters = {"init": "random", "early_stopping": False, "tied_weights": False}
    plain = fast(AutoencoderTransformer, code_activation="relu", **parameters).fit(X)
    sparse = fast(SparseAutoencoder, penalty="l1", sparsity_weight=0.0, **parameters).fit(X)
    np.testing.assert_allclose(sparse.reconstruct(X), plain.reconstruct(X), atol=1e-4)


# ---- fits


@each_penalty
@pytest.mark.parametrize(
    "init, tied_weights", short([("random", "auto"), ("pca", True), ("random", False)])
)
def test_every_penalty_fits(penalty, init, tied_weights, X):
    model = fast(
        SparseAutoencoder,
        penalty=penalty,
        init=init,
        tied_weights=tied_weights,
        early_stopping=False,
    )
    assert np.isfinite(model.fit(X).score(X))
    assert model.mean_activation_.shape == model.active_fraction_.shape == (2,)
    if penalty != "top_k":
        assert np.isfinite(model.history_["penalty"]).all()


@pytest.mark.parametrize("penalty, sparsity_weight", short([("kl", 3.0), ("squared_error", 30.0)]))
@pytest.mark.parametrize("target", short([0.05, 0.3]))
def test_units_reach_their_target_activation(penalty, sparsity_weight, target):
    X = curved(400, 8)
    model = SparseAutoencoder(
        12, penalty=penalty, sparsity_target=target, sparsity_weight=sparsity_weight,
        hidden_layer_sizes=(16,), batch_size=64, max_iter=40, early_stopping=False, random_state=0,
    ).fit(X)  # fmt: skip
    np.testing.assert_allclose(model.mean_activation_, target, atol=0.04)
    np.testing.assert_allclose(model.mean_activation_, model.transform(X).mean(axis=0), rtol=1e-5)


def test_initial_units_have_target_means_and_are_inactive_for_most_samples():
    X = curved(400, 8)
    start = SparseAutoencoder(
        20, max_iter=0, early_stopping=False, sparsity_target=0.1, random_state=0
    ).fit(X)
    np.testing.assert_allclose(start.mean_activation_, 0.1, atol=1e-3)
    assert np.median(start.transform(X)) < 0.06


def test_l1_increases_the_number_of_zero_codes():
    X = curved(400, 8)
    zeros = [
        np.mean(
            SparseAutoencoder(
                16, penalty="l1", sparsity_weight=w, hidden_layer_sizes=(16,), max_iter=30,
                early_stopping=False, random_state=0,
            ).fit_transform(X) == 0
        )
        for w in (0.0, 0.3)
    ]  # fmt: skip
    assert zeros[1] > zeros[0] + 0.1


def test_activity_uses_sample_weights(fitted, X, weights):
    model = fitted(SparseAutoencoder)
    by_weight = activity(model, Samples(X), weights)
    repeated = activity(
        model, Samples(np.repeat(X, weights.astype(int), axis=0)), np.ones(int(weights.sum()))
    )
    for name, value in by_weight.items():
        np.testing.assert_allclose(value, repeated[name], rtol=1e-9, err_msg=name)


def test_units_without_weights_are_dead(X):
    model = fast(SparseAutoencoder, n_components=3, max_iter=0).fit(X)
    model.params_["encoder"]["layer_1"]["kernel"][:, 1] = 0.0
    found = activity(model, Samples(X), np.ones(len(X)))
    np.testing.assert_array_equal(found["dead_units_"], [1])
    assert found["active_fraction_"][1] == 0 and (found["active_fraction_"][[0, 2]] > 0).all()


# ---- invalid parameters


@pytest.mark.parametrize("parameters, problem", [
    ({"tied_weights": True}, "tied_weights=True"),
    ({"init": "pca"}, "init='pca'"),
    ({"network": own_modules.pair(), "hidden_layer_sizes": "auto"}, "decoder module of your own"),
])  # fmt: skip
def test_decoder_norm_unit_with_weights_that_it_cannot_divide(parameters, problem, X):
    for penalty in ("l1", "l2"):
        model = fast(SparseAutoencoder, penalty=penalty, decoder_norm="unit", **parameters)
        with pytest.raises(ValueError, match=f"decoder_norm='unit' divides .*{problem}"):
            model.fit(X)
    fast(SparseAutoencoder, decoder_norm="unit", **parameters).fit(X)  # not used under "kl"


def test_unknown_decoder_norm(X):
    with pytest.raises(ValueError, match="'decoder_norm' parameter"):
        fast(SparseAutoencoder, decoder_norm="projected").fit(X)


def test_n_active_above_n_components(X):
    with pytest.raises(ValueError, match="n_active=3"):
        fast(SparseAutoencoder, penalty="top_k", n_active=3).fit(X)


def test_kl_requires_logistic_codes(X):
    with pytest.raises(ValueError, match=r"code_activation='relu'.*logistic"):
        fast(SparseAutoencoder, code_activation="relu").fit(X)
    assert fast(SparseAutoencoder).fit(X).architecture_["code_activation"] == "logistic"
    fast(SparseAutoencoder, penalty="squared_error", code_activation="relu").fit(X)
