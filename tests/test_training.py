"""How long training goes on and what it keeps."""

import numpy as np
import pytest
from sklearn.base import clone

from skae import AutoencoderTransformer
from skae.estimators.base.automatic import validation_samples
from tests.datasets import curved


def model(**parameters):
    chosen = {
        "hidden_layer_sizes": (8,),
        "batch_size": 32,
        "max_iter": 12,
        "init": "random",
        "early_stopping": False,
        "learning_rate": 1e-2,
        "random_state": 0,
        **parameters,
    }
    return AutoencoderTransformer(2, **chosen)


def held_out_loss(fitted, X):
    """Squared error in units of training."""
    return -np.mean(fitted.score_samples(X)) / fitted.scale_**2


# ---- epochs


def test_without_early_stopping_all_epochs_run_and_the_last_is_kept(X):
    fitted = model().fit(X)
    assert fitted.n_iter_ == fitted.best_iter_ == 12
    assert set(fitted.history_) == {"loss", "learning_rate"}
    for values in fitted.history_.values():
        assert isinstance(values, np.ndarray) and values.shape == (12,)
    assert fitted.history_["loss"][-1] < 0.8 * fitted.history_["loss"][0]


def test_early_stopping_keeps_the_best_weights(X, X_new):
    # few samples and large steps: the held-out loss rises again
    fitted = model(early_stopping=True, max_iter=300, learning_rate=0.05, n_iter_no_change=15)
    fitted.fit(X[:12], X_val=X_new)
    losses = fitted.history_["validation_loss"]
    assert len(losses) == fitted.n_iter_ < 300
    assert 0 < fitted.best_iter_ == np.argmin(losses) + 1 < fitted.n_iter_
    assert fitted.n_iter_ - fitted.best_iter_ >= 15
    assert losses[-1] > losses.min()
    np.testing.assert_allclose(held_out_loss(fitted, X_new), losses.min(), rtol=1e-4)


def test_a_start_that_is_never_beaten_is_kept(X, X_new):
    fitted = model(init="pca", early_stopping=True, learning_rate=1.0, max_iter=5)
    start = clone(fitted).set_params(max_iter=0).fit(X, X_val=X_new)
    fitted.fit(X, X_val=X_new)
    assert fitted.best_iter_ == 0
    np.testing.assert_array_equal(fitted.transform(X_new), start.transform(X_new))


def test_explicit_fraction_holds_samples_out(X):
    fitted = model(early_stopping=True, validation_fraction=0.25).fit(X)
    assert len(fitted.history_["validation_loss"]) == fitted.n_iter_
    assert np.isfinite(fitted.history_["validation_loss"]).all()


def test_small_data_hold_nothing_out(X):
    """Cross-validation chooses the epochs; they are those of a fit on all samples."""
    chosen, free = model(early_stopping=True).fit(X), model(early_stopping=False).fit(X)
    assert 0 < chosen.best_iter_ <= 12
    kept = slice(chosen.best_iter_)
    want = free.history_["loss"][kept]
    np.testing.assert_allclose(chosen.history_["loss"][kept], want, rtol=1e-5)
    if chosen.best_iter_ == 12:  # two programs: the last bit may differ
        np.testing.assert_allclose(chosen.transform(X), free.transform(X), rtol=1e-4, atol=1e-6)


def test_cross_validation_inside_the_fit_refuses_noise():
    # nothing to learn beyond PCA: the start is about as good as it gets
    X = np.random.default_rng(0).normal(size=(40, 6))
    fresh = np.random.default_rng(1).normal(size=(400, 6))
    parameters = {"init": "pca", "learning_rate": 1e-2, "max_iter": 100}
    chosen = model(early_stopping=True, **parameters).fit(X)
    endless = model(early_stopping=False, **parameters).fit(X)
    start = model(early_stopping=True, **{**parameters, "max_iter": 0}).fit(X)
    assert held_out_loss(chosen, fresh) < held_out_loss(endless, fresh)
    assert held_out_loss(chosen, fresh) < 1.05 * held_out_loss(start, fresh)


