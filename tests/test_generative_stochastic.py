"""Generative stochastic networks: their Markov chain."""

import jax
import numpy as np
import pytest
from sklearn.base import clone

from skae import GenerativeStochasticNetwork
from skae.core.data.samples import Samples
from skae.core.networks import Model, dense_network, initial_weights
from skae.objectives.denoising.corruption import noise_constants
from skae.objectives.walkback import transition
from tests.datasets import curved
from tests.discovery import fast
from tests.test_compilation import compilations


@pytest.fixture(scope="module")
def data():
    return curved(400)


@pytest.fixture(scope="module")
def network(data):
    return fast(GenerativeStochasticNetwork, n_components=3, max_iter=20).fit(data)


def test_shapes_of_samples_and_paths(network, data):
    assert network.sample().shape == (1, 6)
    assert network.sample(7, 3).shape == (7, 6)
    path = network.sample(7, 3, return_path=True, random_state=0)
    assert path.shape == (4, 7, 6) and np.isfinite(path).all()
    np.testing.assert_array_equal(path[-1], network.sample(7, 3, random_state=0))


def test_seeds(network):
    np.testing.assert_array_equal(*(network.sample(3, 5, random_state=4) for _ in range(2)))
    assert (network.sample(3, 5) != network.sample(3, 5)).any()
    chains = network.sample(300, 20, random_state=0)
    assert len(np.unique(chains, axis=0)) == 300, (
        "all chains differ, also those of different blocks"
    )


def test_initial_states_of_chains(network, data):
    np.testing.assert_allclose(network.sample(4, 0, X_init=data[:4]), data[:4], rtol=1e-5)
    path = network.sample(4, 2, X_init=data[:1], return_path=True)
    np.testing.assert_allclose(path[0], np.repeat(data[:1], 4, axis=0), rtol=1e-5)
    # A single feature may be clipped to the same end of its range in all chains.
    assert len(np.unique(path[1], axis=0)) == 4, "chains from the same initial state differ"
    start = network.sample(2000, 0, random_state=0)
    np.testing.assert_allclose(start.mean(axis=0), data.mean(axis=0), atol=0.1 * network.scale_)
    assert abs(start.std(axis=0).mean() / network.scale_ - 1) < 0.05


def test_samples_stay_close_to_the_data(network, data):
    samples = network.sample(400, 100, random_state=0)
    low, high = data.min(axis=0), data.max(axis=0)
    assert (samples >= low - 1e-5).all() and (samples <= high + 1e-5).all()
    np.testing.assert_allclose(samples.mean(axis=0), data.mean(axis=0), atol=0.5 * network.scale_)
    assert 0.5 < samples.var(axis=0).sum() / data.var(axis=0).sum() < 1.5
    # The chains have left their initial states.
    gap = np.linalg.norm(samples[:, None] - data[None], axis=2).min(axis=1)
    start = network.sample(400, 0, random_state=0)
    assert np.median(gap) < 0.5 * np.median(
        np.linalg.norm(start[:, None] - data[None], axis=2).min(axis=1)
    )


@pytest.mark.thorough
def test_linear_chain_preserves_the_variance_of_gaussian_samples():
    """The best linear denoiser multiplies by a = v / (v + s^2). The stationary variance is then
    2 a / (1 + a) v; without the draws it would be half of that.
    """
    variance, level = np.array([4.0, 1.0]), 0.5
    share = variance / (variance + level**2)
    network = dense_network(2, (), 2, (), "identity")
    params = initial_weights(network, np.random.default_rng(0))
    params["encoder"]["layer_0"]["kernel"][...] = np.diag(share)
    params["decoder"]["layer_0"]["kernel"][...] = np.eye(2)
    X = np.random.default_rng(0).normal(size=(20_000, 2)) * np.sqrt(variance)
    samples = Samples(X.astype("f"))
    constants = noise_constants("gaussian", samples, np.ones(len(X)), standardized=True)
    constants = {**constants, "low": np.full(2, -99, "f"), "high": np.full(2, 99, "f")}
    model = Model(network, {**params, "fixed": {"noise": constants}})
    floats = {"noise_level": np.float32(level), "code_noise_level": np.float32(0)}
    step = jax.jit(lambda x, key: transition(model, "squared_error", x, key, floats))
    x = X.astype("f")
    for i in range(150):
        x = step(x, jax.random.key(i))
    expected = 2 * share / (1 + share)
    np.testing.assert_allclose(np.asarray(x).var(axis=0) / variance, expected, rtol=0.05)


@pytest.mark.thorough
def test_numbers_of_chains_and_steps_share_one_program(data):
    X = curved(200, 29)
    model = fast(GenerativeStochasticNetwork, early_stopping=False).fit(X)
    with compilations() as found:
        model.sample(3, 2)
    assert len(found) == 1
    with compilations() as found:
        model.sample(300, 5, X_init=X[:1])
        model.sample(2, 4, return_path=True)
        other = clone(model).set_params(noise_level=0.9, code_noise_level=0.0, n_walkback=4)
        other.fit(X).sample(3, 2)
    assert len(found) == 0


@pytest.mark.thorough
def test_walkback_and_cross_entropy(data):
    for loss in ("squared_error", "binary_cross_entropy"):
        model = fast(GenerativeStochasticNetwork, n_walkback=4, loss=loss, init="random").fit(data)
        samples = model.sample(50, 50, random_state=0)
        assert np.isfinite(model.history_["loss"]).all()
        assert (samples >= data.min() - 1e-5).all() and (samples <= data.max() + 1e-5).all()


def test_transform_adds_no_noise(network, data):
    np.testing.assert_array_equal(network.transform(data), network.transform(data))


def test_bad_arguments_of_sample(network, data):
    for n_samples in (0, -1):
        with pytest.raises(ValueError, match="n_samples"):
            network.sample(n_samples)
    with pytest.raises(TypeError, match="n_samples"):
        network.sample(2.5)
    with pytest.raises(ValueError, match="n_steps"):
        network.sample(2, -1)
    for bad in (data[:3], data[:1, :4]):
        with pytest.raises(ValueError, match="X_init"):
            network.sample(2, X_init=bad)
    with pytest.raises(ValueError, match="NaN"):
        network.sample(1, X_init=np.full((1, 6), np.nan))
