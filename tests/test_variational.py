"""Variational autoencoders: likelihoods, bounds, posterior, samples."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, log_expit
from sklearn.datasets import load_digits

from skae import VAE
from skae.objectives.variational import likelihoods
from tests.datasets import curved
from tests.discovery import fast, short


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)[0]


def probabilistic_pca(X, n_components, scale=None):
    """Mean and covariance of samples in closed form (Tipping and Bishop 1999)."""
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1][:, :n_components]
    noise = values[n_components:].mean() if scale is None else scale**2
    ways = np.maximum(values[:n_components] - noise, 0)
    return X.mean(axis=0), (vectors * ways) @ vectors.T + noise * np.eye(X.shape[1])


# ---- closed forms


def test_gaussian_kl_is_the_integral():
    mean, deviation = 0.7, 0.4
    z = np.linspace(-6, 6, 20_001)
    q, p = stats.norm(mean, deviation), stats.norm()
    integral = np.trapezoid(q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), z)
    got = likelihoods.gaussian_kl(np.float32(mean), np.float32(2 * np.log(deviation)))
    np.testing.assert_allclose(got, integral, rtol=1e-5)
    assert likelihoods.gaussian_kl(0.0, 0.0) == 0


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber"])
@pytest.mark.parametrize("scale", [0.3, 2.0])
def test_likelihoods_integrate_to_one(loss, scale):
    x = np.linspace(-60, 60, 240_001, dtype=np.float32)[:, None]
    params = {"fixed": {"log_scale": np.float32(np.log(scale))}}
    nats = likelihoods.negative_log_likelihood(loss, params, np.float32(0.2), x)
    integral = np.trapezoid(np.exp(-np.asarray(nats, np.float64)), x[:, 0])
    assert integral == pytest.approx(1, abs=1e-3)


def test_gaussian_and_bernoulli_nats_are_their_densities():
    rng = np.random.default_rng(0)
    output, x = rng.standard_normal((2, 5, 3)).astype(np.float32)
    params = {"extra": {"log_scale": np.float32(np.log(0.5))}, "fixed": {}}
    got = likelihoods.negative_log_likelihood("squared_error", params, output, x)
    scale = np.hypot(0.5, likelihoods.MIN_SCALE)
    np.testing.assert_allclose(got, -stats.norm(output, scale).logpdf(x).sum(axis=1), rtol=1e-5)
    binary = (x > 0).astype(np.float32)
    got = likelihoods.negative_log_likelihood("binary_cross_entropy", {}, output, binary)
    chance = np.where(binary > 0, log_expit(output), log_expit(-output))
    np.testing.assert_allclose(got, -chance.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(expit(output) > 0.5, output > 0)


@pytest.mark.parametrize("tied_weights", short([False, True]))
@pytest.mark.parametrize("scale", ["learned", 0.4])
def test_initialization_is_probabilistic_pca(digits, tied_weights, scale):
    X, X_new = digits[:1000], digits[1000:]
    start = VAE(
        5, max_iter=0, tied_weights=tied_weights, likelihood_scale=scale, early_stopping=False
    ).fit(X)
    in_units_of_X = None if scale == "learned" else scale * start.scale_
    exact = stats.multivariate_normal(*probabilistic_pca(X, 5, in_units_of_X)).logpdf(X_new)
    # The posterior is exact, so both bounds equal the likelihood for any number of draws.
    np.testing.assert_allclose(start.score_samples(X_new), exact, atol=1e-3)
    for n in (1, 2, 50):
        got = start.log_likelihood(X_new, n_importance_samples=n)
        np.testing.assert_allclose(got, exact, atol=1e-3)


@pytest.mark.thorough
def test_training_increases_the_likelihood_above_probabilistic_pca(digits):
    X, X_new = digits[:1400], digits[1400:]
    model = VAE(5, random_state=0).fit(X)
    exact = stats.multivariate_normal(*probabilistic_pca(X, 5)).logpdf(X_new)
    assert model.score(X_new) > exact.mean() + 3


# ---- bounds


@pytest.mark.thorough
def test_log_likelihood_increases_with_the_number_of_draws(digits):
    model = VAE(5, max_iter=15, random_state=0, early_stopping=False).fit(digits[:1400])
    X_new = digits[1400:]
    # The ELBO is the expected value of the bound for a single draw.
    bounds = [model.score(X_new)]
    bounds += [model.log_likelihood(X_new, n).mean() for n in (10, 100, 1000)]
    assert bounds == sorted(bounds)
    assert bounds[-1] > bounds[0] + 1


def test_scores_have_the_units_of_X(X, X_new, fitted):
    model = fitted(VAE)
    stretched = fast(VAE).fit(10 * X)
    lost = X.shape[1] * np.log(10)
    np.testing.assert_allclose(
        stretched.score_samples(10 * X_new), model.score_samples(X_new) - lost, atol=0.05
    )
    bits = np.round(X / X.max())
    binary = fast(VAE, loss="binary_cross_entropy").fit(bits)
    # Probabilities of samples, not densities.
    assert binary.log_likelihood(bits).max() < 0


def test_scores_are_deterministic_and_independent_of_other_samples(X_new, fitted):
    model = fitted(VAE)
    for score in (model.score_samples, model.log_likelihood):
        together = score(X_new)
        assert together.dtype == np.float64 and together.shape == (len(X_new),)
        np.testing.assert_array_equal(score(X_new), together)
        np.testing.assert_array_equal(score(X_new[7:8]), together[7:8])


def test_score_is_the_mean_over_samples(X_new, fitted):
    model, weight = fitted(VAE), np.arange(len(X_new))
    scores = model.score_samples(X_new)
    assert model.score(X_new) == pytest.approx(scores.mean())
    expected = np.average(scores, weights=weight)
    assert model.score(X_new, sample_weight=weight) == pytest.approx(expected)


@pytest.mark.parametrize("factor", [1e4, 1e20])
def test_an_outlier_has_a_finite_low_score(factor, X_new, fitted):
    model = fitted(VAE)
    far = factor * X_new
    assert np.isfinite(model.score_samples(far)).all() and np.isfinite(model.transform(far)).all()
    assert model.score(far) < model.score(X_new)


# ---- codes


def test_transform_is_the_posteriors_mean(X_new, fitted):
    model = fitted(VAE)
    mean, deviation = model.encode_distribution(X_new)
    np.testing.assert_allclose(mean, model.transform(X_new), rtol=1e-6, atol=1e-7)
    assert deviation.shape == mean.shape and np.all(deviation > 0) and np.all(deviation < 1.5)
    assert model.encode_distribution(X_new.astype(np.float32))[0].dtype == np.float32


def test_kl_is_the_weighted_mean_divergence(X, weights):
    model = fast(VAE).fit(X, sample_weight=weights)
    mean, deviation = model.encode_distribution(X)
    cells = (mean**2 + deviation**2 - 1) / 2 - np.log(deviation)
    np.testing.assert_allclose(model.kl_, np.average(cells, axis=0, weights=weights), rtol=1e-4)
    np.testing.assert_array_equal(model.active_units_, np.flatnonzero(model.kl_ > 0.1))


def test_components_without_variance_are_not_active(X):
    flat = np.column_stack([X[:, :2], X[:, :2]])
    model = fast(VAE, n_components=4, max_iter=0).fit(flat)
    assert set(model.active_units_) <= {0, 1}
    assert np.isfinite(model.score_samples(flat)).all()


@pytest.mark.thorough
def test_higher_beta_reduces_the_kl_divergence(digits):
    X = digits[:1000]
    divergences = [
        VAE(5, max_iter=15, beta=b, random_state=0).fit(X).kl_.sum() for b in (0.1, 1, 10)
    ]
    assert divergences[0] > 1.2 * divergences[1] > 1.4 * divergences[2]


@pytest.mark.thorough
def test_free_bits_keep_dimensions_active(digits):
    X = digits[:1000]
    options = {"beta": 20.0, "max_iter": 15, "early_stopping": False, "random_state": 0}
    without, with_ = (VAE(5, free_bits=bits, **options).fit(X).kl_ for bits in (0.0, 0.5))
    assert np.all(without < 0.4) and np.all(with_ > 0.4)


@pytest.mark.thorough
def test_warm_up_increases_the_kl_divergence_of_early_epochs(digits):
    X = digits[:1000]
    options = {"max_iter": 20, "early_stopping": False, "random_state": 0}
    at_once, slowly = (VAE(5, warm_up=w, **options).fit(X).history_["kl"] for w in (0.0, 1.0))
    assert slowly[4] > 1.1 * at_once[4]
    assert slowly[-1] == pytest.approx(at_once[-1], rel=0.15)


def test_likelihood_scale_is_learned_or_fixed(X):
    learned = fast(VAE).fit(X).params_
    assert "log_scale" in learned["extra"] and "log_scale" not in learned["fixed"]
    given = fast(VAE, likelihood_scale=0.5).fit(X).params_
    assert np.exp(given["fixed"]["log_scale"]) == pytest.approx(0.5, rel=1e-3)
    assert "extra" not in given


# ---- generated samples


@pytest.mark.thorough
def test_generated_samples_have_the_mean_of_the_data(digits):
    model = VAE(5, max_iter=20, random_state=0).fit(digits)
    samples = model.sample(2000, random_state=0)
    assert samples.shape == (2000, 64) and samples.dtype == np.float64
    assert np.abs(samples.mean(axis=0) - digits.mean(axis=0)).max() < 1.5
    np.testing.assert_array_equal(model.sample(5, random_state=3), model.sample(5, random_state=3))
    assert not np.array_equal(model.sample(5), model.sample(5))
    seeded = np.random.RandomState(3)
    assert not np.array_equal(model.sample(2, seeded), model.sample(2, seeded))


@pytest.mark.thorough
def test_aggregate_posterior_is_close_to_the_prior(digits):
    model = VAE(5, max_iter=80, random_state=0).fit(10 * digits)
    mean, deviation = model.encode_distribution(10 * digits)
    spread = np.sqrt(mean.var(axis=0) + np.square(deviation).mean(axis=0))
    np.testing.assert_allclose(spread, 1, atol=0.2)


def test_interpolation_begins_and_ends_at_reconstructions(X_new, fitted):
    model = fitted(VAE)
    way = model.interpolate(X_new[0], X_new[1], n_steps=5)
    assert way.shape == (5, X_new.shape[1])
    np.testing.assert_allclose(way[[0, -1]], model.reconstruct(X_new[:2]), rtol=1e-5, atol=1e-6)
    code = model.transform(X_new[:2]).mean(axis=0, keepdims=True)
    np.testing.assert_allclose(way[2:3], model.inverse_transform(code), rtol=1e-5, atol=1e-6)


# ---- invalid input, small data


def test_bad_arguments(X_new, fitted):
    model = fitted(VAE)
    for call in (
        lambda: model.sample(0),
        lambda: model.log_likelihood(X_new, 0),
        lambda: model.interpolate(X_new[0], X_new[1], 1),
        lambda: model.interpolate(X_new[0], X_new[1, :3]),
        lambda: model.interpolate(X_new[:2], X_new[:2]),
    ):
        with pytest.raises(ValueError):
            call()


@pytest.mark.parametrize("shape", [(1, 3), (2, 1)])
@pytest.mark.parametrize("init", short(["pca", "random"]))
def test_small_data(shape, init):
    samples = curved(40, 30)[: shape[0], : shape[1]]
    model = fast(VAE, n_components=1, init=init).fit(samples)
    assert np.isfinite(model.score_samples(samples)).all()
    assert np.isfinite(model.log_likelihood(samples, 3)).all()
    assert np.isfinite(model.sample(3)).all()


def test_partial_fit_continues_training(X):
    model = fast(VAE, warm_up=0.5)
    for _ in range(3):
        model.partial_fit(X)
    assert np.isfinite(model.score(X)) and model.kl_.shape == (2,)