def test_max_iter_0_is_the_start(X):
    fitted = model(max_iter=0).fit(X)
    assert fitted.n_iter_ == fitted.best_iter_ == 0
    assert len(fitted.history_["loss"]) == 0
    assert fitted.transform(X).shape == (len(X), 2)


@pytest.mark.parametrize("early_stopping", [True, False])
def test_max_time_ends_the_fit_with_the_best_so_far(X, early_stopping):
    fitted = model(max_iter=10**6, max_time=0.05, early_stopping=early_stopping)
    fitted.fit(X, X_val=X if early_stopping else None)
    assert fitted.n_iter_ < 10**6
    assert np.isfinite(fitted.transform(X)).all()


def test_n_iter_no_change_and_tol(X, X_new):
    # nothing counts as progress when the loss must fall by 99 percent
    fitted = model(early_stopping=True, tol=0.99, n_iter_no_change=3, max_iter=50)
    fitted.fit(X, X_val=X_new)
    assert 3 <= fitted.n_iter_ <= 5


def test_automatic_epochs_follow_a_budget_of_steps():
    from skae.estimators.base.automatic import automatic_batch_size, automatic_epochs

    assert automatic_epochs(55_000, 784, automatic_batch_size(55_000)) <= 20
    assert automatic_epochs(200, 784, automatic_batch_size(200)) > 50
    # a step on many columns costs more: there are fewer, but no less than a quarter
    epochs = [automatic_epochs(1000, width, 32) for width in (1, 2048, 4096, 8192, 10**6)]
    assert epochs[0] == epochs[1] == pytest.approx(2 * epochs[2], abs=1)
    assert epochs[3] == epochs[4] == pytest.approx(epochs[0] / 4, abs=1)
    sizes = [automatic_batch_size(n) for n in (1, 2, 300, 511, 60_000, 10**6)]
    assert sizes == sorted(sizes)
    assert all(size & (size - 1) == 0 for size in sizes)
    for power in (5, 8, 10, 13, 16, 19):
        same = {automatic_batch_size(n) for n in (2**power, 2**power + 1, 2 ** (power + 1) - 1)}
        assert len(same) == 1


# ---- schedules


def rates(schedule, **parameters):
    return (
        model(learning_rate_schedule=schedule, **parameters).fit(curved()).history_["learning_rate"]
    )


def test_constant_rate():
    np.testing.assert_allclose(rates(("constant", 0.0)), 1e-2, rtol=1e-6)


def test_cosine_rate():
    got = rates(("cosine", 0.0))
    # the rate of each epoch's last step, of 36 in all
    step = np.arange(1, 13) * 3 - 1
    np.testing.assert_allclose(got, 0.5e-2 * (1 + np.cos(np.pi * step / 36)), atol=2e-3)
    assert (np.diff(got) < 0).all() and got[-1] < 1e-3


def test_exponential_rate():
    got = rates(("exponential", 0.0))
    np.testing.assert_allclose(got[1:] / got[:-1], got[1] / got[0], rtol=1e-3)
    assert got[-1] < 0.1 * got[0]


@pytest.mark.parametrize("name", ["constant", "cosine", "exponential"])
def test_warm_up_rises_linearly(name):
    got = rates((name, 0.5))
    np.testing.assert_allclose(np.diff(got[:6]), np.diff(got[:6])[0], rtol=1e-3)
    assert got[0] < 0.3e-2 and np.isclose(got.max(), 1e-2, rtol=0.06)
    assert np.argmax(got) in (5, 6) or name == "constant"


def test_pca_start_warms_up_by_itself_and_random_does_not():
    long = {"max_iter": 60, "learning_rate_schedule": "constant"}
    pca, plain = (
        model(init=init, **long).fit(curved()).history_["learning_rate"]
        for init in ("pca", "random")
    )
    assert pca[0] < pca[-1] and np.isclose(pca[-1], 1e-2)
    np.testing.assert_allclose(plain, 1e-2, rtol=1e-6)


