"""Divergence, interrupts and what is said aloud: a fit that goes wrong leaves something usable."""

import copy
import warnings

import jax
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skae import AutoencoderTransformer
from skae.core.training import driver as engine
from tests.datasets import curved
from tests.discovery import REPRESENTATIVES, fast, short


def leaves(tree):
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    return [tree]


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize(
    "cls, early_stopping, optimizer, learning_rate, max_iter",
    [
        (cls, flag, *steps)
        for cls in REPRESENTATIVES
        for flag in (False, True)
        # the second: weights that are still numbers, of which nothing but infinity can be made
        for steps in (("sgd", 1e18, 50), ("lion", 1e12, 1))
    ],
)
def test_divergence_keeps_the_last_good_weights(
    cls, early_stopping, optimizer, learning_rate, max_iter, X
):
    model = fast(
        cls,
        learning_rate=learning_rate,
        optimizer=optimizer,
        max_iter=max_iter,
        early_stopping=early_stopping,
    )
    with pytest.warns(ConvergenceWarning, match="learning_rate"):
        model.fit(X)
    assert all(np.isfinite(leaf).all() for leaf in leaves(model.params_))
    assert np.isfinite(model.transform(X)).all()
    assert np.isfinite(model.reconstruct(X)).all()


def test_what_follows_a_divergence_is_not_spoiled_by_it(X):
    """Moments of steps that failed would make numbers of none of the next."""
    model = fast(AutoencoderTransformer, optimizer="adam").fit(X)
    model.set_params(learning_rate=1e30)
    with pytest.warns(ConvergenceWarning, match="learning_rate"):
        model.partial_fit(1e10 * X)
    assert all(np.isfinite(leaf).all() for leaf in model.optimizer_state_)
    before = model.params_["encoder"]["layer_0"]["kernel"].copy()
    model.set_params(learning_rate=1e-3).partial_fit(X)
    assert (model.params_["encoder"]["layer_0"]["kernel"] != before).any()


@pytest.mark.thorough
def test_fits_where_jax_computes_with_64_bits(run_python):
    run_python(
        """
        import os
        os.environ["JAX_ENABLE_X64"] = "1"
        import numpy as np
        import skae
        from tests.datasets import curved
        X = curved(60)
        settings = {"max_iter": 1, "hidden_layer_sizes": (4,), "early_stopping": False}
        for model in (
            skae.VAE(2, **settings),
            skae.AdversarialAutoencoder(2, prior="gaussian_mixture", **settings),
            skae.AdversarialAutoencoder(2, prior="uniform", **settings),
            skae.GenerativeStochasticNetwork(2, **settings),
            skae.SemanticHasher(4, **settings),
            skae.DenoisingAutoencoder(2, noise="swap", **settings),
        ):
            assert np.isfinite(model.set_params(random_state=0).fit(X).transform(X)).all()
        assert np.isfinite(skae.VAE(2, **settings).fit(X).log_likelihood(X, 2)).all()
        """
    )


@pytest.mark.thorough
def test_patience_counts_epochs_of_the_samples_that_are_trained_on():
    X = curved(600, seed=1)
    for fraction in (0.2, 0.8):
        model = fast(
            AutoencoderTransformer,
            max_iter=30,
            tol=0.99,
            n_iter_no_change=5,
            validation_fraction=fraction,
        )
        assert model.fit(X).n_iter_ == 5


def test_a_batch_of_more_samples_than_there_are(X):
    model = fast(AutoencoderTransformer, batch_size=10**9, early_stopping=False).fit(X)
    assert model.n_steps_ == model.n_iter_


def test_partial_fit_checks_parameters_each_time(X):
    model = fast(AutoencoderTransformer).partial_fit(X)
    for name, value in (("learning_rate", -1.0), ("batch_size", 0), ("loss", "no")):
        with pytest.raises(ValueError, match=name):
            clone_with(model, name, value).partial_fit(X)


def clone_with(model, name, value):
    """A fitted model with another parameter."""
    return copy.deepcopy(model).set_params(**{name: value})


