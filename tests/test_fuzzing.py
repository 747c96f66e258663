"""Any parameters on any samples: a documented error or finite results, and no partial state.

A few cases of each estimator are in `make test`, `make stress` draws 2,000. Every parameter of
every estimator is drawn, or `NOT_DRAWN` has the reason.
"""

import inspect
import os
import signal
import warnings
from contextlib import contextmanager
from zlib import crc32

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ShuffleSplit

from skae.networks import Convolutional, Recurrent, Residual
from tests.datasets import curved, labels
from tests.discovery import ESTIMATORS, accepts, fast, outputs
from tests.public_methods import FUNCTIONS, arrays, results, uncalled_methods
from tests.test_bad_parameters import BAD_PARAMETERS

SETTINGS = settings(
    deadline=None,
    database=None,
    # shrinking compiles hundreds of programs more
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
N_CASES = int(os.environ.get("SKAE_FUZZING_CASES", 2000))
SECONDS = 120

# they are traced or used on the host: no program is compiled for them
FREE = {
    "alpha": st.floats(0, 1e3),
    "learning_rate": st.floats(1e-12, 1e12),
    "learning_rate_schedule": st.sampled_from(["constant", "cosine", ("exponential", 0.5)]),
    "max_iter": st.integers(0, 6),
    "max_time": st.sampled_from([None, 1e-9, 1e9]),
    "tol": st.floats(0, 1),
    "early_stopping": st.booleans(),
    "validation_fraction": st.one_of(st.just("auto"), st.floats(0.01, 0.99)),
    "validation_splitter": st.sampled_from([None, ShuffleSplit(2, random_state=0)]),
    "n_iter_no_change": st.one_of(st.just("auto"), st.integers(1, 10)),
    "pretraining_max_iter": st.one_of(st.just("auto"), st.integers(1, 3)),
    "warm_start": st.booleans(),
    "random_state": st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    "verbose": st.sampled_from([0, 1, 3]),
    "checkpoint_interval": st.floats(0, 1e3),
    "noise_level": st.floats(0, 1),
    "code_noise_level": st.floats(0, 1e3),
    "n_walkback": st.integers(1, 5),
    "contraction": st.floats(0, 1e3),
    "sparsity_rate": st.floats(1e-6, 0.999),
    "sparsity_target": st.floats(1e-6, 0.999),
    "sparsity_weight": st.one_of(st.just("auto"), st.floats(0, 1e3)),
    "decoder_alpha": st.one_of(st.just("auto"), st.floats(0, 1e3)),
    "beta": st.floats(0, 1e3),
    "warm_up": st.floats(0, 1),
    "free_bits": st.floats(0, 1e3),
    "adversarial_weight": st.floats(0, 1e3),
    "similarity_weight": st.floats(0, 1e3),
    "far_weight": st.floats(0, 1e3),
    "head_learning_rate": st.one_of(st.just("auto"), st.floats(1e-9, 1e3)),
    "dropout": st.floats(0, 0.99),
    "class_weight": st.sampled_from([None, "balanced", {0: 1.0, 1: 1e6}]),
    "unlabeled": st.sampled_from([None, -1, 0]),
    "contamination": st.one_of(st.just("auto"), st.floats(1e-6, 0.5)),
    "n_rounds": st.integers(0, 3),
    "cv": st.sampled_from([None, 2, 3]),
    "trim": st.floats(0, 0.5),
    "standardize": st.sampled_from(["auto", True, False]),
}
# these may need programs of their own, and are drawn less often
COSTLY = {
    "n_components": st.sampled_from([1, 7]),
    "network": st.sampled_from(
        [
            Convolutional(image_shape=(3, 2), channels=(2,)),
            Recurrent(sequence_shape=(3, 2), hidden_sizes=(3,)),
            Residual(width=4, n_blocks=1, outer_layer_sizes=(5,)),
        ]
    ),
    "hidden_layer_sizes": st.sampled_from([(), "auto"]),
    "decoder_hidden_layer_sizes": st.sampled_from([(), (5,)]),
    "pretraining": st.just("layerwise"),
    "activation": st.sampled_from(["relu", "softplus", "identity"]),
    "code_activation": st.sampled_from(["logistic", "tanh", "relu"]),
    "loss": st.sampled_from(["huber", "absolute_error", "binary_cross_entropy"]),
    "init": st.sampled_from(["pca", "random"]),
    "tied_weights": st.booleans(),
    "optimizer": st.sampled_from(["sgd", "nesterov", "lion", "rmsprop", "muon"]),
    "batch_size": st.sampled_from(["auto", 1, 1000]),
    "device": st.just("cpu"),
    "noise": st.sampled_from(["masking", "swap", "salt_and_pepper"]),
    "jacobian": st.just("exact"),
    "penalty": st.sampled_from(["l1", "l2", "squared_error", "top_k"]),
    "n_active": st.integers(1, 3),
    "likelihood_scale": st.floats(1e-6, 1e3),
    "binarization": st.just("noise"),
    "prior": st.sampled_from(["uniform", "gaussian_mixture"]),
    "n_prior_components": st.sampled_from([2, 5]),
    "discriminator_hidden_layer_sizes": st.sampled_from([(), (4,)]),
    "image_shape": st.sampled_from([(3, 2), (2, 3, 1), (3, 3)]),
    "channels": st.sampled_from([(1,), (2, 3)]),
    "kernel_size": st.sampled_from([1, 2, (2, 1)]),
    "stride": st.sampled_from([1, 3]),
    "padding": st.just("valid"),
    "downsampling": st.just("max_pool"),
    "upsampling": st.just("resize"),
    "decoder_kernel_size": st.sampled_from([1, 4]),
    "sequence_shape": st.sampled_from([(3, 2), (6, 1), (9, 1)]),
    "hidden_sizes": st.sampled_from([(3,), (3, 2)]),
    "decoder_hidden_sizes": st.sampled_from([(3,), (2, 3)]),
    "code": st.sampled_from(["dense", "maps", "state"]),
    "decoder_norm": st.sampled_from(["weighted", "unit", "none"]),
    "cell": st.just("gru"),
    "bidirectional": st.just(True),
    "n_layers": st.sampled_from([1, 2]),
    "freeze": st.sampled_from([1, "all"]),
}
NOT_DRAWN = {
    "autoencoder": "tests.discovery.fast gives one; its own parameters are drawn for its class",
    "checkpoint": "needs a folder: test_checkpoint.py",
    "prefit": "needs a fitted autoencoder: test_pretrained.py",
}
SHAPES = [(1, 6), (2, 6), (60, 6), (60, 6), (60, 6), (130, 6), (9, 1)]
FEW_SHAPES, FEW_DTYPES = [(2, 6), (60, 6)], ["float64", "float32", "object"]
DTYPES = ["float64", "float64", "float32", "float16", "int64", "uint8", "bool", "object", "uint64"]
ENTRIES = {
    "smooth": lambda X: X,
    "equal": lambda X: np.full_like(X, 0.25),
    "bits": lambda X: np.round(X),
    "centered": lambda X: 8 * X - 4,
    "tied samples": lambda X: X[np.arange(len(X)) // 3],
    "one huge entry": lambda X: np.where(np.arange(X.size).reshape(X.shape) == 3, 1e12, X),
    "around 1e30": lambda X: (X - 0.5) * 1e30,
    "around 1e200": lambda X: (X - 0.5) * 1e200,
    "the largest": lambda X: np.where(X > 0.5, 1, -1) * np.finfo(float).max,
    "around 1e-30": lambda X: X * 1e-30,
    "denormal": lambda X: X * 5e-320,
    "far away": lambda X: 1e15 + X,
    "minus zero": lambda X: X * -0.0,
    "NaN": lambda X: np.where(np.arange(X.size).reshape(X.shape) == 1, np.nan, X),
    "infinite": lambda X: np.where(X.max() == X, np.inf, X),
}
CONTAINERS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "reversed": lambda X: X[::-1].copy()[::-1],
    "list": lambda X: X.tolist(),
    "CSR": lambda X: sp.csr_array(X) if X.dtype.kind in "fiu" and X.dtype != "float16" else X,
    "CSC matrix": lambda X: sp.csc_matrix(X) if X.dtype in ("float64", "float32") else X,
    "three axes": lambda X: X[None],
    "one axis": lambda X: X[0],
}


@st.composite
def cases(draw, cls, many):
    """Parameters of an estimator, samples and their container, and samples to predict on."""
    chosen = {}
    n_costly = draw(st.sampled_from([0, 0, 1, 2])) if many else 0
    for pool, most in ((FREE, 4), (COSTLY, n_costly)):
        names = sorted(name for name in pool if accepts(cls, name))
        for name in draw(st.lists(st.sampled_from(names), max_size=most)) if names else ():
            chosen[name] = draw(pool[name])
    if draw(st.integers(0, 7)) == 0:
        name = draw(st.sampled_from(sorted(n for n in BAD_PARAMETERS if accepts(cls, n))))
        chosen[name] = draw(st.sampled_from(BAD_PARAMETERS[name]))
    shapes, dtypes = (SHAPES, DTYPES) if many else (FEW_SHAPES, FEW_DTYPES)
    pools = (shapes, sorted(ENTRIES), dtypes, sorted(CONTAINERS))
    kinds = [draw(st.sampled_from(pool)) for pool in pools]
    weighted = draw(st.sampled_from([None, None, "whole", "wide", "zero"]))
    return cls, chosen, *kinds, weighted, draw(st.sampled_from(sorted(ENTRIES)))


def samples_of(shape, entries, dtype, container):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        X = ENTRIES[entries](curved(*shape, seed=shape[0])).astype(dtype)
    return CONTAINERS[container](X)


def weights_of(kind, n_samples):
    rng = np.random.default_rng(0)
    return {
        None: None,
        "whole": rng.integers(0, 3, n_samples).astype(float),
        "wide": 10.0 ** rng.integers(-200, 200, n_samples),
        "zero": np.zeros(n_samples),
    }[kind]


@contextmanager
def at_most(seconds):
    def on_alarm(*_):
        raise AssertionError(f"not done after {seconds} s")

    earlier = signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)


