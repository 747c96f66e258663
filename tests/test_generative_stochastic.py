"""What the generative stochastic network alone promises: its chain."""

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
def rows():
    return curved(400)


@pytest.fixture(scope="module")
def network(rows):
    return fast(GenerativeStochasticNetwork, n_components=3, max_iter=20).fit(rows)


def test_shapes_of_samples_and_paths(network, rows):
    assert network.sample().shape == (1, 6)
    assert network.sample(7, 3).shape == (7, 6)
    path = network.sample(7, 3, return_path=True, random_state=0)
    assert path.shape == (4, 7, 6) and np.isfinite(path).all()
    np.testing.assert_array_equal(path[-1], network.sample(7, 3, random_state=0))


def test_seeds(network):
    np.testing.assert_array_equal(*(network.sample(3, 5, random_state=4) for _ in range(2)))
    assert (network.sample(3, 5) != network.sample(3, 5)).any()
    chains = network.sample(300, 20, random_state=0)
    assert len(np.unique(chains, axis=0)) == 300, "chains differ, across blocks too"


def test_chains_start_where_they_are_told(network, rows):
    np.testing.assert_allclose(network.sample(4, 0, X_init=rows[:4]), rows[:4], rtol=1e-5)
    path = network.sample(4, 2, X_init=rows[:1], return_path=True)
    np.testing.assert_allclose(path[0], np.repeat(rows[:1], 4, axis=0), rtol=1e-5)
    # a single column may be cut off at the same end of its range in all of them
    assert len(np.unique(path[1], axis=0)) == 4, "chains from the same row differ"
    start = network.sample(2000, 0, random_state=0)
    np.testing.assert_allclose(start.mean(axis=0), rows.mean(axis=0), atol=0.1 * network.scale_)
    assert abs(start.std(axis=0).mean() / network.scale_ - 1) < 0.05


def test_samples_stay_among_the_samples(network, rows):
    samples = network.sample(400, 100, random_state=0)
    low, high = rows.min(axis=0), rows.max(axis=0)
    assert (samples >= low - 1e-5).all() and (samples <= high + 1e-5).all()
    np.testing.assert_allclose(samples.mean(axis=0), rows.mean(axis=0), atol=0.5 * network.scale_)
    assert 0.5 < samples.var(axis=0).sum() / rows.var(axis=0).sum() < 1.5
    # far from where the chain started
    gap = np.linalg.norm(samples[:, None] - rows[None], axis=2).min(axis=1)
    start = network.sample(400, 0, random_state=0)
    assert np.median(gap) < 0.5 * np.median(
        np.linalg.norm(start[:, None] - rows[None], axis=2).min(axis=1)
    )


def test_linear_chain_keeps_the_variance_of_gaussian_samples():
    """a = v / (v + s^2) the best linear denoiser: 2 a / (1 + a) of the variance v stays, where
    without draws a / (1 + a) would.
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
    want = 2 * share / (1 + share)
    np.testing.assert_allclose(np.asarray(x).var(axis=0) / variance, want, rtol=0.05)


def test_any_number_of_chains_and_steps_is_one_program(rows):
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


def test_walkback_and_cross_entropy(rows):
    for loss in ("squared_error", "binary_cross_entropy"):
        model = fast(GenerativeStochasticNetwork, n_walkback=4, loss=loss, init="random").fit(rows)
        samples = model.sample(50, 50, random_state=0)
        assert np.isfinite(model.history_["loss"]).all()
        assert (samples >= rows.min() - 1e-5).all() and (samples <= rows.max() + 1e-5).all()


def test_transform_adds_no_noise(network, rows):
    np.testing.assert_array_equal(network.transform(rows), network.transform(rows))


@pytest.mark.parametrize(
    "name, value",
    [
        *(("noise_level", value) for value in (0, -1.0, np.nan, "much")),
        *(("code_noise_level", value) for value in (-0.1, None)),
        *(("n_walkback", value) for value in (0, 1.5, "all")),
    ],
)
def test_bad_parameters(name, value):
    with pytest.raises(ValueError, match=name):
        fast(GenerativeStochasticNetwork, **{name: value}).fit(curved())


def test_bad_arguments_of_sample(network, rows):
    for n_samples in (0, -1):
        with pytest.raises(ValueError, match="n_samples"):
            network.sample(n_samples)
    with pytest.raises(TypeError, match="n_samples"):
        network.sample(2.5)
    with pytest.raises(ValueError, match="n_steps"):
        network.sample(2, -1)
    for bad in (rows[:3], rows[:1, :4]):
        with pytest.raises(ValueError, match="X_init"):
            network.sample(2, X_init=bad)
    with pytest.raises(ValueError, match="NaN"):
        network.sample(1, X_init=np.full((1, 6), np.nan))