def test_a_good_fit_does_not_warn(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AutoencoderTransformer(2, max_iter=1, random_state=0).fit(X)


INTERRUPT = """
import os, signal, threading
import numpy as np
from tests.datasets import curved
from skae import AutoencoderTransformer

X = curved(400)
model = AutoencoderTransformer(
    2, hidden_layer_sizes=(8,), batch_size=32, init="random", max_iter=10**8,
    early_stopping={early_stopping}, n_iter_no_change=10**8, random_state=0,
)
start = AutoencoderTransformer(**{{**model.get_params(), "max_iter": 0}}).fit(X)
threading.Timer({seconds}, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    model.fit(X, X_val={X_val})
except KeyboardInterrupt:
    print("interrupted")
else:
    print("finished")
assert 0 < model.n_iter_ < 10**8
assert len(model.history_["loss"]) == model.n_iter_
assert np.isfinite(model.transform(X)).all()
assert model.score(X) > start.score(X)
model.set_params(max_iter=1).fit(X)
print("usable")
"""


@pytest.mark.thorough
@pytest.mark.parametrize("early_stopping, X_val", short([(True, "X[:50]"), (False, "None")]))
def test_interrupt_leaves_it_fitted_and_is_raised_again(early_stopping, X_val, run_python):
    # without an answer to the interrupt this would run for hours, and the fixture gives up
    code = INTERRUPT.format(early_stopping=early_stopping, X_val=X_val, seconds=6)
    assert run_python(code).stdout.split() == ["interrupted", "usable"]


@pytest.mark.thorough
def test_interrupt_while_choosing_the_number_of_epochs(run_python):
    code = INTERRUPT.format(early_stopping=True, X_val="None", seconds=6)
    code = code.replace("assert 0 < model.n_iter_", "assert 0 <= model.n_iter_")
    code = code.replace("model.score(X) > start", "model.score(X) >= start")
    # `n_iter_` counts the epochs of the longest fold, the loss is that of the training after it
    code = code.replace('["loss"]) == model.n_iter_', '["loss"]) <= model.n_iter_')
    assert run_python(code).stdout.split() == ["interrupted", "usable"]


def test_an_exception_between_a_call_and_its_answer_changes_nothing(X, monkeypatch):
    model = fast(AutoencoderTransformer, early_stopping=False).fit(X)
    codes, losses, states = model.transform(X), model.history_["loss"], []

    def compiled(*args, **options):
        program, seconds = engine_s_own(*args, **options)

        def called(state, *rest):
            program(state, *rest)
            states.append(state)
            raise KeyboardInterrupt

        return called, seconds

    engine_s_own = engine.compiled
    monkeypatch.setattr(engine, "compiled", compiled)
    with pytest.raises(KeyboardInterrupt):
        model.fit(2 * X[::-1])
    # the call has taken the memory of the state: there are never two
    assert all(leaf.is_deleted() for state in states for leaf in jax.tree.leaves(state))
    np.testing.assert_array_equal(model.transform(X), codes)
    np.testing.assert_array_equal(model.history_["loss"], losses)


VERBOSE = """
import logging, sys
from tests.datasets import curved
from skae import AutoencoderTransformer
{setup}
logger = logging.getLogger("skae")
for verbose in (0, 1, 2):
    model = AutoencoderTransformer(
        2, hidden_layer_sizes=(8,), early_stopping=False, max_iter=4, random_state=0,
        verbose=verbose,
    ).fit(curved())
    kinds = [h for h in logger.handlers if not isinstance(h, logging.NullHandler)]
    print("handlers", len(kinds), file=sys.stderr, flush=True)
"""


@pytest.mark.thorough
def test_verbose_shows_epochs_where_no_logging_is_configured(run_python):
    # what is said before each of three counts of handlers: fits with verbose 0, 1 and 2
    *said, last = run_python(VERBOSE.format(setup="")).stderr.split("handlers ")
    epochs = [sum("loss" in line.lower() for line in text.splitlines()) for text in said]
    assert epochs == [0, 4, 2]
    assert [text[0] for text in (*said[1:], last)] == ["0", "1", "1"]


@pytest.mark.thorough
def test_verbose_uses_the_logging_that_is_configured(run_python):
    setup = 'logging.basicConfig(level="INFO", format="MINE %(name)s %(message)s")'
    done = run_python(VERBOSE.format(setup=setup))
    assert done.stderr.count("handlers 0") == 3
    assert done.stderr.count("MINE skae") >= 6
