"""Optimizers by name and as optax factories; what the L2 penalty touches."""

import functools

import jax
import numpy as np
import optax
import pytest

from skae import AutoencoderTransformer
from skae.core.training.optimizers import OPTIMIZERS, resolve_optimizer
from tests.discovery import short


def model(**parameters):
    chosen = {
        "hidden_layer_sizes": (8,),
        "batch_size": 32,
        "max_iter": 8,
        "init": "random",
        "early_stopping": False,
        "random_state": 0,
        **parameters,
    }
    return AutoencoderTransformer(2, **chosen)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_optimizers_by_name(name, X):
    rate = 0.1 if name == "sgd" else 3e-3
    loss = model(optimizer=name, learning_rate=rate).fit(X).history_["loss"]
    assert np.isfinite(loss).all() and loss[-1] < 0.95 * loss[0]


@pytest.mark.parametrize(
    "factory",
    short(
        [
            optax.lamb,
            functools.partial(optax.adamw, weight_decay=0.1),
            optax.adam,
            optax.adamw,
            optax.nadam,
            optax.lion,
            functools.partial(optax.sgd, momentum=0.5),
        ],
        2,
    ),
)
def test_optax_factories(factory, X):
    loss = model(optimizer=factory, learning_rate=1e-2).fit(X).history_["loss"]
    assert np.isfinite(loss).all() and loss[-1] < 0.95 * loss[0]


def test_a_name_and_its_factory_do_the_same(X):
    # eps falls with the columns, as the gradients of a mean over cells do
    factory = functools.partial(optax.adam, eps=1e-4 / X.shape[1])
    one, other = (model(optimizer=o).fit(X).transform(X) for o in ("adam", factory))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "name, momentum", [("sgd", {}), ("nesterov", {"momentum": 0.9, "nesterov": True})]
)
def test_gradient_descent_with_and_without_momentum(name, momentum, X):
    factory = functools.partial(optax.sgd, **momentum)
    one, other = (
        model(optimizer=o, learning_rate=0.1).fit(X).transform(X) for o in (name, factory)
    )
    np.testing.assert_array_equal(one, other)


def test_momentum_cannot_continue_without_its_state(X):
    fitted = model(optimizer="nesterov", learning_rate=0.1).fit(X)
    with pytest.raises(ValueError, match="optimizer='sgd' cannot continue"):
        fitted.set_params(optimizer="sgd").partial_fit(X)


def without_learning_rate(momentum=0.9):
    return optax.sgd(0.1, momentum)


@pytest.mark.parametrize(
    "factory",
    [
        optax.lbfgs,
        optax.polyak_sgd,
        without_learning_rate,
        functools.partial(optax.adamw, nonsense=1),
        optax.adam(1e-3).update,
    ],
)
def test_factories_that_cannot_work_are_refused(factory, X):
    with pytest.raises(ValueError, match="optimizer"):
        model(optimizer=factory).fit(X)


def test_optimizers_compare_by_what_they_do():
    def key(**keywords):
        return resolve_optimizer(functools.partial(optax.adamw, **keywords))

    assert key(weight_decay=0.1, b1=0.8) == key(b1=0.8, weight_decay=0.1)
    assert hash(key(weight_decay=0.1)) == hash(key(weight_decay=0.1))
    assert key(weight_decay=0.1) != key(weight_decay=0.2)
    nested = functools.partial(functools.partial(optax.adamw, b1=0.8), weight_decay=0.1)
    assert resolve_optimizer(nested) == key(weight_decay=0.1, b1=0.8)
    assert resolve_optimizer("adam") == resolve_optimizer(optax.adam)