def hash_of_state(estimator):
    return joblib.hash(vars(estimator))


def is_finite(values):
    return np.isfinite(np.asarray(values).astype(np.float64)).all()


def assert_has_a_message(error):
    text = str(error).strip()
    assert len(text) > 9, f"an error that says nothing: {error!r}"


def assert_finite_results(model, X):
    """Of every public method; functions in float32 may refuse the units of the fit instead."""
    for name, call in results(model, X):
        try:
            values = call()
        except ValueError as error:
            assert name in FUNCTIONS and "divide X by" in str(error), name
            continue
        assert all(map(is_finite, arrays(values))), name


def run(case):
    cls, parameters, shape, entries, dtype, container, weighted, others = case
    X = samples_of(shape, entries, dtype, container)
    X_before, y = joblib.hash(X), labels(curved(*shape, seed=shape[0]))
    if len(np.unique(y)) < 2:
        y = np.arange(len(y)) % 2
    shorter = {"max_iter": 3} if accepts(cls, "max_iter") else {}
    model = fast(cls, **{**shorter, **parameters})
    before = hash_of_state(model)
    try:
        model.fit(X, y, sample_weight=weights_of(weighted, shape[0]))
    except (ValueError, TypeError) as error:
        assert_has_a_message(error)
        assert hash_of_state(model) == before, "a refused fit sets attributes"
        return
    finally:
        assert joblib.hash(X) == X_before, "the samples were changed"
    fitted = hash_of_state(model)
    assert_finite_results(model, X)
    X_other = samples_of(shape, others, dtype, container)
    try:
        outputs(model, X_other)
    except (ValueError, TypeError) as error:
        assert_has_a_message(error)
    else:
        assert_finite_results(model, X_other)
    assert hash_of_state(model) == fitted and joblib.hash(X) == X_before
    with pytest.raises((ValueError, TypeError)):
        model.fit(np.full((20, 6), np.nan), np.arange(20) % 2)
    assert hash_of_state(model) == fitted, "a refused fit changes an earlier one"


