"""Reconstruction losses: closed forms, gradients, links, domains, and a loss added by a test."""

import functools
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.special import expit
from sklearn.base import clone

import skae
from skae import VAE, AutoencoderTransformer
from skae.core.losses import LOSSES, Domain, LocationScale, Loss
from tests.discovery import AUTOENCODERS, fast

OUTPUT = np.linspace(-3, 3, 13, dtype=np.float32)[:, None] * np.ones((1, 5), np.float32)
SAMPLES = np.linspace(0.02, 0.98, 5, dtype=np.float32)[None, :] * np.ones((13, 1), np.float32)


def numpy_huber(output, x):
    error = np.abs(output - x)
    return np.where(error <= 1, 0.5 * error**2, error - 0.5)


def numpy_cross_entropy(output, x):
    p = expit(output.astype(np.float64))
    return -x * np.log(p) - (1 - x) * np.log(1 - p)


FORMULAS = {
    "squared_error": lambda o, x: (o - x) ** 2,
    "absolute_error": lambda o, x: np.abs(o - x),
    "huber": numpy_huber,
    "binary_cross_entropy": numpy_cross_entropy,
}
GRADIENTS = {
    "squared_error": lambda o, x: 2 * (o - x),
    "absolute_error": lambda o, x: np.sign(o - x),
    "huber": lambda o, x: np.clip(o - x, -1, 1),
    "binary_cross_entropy": lambda o, x: expit(o) - x,
}
each_loss = pytest.mark.parametrize("name", FORMULAS)


def test_there_are_no_untested_losses():
    assert set(LOSSES) == set(FORMULAS)


@each_loss
def test_closed_form(name):
    got = LOSSES[name].per_entry(jnp.asarray(OUTPUT), jnp.asarray(SAMPLES))
    assert got.shape == OUTPUT.shape
    np.testing.assert_allclose(got, FORMULAS[name](OUTPUT, SAMPLES), rtol=2e-5, atol=1e-6)


@each_loss
def test_gradient(name):
    gradient = jax.grad(lambda o: jnp.sum(LOSSES[name].per_entry(o, jnp.asarray(SAMPLES))))
    np.testing.assert_allclose(gradient(OUTPUT), GRADIENTS[name](OUTPUT, SAMPLES), atol=2e-6)


@each_loss
def test_gradient_where_output_and_sample_are_equal_and_at_zero(name):
    # cells that are met exactly: constant columns, and the first step from a silent network
    for output, x in ((0.0, 0.0), (0.5, 0.5), (0.0, 0.3), (0.0, 1.0)):
        got = jax.grad(lambda o, x=x: LOSSES[name].per_entry(o, x))(jnp.float32(output))
        assert float(got) == pytest.approx(float(GRADIENTS[name](output, x)), abs=1e-6)


@each_loss
def test_second_derivative_is_finite(name):
    curvature = jax.vmap(jax.grad(jax.grad(lambda o: LOSSES[name].per_entry(o, 0.3))))
    assert np.isfinite(curvature(jnp.linspace(-4, 4, 33))).all()


def test_cross_entropy_is_optax_s():
    got = LOSSES["binary_cross_entropy"].per_entry(OUTPUT, SAMPLES)
    expected = optax.sigmoid_binary_cross_entropy(OUTPUT, SAMPLES)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_cross_entropy_stays_finite_at_huge_logits():
    logits = jnp.asarray([-1e4, -100.0, 0.0, 100.0, 1e4])
    cell = LOSSES["binary_cross_entropy"].per_entry
    np.testing.assert_allclose(cell(logits, 1.0), [1e4, 100, np.log(2), 0, 0], atol=1e-5)
    gradient = jax.vmap(jax.grad(lambda o: cell(o, 1.0)))(logits)
    np.testing.assert_allclose(gradient, [-1, -1, -0.5, 0, 0], atol=1e-6)


def test_huber_is_half_a_square_for_small_errors_and_linear_for_large_ones():
    huber = LOSSES["huber"].per_entry
    np.testing.assert_allclose(huber(OUTPUT * 0.1, 0.0), 0.5 * (OUTPUT * 0.1) ** 2, rtol=1e-5)
    np.testing.assert_allclose(huber(100 + OUTPUT, 0.0), 99.5 + OUTPUT, rtol=1e-5)


def test_links():
    assert LOSSES["binary_cross_entropy"].link(jnp.float32(0.0)) == 0.5
    for name in ("squared_error", "absolute_error", "huber"):
        assert LOSSES[name].link(jnp.float32(-3.5)) == -3.5


