"""Adversarial autoencoders: priors, discriminator, distribution of codes."""

from itertools import pairwise

import jax
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import AdversarialAutoencoder, AutoencoderTransformer
from skae.core.networks import Model, dense_network, initial_weights
from skae.core.objective import Batch, Step
from skae.objectives.adversarial.discriminator import discriminator_logits, discriminator_weights
from skae.objectives.adversarial.priors import PRIORS, maximum_mean_discrepancy, mixture_centers
from tests.datasets import curved
from tests.discovery import fast, short


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)[0]


def discrepancy(a, b, squared_bandwidth=8.0):
    """Unbiased squared maximum mean discrepancy, by its definition."""

    def kernel(one, other):
        return np.exp(-cdist(one, other, "sqeuclidean") / (2 * squared_bandwidth))

    def within(data):
        return (kernel(data, data).sum() - len(data)) / (len(data) * (len(data) - 1))

    return within(a) + within(b) - 2 * kernel(a, b).mean()


# ---- objectives


def test_discrepancy_against_its_definition():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((40, 8)), 0.3 + rng.standard_normal((50, 8))
    got = jax.jit(maximum_mean_discrepancy)(np.float32(a), np.ones(40, np.float32), np.float32(b))
    np.testing.assert_allclose(got, discrepancy(a, b), atol=1e-5)
    # Samples of weight 0 are ignored.
    weight = (np.arange(40) < 30).astype(np.float32)
    got = jax.jit(maximum_mean_discrepancy)(np.float32(a), weight, np.float32(b))
    np.testing.assert_allclose(got, discrepancy(a[:30], b), atol=1e-5)


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("n_components", [1, 2, 5])
def test_priors_are_the_same_on_host_and_device(name, n_components):
    centers = mixture_centers(10, n_components)
    prior, shape = PRIORS[name], (20_000, n_components)
    device = np.asarray(prior.draw(jax.random.key(0), shape, centers))
    host = prior.draw_on_host(np.random.default_rng(0), shape, centers)
    for draws in (device, host):
        assert draws.shape == shape
        np.testing.assert_allclose(draws.mean(axis=0), 0, atol=0.03)
        np.testing.assert_allclose(draws.std(axis=0), prior.deviation, rtol=0.03)
    assert abs(discrepancy(device[:2000], host[:2000])) < 3e-3


def test_each_adversarial_loss_has_gradients_for_its_own_weights():
    """The discriminator's loss has no gradient for the encoder, and other losses none for it."""
    rng = np.random.default_rng(0)
    network = dense_network(4, (5,), 2, (5,), "tanh")
    weights = discriminator_weights(2, (3,), rng)
    weights["layer_1"]["kernel"] += rng.standard_normal((3, 1)).astype(np.float32)
    params = {"fixed": {}, "extra": {"discriminator": weights}, **initial_weights(network, rng)}
    batch = Batch(rng.standard_normal((16, 4)).astype(np.float32), np.ones(16, np.float32))
    objective = fast(AdversarialAutoencoder)._objective()

    def gradient(adversarial_weight):
        def loss(params):
            step = Step(jax.random.key(0), {"adversarial_weight": adversarial_weight})
            return objective(Model(network, params), batch, step)[0]

        return jax.grad(loss)(params)

    def plain(params):
        model = Model(network, params)
        return np.float32(1) * ((model.decode(model.encode(batch.x)) - batch.x) ** 2).mean()

    def assert_equal(one, other):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), one, other)

    without, with_ = gradient(0.0), gradient(1.0)
    for part in ("encoder", "decoder"):
        assert_equal(without[part], jax.grad(plain)(params)[part])
    assert_equal(without["extra"], with_["extra"])
    assert_equal(without["decoder"], with_["decoder"])
    assert np.abs(with_["encoder"]["layer_1"]["kernel"]).max() > 0
    assert not np.allclose(
        with_["encoder"]["layer_1"]["kernel"], without["encoder"]["layer_1"]["kernel"], atol=1e-6
    )


def test_logits_of_a_new_discriminator_are_zero():
    weights = discriminator_weights(3, (8, 8), np.random.default_rng(0))
    codes = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    logits = discriminator_logits(weights, codes)
    np.testing.assert_array_equal(logits, np.zeros(5))


# ---- codes