def run_in_time(case):
    with at_most(SECONDS), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Extreme values in X", UserWarning)
        run(case)


def test_every_public_method_is_called():
    assert not uncalled_methods(), "add them to CALLS or NOT_CALLED of tests/public_methods.py"


def test_every_parameter_is_drawn():
    parameters = {name for cls in ESTIMATORS for name in inspect.signature(cls).parameters}
    drawn = set(FREE) | set(COSTLY)
    missing = parameters - drawn - set(NOT_DRAWN)
    assert not missing, (
        f"add a strategy for {sorted(missing)} to FREE (compiles nothing) or COSTLY of {__file__},"
        " or a reason to NOT_DRAWN"
    )
    unknown = (drawn | set(NOT_DRAWN)) - parameters
    assert not unknown, f"no estimator has the parameters {sorted(unknown)}"


# by estimator, so that these share programs with the other tests of each
@pytest.mark.representatives
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_few_cases(cls):
    check = given(cases(cls, many=False))(run_in_time)
    seed(crc32(cls.__name__.encode()))(settings(SETTINGS, max_examples=5)(check))()


@pytest.mark.stress
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_many_cases(cls):
    check = given(cases(cls, many=True))(run_in_time)
    settings(SETTINGS, max_examples=-(-N_CASES // len(ESTIMATORS)))(check)()