@pytest.mark.parametrize("tied_weights", [False, True])
def test_alpha_is_half_the_sum_of_squares_of_matrices(tied_weights, X):
    """One plain gradient step tells the penalty's gradient: alpha x W, once, biases none."""
    alpha, rate = 0.5, 1e-3
    step = {
        "hidden_layer_sizes": (4,),
        "tied_weights": tied_weights,
        "optimizer": functools.partial(optax.sgd, momentum=0.0),
        "learning_rate": rate,
        "learning_rate_schedule": ("constant", 0.0),
        "batch_size": 128,
    }
    start = model(max_iter=0, **step).fit(X).params_
    plain = model(max_iter=1, alpha=0.0, **step).fit(X).params_
    pulled = model(max_iter=1, alpha=alpha, **step).fit(X).params_
    seen = 0
    for part in ("encoder", "decoder"):
        for layer, leaves in start[part].items():
            for leaf, weights in leaves.items():
                got = pulled[part][layer][leaf] - plain[part][layer][leaf]
                want = -rate * alpha * weights if leaf == "kernel" else 0 * weights
                np.testing.assert_allclose(got, want, atol=2e-7)
                seen += leaf == "kernel"
    assert seen == (2 if tied_weights else 4)


def test_alpha_is_not_in_the_reported_loss(X):
    # at a vanishing learning rate nothing moves, so only the report could differ
    small = {"learning_rate": 1e-12, "max_iter": 1}
    one, other = (model(alpha=a, **small).fit(X).history_["loss"] for a in (0.0, 10.0))
    np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("tied_weights", short([False, True]))
def test_alpha_and_weight_decay_leave_the_linear_path_alone(tied_weights, X):
    shared = {"init": "pca", "tied_weights": tied_weights, "max_iter": 30}
    start = model(**{**shared, "max_iter": 0}).fit(X).params_["linear"]["encoder"]
    decay = functools.partial(optax.adamw, weight_decay=30.0)
    for parameters in ({"alpha": 10.0}, {"optimizer": decay}):
        pulled = model(learning_rate=1e-3, **shared, **parameters).fit(X).params_
        ratio = np.linalg.norm(pulled["linear"]["encoder"]) / np.linalg.norm(start)
        assert 0.9 < ratio < 1.1, parameters


def test_alpha_and_weight_decay_shrink_the_matrices(X):
    def size(**parameters):
        # at the PCA solution, decay of the other matrices does not increase the loss
        params = model(init="pca", learning_rate=1e-3, max_iter=30, **parameters).fit(X).params_
        return np.linalg.norm(params["encoder"]["layer_0"]["kernel"])

    free = size()
    assert size(alpha=10.0) < 0.95 * free
    assert size(optimizer=functools.partial(optax.adamw, weight_decay=30.0)) < 0.8 * free


def with_weights_to_remember(learning_rate):
    """An optimizer whose first state is no constant: it knows the weights of the start."""
    sgd = optax.sgd(learning_rate)

    def update(gradients, state, params=None):
        updates, inner = sgd.update(gradients, state["inner"], params)
        return updates, {**state, "inner": inner}

    return optax.GradientTransformation(
        lambda params: {"start": jax.tree.map(lambda w: 2 * w, params), "inner": sgd.init(params)},
        update,
    )


@pytest.mark.parametrize(
    "factory",
    [*OPTIMIZERS.values(), optax.adagrad, optax.adafactor, optax.lamb, with_weights_to_remember],
    ids=lambda factory: getattr(factory, "__name__", "partial"),
)
def test_the_first_state_is_the_optimizers_own(factory):
    weights = {"kernel": np.full((3, 4), 0.5, np.float32), "bias": np.ones(4, np.float32)}
    state = resolve_optimizer(factory).initial_state(weights)
    expected = factory(learning_rate=0.1).init(weights)
    assert jax.tree.structure(state) == jax.tree.structure(expected)
    for ours, theirs in zip(jax.tree.leaves(state), jax.tree.leaves(expected), strict=True):
        assert isinstance(ours, np.ndarray) and ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_an_optimizer_that_remembers_the_start_trains(X):
    loss = model(optimizer=with_weights_to_remember, learning_rate=0.1).fit(X).history_["loss"]
    assert np.isfinite(loss).all() and loss[-1] < loss[0]