@pytest.mark.thorough
def test_codes_are_distributed_as_the_prior(digits):
    # The digits are ordered by writer, so the test set is drawn at random.
    X, X_new = train_test_split(digits, test_size=500, random_state=0)
    model = AdversarialAutoencoder(8, early_stopping=False, random_state=0).fit(X)
    codes, rng = model.transform(X_new), np.random.default_rng(0)
    draws = [rng.standard_normal((500, 8)) for _ in range(41)]
    between = [discrepancy(a, b) for a, b in pairwise(draws)]
    start = AdversarialAutoencoder(8, max_iter=0).fit(X).transform(X_new)
    bar = np.quantile(between, 0.95)
    assert discrepancy(codes, draws[0]) < bar < discrepancy(start, draws[0])
    plain = AutoencoderTransformer(8, random_state=0).fit(X)
    errors = [np.square(m.reconstruct(X_new) - X_new).mean() for m in (model, plain)]
    assert errors[0] < 1.3 * errors[1]


@pytest.mark.thorough
def test_codes_of_a_uniform_prior_lie_in_the_cube(digits):
    model = AdversarialAutoencoder(2, prior="uniform", max_iter=40, random_state=0).fit(digits)
    codes = model.transform(digits)
    assert np.mean(np.abs(codes) < 1.15) > 0.95
    np.testing.assert_allclose(codes.std(axis=0), 3**-0.5, rtol=0.15)
    data = model.sample(500, random_state=0)
    assert data.shape == (500, 64)


@pytest.mark.thorough
def test_a_mixture_prior_moves_codes_towards_its_centers(digits):
    def distance(codes):
        return np.mean(cdist(codes, mixture_centers(6, 2)).min(axis=1))

    options = {"prior": "gaussian_mixture", "n_prior_components": 6, "random_state": 0}
    options = {"adversarial_weight": 1.0, "early_stopping": False, **options}
    start = AdversarialAutoencoder(2, max_iter=0, **options).fit(digits)
    model = AdversarialAutoencoder(2, max_iter=60, **options).fit(digits)
    assert distance(model.transform(digits)) < 0.75 * distance(start.transform(digits))


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("tied_weights", [False, True])
def test_initialization_is_pca_in_units_of_the_prior(prior, tied_weights, X):
    start = fast(AdversarialAutoencoder, prior=prior, tied_weights=tied_weights, max_iter=0).fit(X)
    codes = start.transform(X)
    np.testing.assert_allclose(codes.std(axis=0), PRIORS[prior].deviation, rtol=1e-3)
    plain = fast(AutoencoderTransformer, max_iter=0).fit(X)
    np.testing.assert_allclose(start.reconstruct(X), plain.reconstruct(X), atol=1e-4)


@pytest.mark.thorough
def test_zero_adversarial_weight_reconstructs_as_an_autoencoder(X):
    model = fast(AdversarialAutoencoder, adversarial_weight=0.0, max_iter=30).fit(X)
    assert model.score(X) > 0.9 * fast(AutoencoderTransformer, max_iter=30).fit(X).score(X)


def test_history_contains_all_losses(fitted):
    model = fitted(AdversarialAutoencoder, early_stopping=False)
    history, weight = model.history_, model.adversarial_weight
    total = history["reconstruction"] + weight * history["generator"] + history["discriminator"]
    np.testing.assert_allclose(history["loss"], total, rtol=1e-4)


def test_samples_and_interpolation(X, X_new, fitted):
    model = fitted(AdversarialAutoencoder)
    np.testing.assert_array_equal(model.sample(4, random_state=1), model.sample(4, random_state=1))
    assert not np.array_equal(model.sample(4), model.sample(4))
    way = model.interpolate(X_new[0], X_new[1], n_steps=4)
    np.testing.assert_allclose(way[[0, -1]], model.reconstruct(X_new[:2]), rtol=1e-5, atol=1e-6)


# ---- invalid input, small data


@pytest.mark.parametrize(
    "prior, shape",
    short([("gaussian", (1, 3)), ("uniform", (40, 1)), ("gaussian_mixture", (1, 3))]),
)
def test_small_data(shape, prior):
    data = curved(40, 30)[: shape[0], : shape[1]]
    model = fast(AdversarialAutoencoder, n_components=1, prior=prior).fit(data)
    assert np.isfinite(model.transform(data)).all() and np.isfinite(model.sample(3)).all()


def test_no_hidden_layer_in_the_discriminator(X):
    model = fast(AdversarialAutoencoder, discriminator_hidden_layer_sizes=()).fit(X)
    assert list(model.params_["extra"]["discriminator"]) == ["layer_0"]


def test_samples_are_drawn_from_the_prior_of_the_fit():
    model = fast(AdversarialAutoencoder, warm_start=True).fit(curved(60))
    expected = model.sample(5, random_state=0)
    for prior in ("uniform", "gaussian_mixture"):
        model.set_params(prior=prior)
        np.testing.assert_array_equal(model.sample(5, random_state=0), expected)
        for continue_training in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r"prior='gaussian' of the fitted"):
                continue_training(curved(60))