@each_loss
def test_inverse_link_and_its_slope(name):
    loss, mean = LOSSES[name], np.linspace(0.05, 0.95, 7)
    output = loss.inverse_link(mean)
    np.testing.assert_allclose(loss.link(jnp.asarray(output, jnp.float32)), mean, rtol=1e-5)
    step = 1e-6
    slope = (loss.inverse_link(mean + step) - loss.inverse_link(mean - step)) / (2 * step)
    np.testing.assert_allclose(loss.inverse_link_slope(output), slope, rtol=1e-6)


def test_pca_initialization_has_finite_outputs_for_constant_features():
    output = LOSSES["binary_cross_entropy"].inverse_link(np.array([0.0, 1.0]))
    assert np.isfinite(output).all()


@pytest.mark.parametrize("name", [name for name in FORMULAS if LOSSES[name].location_scale])
def test_location_scale_family_is_normalized(name):
    family, error = LOSSES[name].location_scale, np.linspace(-40, 40, 800_001)
    density = np.exp(-family.factor * FORMULAS[name](error, 0.0) - family.constant)
    assert density.sum() * (error[1] - error[0]) == pytest.approx(1, abs=1e-6)


def test_standardized_losses():
    standardized = {name for name, loss in LOSSES.items() if loss.standardized}
    assert standardized == {"squared_error", "absolute_error", "huber"}


UNIT = Domain(0.0, 1.0, "")
COUNTS = Domain(0.0, np.inf, "use counts")


def test_rounding_that_a_domain_accepts():
    assert 1e-7 < UNIT.rounding(np.dtype(np.float64)) == UNIT.rounding(np.dtype(np.float32)) < 1e-6
    assert UNIT.rounding(np.dtype(np.float16)) < 0.005
    assert UNIT.rounding(np.dtype(np.int64)) == UNIT.rounding(np.dtype(bool)) == 0


def test_notation_of_a_domain():
    assert [str(domain) for domain in (UNIT, COUNTS)] == ["[0, 1]", "[0, inf)"]


def log_cosh(output, x):
    error = output - x
    return jnp.logaddexp(error, -error) - jnp.log(2.0)


ADDED = {
    "log_cosh": Loss(log_cosh, location_scale=LocationScale(1.0, np.log(np.pi))),
    "poisson": Loss(
        lambda output, x: jnp.exp(output) - x * output,
        link=jnp.exp,
        inverse_link=lambda mean: np.log(np.maximum(mean, 0.01)),
        inverse_link_slope=lambda output: np.exp(-output),
        domain=COUNTS,
    ),
}


# the loss with a domain of its own covers most of what all autoencoders do with a loss
ADDED_TO = [("poisson", cls) for cls in AUTOENCODERS] + [
    ("log_cosh", cls) for cls in (VAE, AutoencoderTransformer)
]


@pytest.mark.representatives
@pytest.mark.parametrize(("added_loss", "cls"), ADDED_TO)
def test_a_loss_is_added_by_one_record(added_loss, cls, monkeypatch):
    monkeypatch.setitem(LOSSES, added_loss, ADDED[added_loss])
    X = np.random.default_rng(0).poisson(3.0, (80, 16)).astype(np.float32)
    model = fast(cls, loss=added_loss).fit(X)
    codes = model.transform(X)
    X_hat = model.inverse_transform(codes)
    assert X_hat.shape == X.shape and np.isfinite(X_hat).all()
    assert np.isfinite(model.reconstruct(X)).all() and np.isfinite(model.score(X))
    if added_loss == "poisson":
        assert X_hat.min() >= 0


def test_pca_initialization_under_an_added_loss_starts_near_the_mean(monkeypatch):
    monkeypatch.setitem(LOSSES, "poisson", ADDED["poisson"])
    X = np.random.default_rng(0).poisson(3.0, (80, 16)).astype(np.float32)
    model = fast(AutoencoderTransformer, loss="poisson", max_iter=0).fit(X)
    center = model.inverse_transform(np.zeros((1, 2)) + model.transform(X).mean(axis=0))
    np.testing.assert_allclose(center[0], X.mean(axis=0), rtol=0.05)