# ---- going on


def test_warm_start_goes_on(X):
    first = model(warm_start=True, learning_rate_schedule="cosine").fit(X)
    before = first.history_["loss"].copy()
    rate = first.history_["learning_rate"].copy()
    first.fit(X)
    assert first.history_["loss"][0] < before[0]
    assert first.history_["loss"][-1] < before[-1]
    np.testing.assert_array_equal(first.history_["learning_rate"], rate)


def test_without_warm_start_fit_begins_again(X, X_new):
    fitted = model().fit(X)
    once = fitted.transform(X_new)
    np.testing.assert_array_equal(fitted.fit(X).transform(X_new), once)


def test_partial_fit_goes_on_with_the_optimizer(X):
    """A call is an epoch: as many full-batch calls are a fit of as many epochs."""
    parameters = {"batch_size": len(X), "learning_rate_schedule": ("constant", 0.0)}
    together = model(max_iter=4, **parameters).fit(X)
    bit_by_bit = model(max_iter=0, **parameters).fit(X)  # the same initial weights
    for _ in range(4):
        bit_by_bit.partial_fit(X)
    np.testing.assert_allclose(
        bit_by_bit.reconstruct(X), together.reconstruct(X), atol=2e-3 * X.std()
    )


def test_partial_fit_keeps_center_and_scale_of_the_first_call(X, X_new):
    fitted = model(init="pca").partial_fit(X)
    mean, scale = fitted.mean_.copy(), fitted.scale_
    fitted.partial_fit(X_new)
    np.testing.assert_array_equal(fitted.mean_, mean)
    assert fitted.scale_ == scale
    np.testing.assert_allclose(mean, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale, np.sqrt(np.mean((X - mean) ** 2)), rtol=1e-12)


def test_partial_fit_learns(X):
    fitted = model().partial_fit(X)
    early = fitted.score(X)
    for _ in range(30):
        fitted.partial_fit(X)
    assert fitted.score(X) > early + 0.05


def test_partial_fit_on_fewer_samples_than_components():
    fitted = AutoencoderTransformer(5, hidden_layer_sizes=(8,), random_state=0)
    samples = curved(64, 6)
    for part in (samples[:1], samples[1:3], samples[3:]):
        fitted.partial_fit(part)
    assert np.isfinite(fitted.transform(samples)).all()


def test_partial_fit_goes_on_from_fit(X):
    fitted = model().fit(X)
    before = fitted.score(X)
    for _ in range(5):
        fitted.partial_fit(X)
    assert fitted.score(X) > before - 0.05


def test_fit_time_tells_where_time_went(X):
    spent = model().fit(X).fit_time_
    assert isinstance(spent, dict) and all(isinstance(v, float) for v in spent.values())
    parts = sum(seconds for name, seconds in spent.items() if name != "total")
    assert 0 < parts <= 1.01 * spent["total"] + 1e-3


def test_another_optimizer_cannot_go_on(X):
    fitted = model(optimizer="adam", warm_start=True).fit(X)
    codes = fitted.transform(X)
    fitted.set_params(optimizer="sgd")
    for go_on in (fitted.fit, fitted.partial_fit):
        with pytest.raises(ValueError, match="optimizer='sgd'"):
            go_on(X)
    np.testing.assert_array_equal(fitted.transform(X), codes)


@pytest.mark.parametrize(
    ("n_samples", "n_features", "held_out"),
    [
        (2_000, 64, 200),
        (60_000, 784, 5_000),
        (60_000, 4_096, 1_024),  # 16 MB
        (20_000, 20_000, 209),
        (20_000, 10**6, 200),
    ],
)
def test_samples_held_out_are_no_more_than_a_block(n_samples, n_features, held_out):
    assert validation_samples(n_samples, "auto", n_features) == held_out
    assert validation_samples(n_samples, 0.5, n_features) == n_samples // 2