def test_x_outside_the_domain_of_an_added_loss(monkeypatch):
    monkeypatch.setitem(LOSSES, "poisson", ADDED["poisson"])
    X = np.random.default_rng(0).poisson(3.0, (80, 16)) - 1.0
    with pytest.raises(
        ValueError, match=r"needs X in \[0, inf\), got values from -1.0 .*use counts"
    ):
        fast(AutoencoderTransformer, loss="poisson").fit(X)


def test_an_unknown_loss_is_refused():
    with pytest.raises(ValueError, match="'loss' parameter"):
        fast(AutoencoderTransformer, loss="poisson").fit(np.eye(5))


# ---- functions of a user


def own_error(x_hat, x):
    return jnp.square(x_hat - x)


def error_of_samples(x_hat, x):
    return jnp.mean(jnp.square(x_hat - x), axis=1)


@jax.jit
def compiled_error(x_hat, x):
    return jnp.square(x_hat - x)


@pytest.mark.representatives
@pytest.mark.parametrize("cls, loss", [
    (AutoencoderTransformer, own_error),
    *((cls, error_of_samples) for cls in AUTOENCODERS if cls is not VAE),
])  # fmt: skip
def test_function_as_loss_is_the_named_loss(cls, loss, X):
    named, own = (fast(cls, loss=value).fit(X) for value in ("squared_error", loss))
    np.testing.assert_allclose(own.reconstruct(X), named.reconstruct(X), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(own.history_["loss"], named.history_["loss"], rtol=1e-4)


@pytest.mark.thorough
@pytest.mark.parametrize("loss", [log_cosh, optax.losses.log_cosh])
def test_function_as_loss_in_files_pickles_and_clones(loss, X, tmp_path):
    model = fast(AutoencoderTransformer, loss=loss).fit(X)
    assert clone(model).loss is loss
    for copied in (
        pickle.loads(pickle.dumps(model)),
        skae.load(model.save(tmp_path / "m.skae") and tmp_path / "m.skae", trusted=[loss]),
    ):
        assert copied.loss is loss
        np.testing.assert_array_equal(copied.reconstruct(X), model.reconstruct(X))
        copied.partial_fit(X)
    with pytest.raises(ValueError, match=f"it needs .*{loss.__name__}"):
        skae.load(tmp_path / "m.skae")


def test_function_without_an_importable_name_fits_and_cannot_be_saved(X, tmp_path):
    model = fast(AutoencoderTransformer, loss=lambda x_hat, x: jnp.abs(x_hat - x)).fit(X)
    named = fast(AutoencoderTransformer, loss="absolute_error").fit(X)
    np.testing.assert_allclose(model.reconstruct(X), named.reconstruct(X), atol=0.01)
    with pytest.raises(
        ValueError, match=r"loss of AutoencoderTransformer cannot be saved: .*lambda"
    ):
        model.save(tmp_path / "m.skae")


def test_function_receives_standardized_samples(X):
    def loss(x_hat, x):
        return jnp.maximum(x, -x) + 0 * x_hat

    model = fast(AutoencoderTransformer, loss=loss, max_iter=1, early_stopping=False)
    expected = np.abs((X - X.mean(axis=0)) / np.sqrt(np.mean((X - X.mean(axis=0)) ** 2))).mean()
    for units in (X, 1e3 * X + 5):
        np.testing.assert_allclose(model.fit(units).history_["loss"], expected, rtol=1e-4)


@pytest.mark.parametrize("loss, problem", [
    (lambda x_hat, x: jnp.mean(jnp.square(x_hat - x)), r"returned \(\)"),
    (lambda x_hat, x: jnp.mean(jnp.square(x_hat - x), axis=0), r"returned \(6,\)"),
    (lambda x_hat, x: x_hat > x, "must return floating-point losses"),
    (lambda x_hat, x: (x_hat, x), "returned tuple"),
    (lambda x_hat, x: np.square(x_hat - x), "written with jax.numpy. It raised Tracer"),
    (lambda x_hat: x_hat, r"a function \(x_hat, x\).*TypeError"),
    (functools.partial(optax.huber_loss, delta=2.0), "is a functools.partial.*plain function"),
    (compiled_error, "compiled_error is a .*jax.jit.*plain function"),
])  # fmt: skip
def test_functions_that_are_no_losses(loss, problem, X):
    model = fast(AutoencoderTransformer, loss=loss)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=problem):
            fit(X)


def test_the_loss_of_a_vae_is_a_likelihood(X):
    with pytest.raises(ValueError, match="'loss' parameter of VAE must be a str among"):
        fast(VAE, loss=log_cosh).fit(X)
