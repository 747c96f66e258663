"""Wrong parameters are refused in one sentence that names them, and leave nothing behind.

An estimator is tried with its own parameters: those it adds, and those to which it gives other
constraints than AutoencoderTransformer. What they share is tried there, once. All of it is in
`make test`.
"""

import inspect
import re

import numpy as np
import pytest
from sklearn.decomposition import PCA

from skae import (
    VAE,
    AdversarialAutoencoder,
    AutoencoderTransformer,
    GenerativeStochasticNetwork,
    SemanticHasher,
)
from tests.datasets import curved, labels
from tests.discovery import ESTIMATORS, fast

X = curved(40, 5)

BAD_PARAMETERS = {
    # ---- of AutoencoderTransformer
    "n_components": [0, -1, 2.5, "two", (2,)],
    "hidden_layer_sizes": [0, -1, True, 3.5, "wide", (0,), (-3,), (2.5,), ("8",), ((8,),)],
    "decoder_hidden_layer_sizes": [0, 3.5, "wide", (0,), (-3,), (2.5,)],
    "activation": ["swish", None, 3],
    "network": ["dense", 3, (), (1, 2), [None, None]],
    "pretraining": ["greedy", 3],
    "pretraining_max_iter": [-1, 2.5, "many"],
    "code_activation": ["softmax", None],
    "loss": ["mse", None, 2],
    "init": ["zeros", None],
    "tied_weights": ["yes", None],
    "alpha": [-1e-9, np.nan, np.inf, "small", None],
    "optimizer": ["newton", 3, None],
    "learning_rate": [0.0, -1e-3, np.nan, np.inf, "fast", None],
    "learning_rate_schedule": [
        "linear",
        ("cosine", 1.5),
        ("cosine", -0.1),
        ("linear", 0.1),
        ("cosine",),
        ("cosine", 0.1, 3),
        None,
        3,
    ],
    "batch_size": [0, -1, 2.5, "large", None],
    "max_iter": [-1, 2.5, "many", None],
    "max_time": [-1.0, np.nan, "long"],
    "tol": [-1e-3, np.nan, "tight", None],
    "early_stopping": ["yes", None],
    "validation_fraction": [0.0, 1.0, -0.1, 1.5, np.nan, "some", None],
    "validation_splitter": [3, "KFold", 0.1, np.arange(4), [([0], [1])]],
    "n_iter_no_change": [0, -1, 2.5, "few"],
    "warm_start": ["yes", None],
    "random_state": [-1, 2.5, "seed"],
    "verbose": [-1, "loud"],
    "device": ["toaster", 3, "cpu:99"],
    "checkpoint": [3, "/no/such/folder/fit.skae", "."],
    "checkpoint_interval": [-1.0, np.nan, "often", None],
    # ---- of convolutions and recurrences
    "image_shape": [3, "square", (5,), (0, 5), (2, 2), (5.0, 1)],
    "channels": [8, (0,), ("8",), None],
    "kernel_size": [0, 2.5, (3, 3, 3), None],
    "stride": [0, 2.5, None],
    "padding": ["full", None],
    "downsampling": ["mean", None],
    "upsampling": ["bicubic", None],
    "decoder_kernel_size": [0, 2.5, None],
    "sequence_shape": [3, "long", (5,), (0, 5), (2, 2)],
    "hidden_sizes": [8, (), (0,), None],
    "decoder_hidden_sizes": [8, (), (0,), (2.5,), "wide"],
    "cell": ["rnn", None],
    "bidirectional": ["yes", None],
    "code": ["sparse", None, 3],
    # ---- of other variants
    "adversarial_weight": [-0.1, np.nan, np.inf, "strong", None],
    "beta": [-0.1, np.nan, np.inf, "small", None],
    "binarization": ["round", None],
    "code_noise_level": [-0.1, np.nan, np.inf, "loud", None],
    "contraction": [-0.1, np.nan, np.inf, "small", None],
    "decoder_alpha": [-0.1, np.nan, np.inf, "small", None],
    "decoder_norm": ["projected", None],
    "discriminator_hidden_layer_sizes": [0, True, "wide", (0,), (2.5,), None],
    "far_weight": [-0.1, np.nan, np.inf, "large", None],
    "free_bits": [-0.1, np.nan, np.inf, "few", None],
    "jacobian": ["numeric", None],
    "likelihood_scale": [0.0, -1.0, np.nan, np.inf, "known", None],
    "n_active": [0, -1, 2.5, "few", None],
    "n_prior_components": [1, -1, 2.5, "many", None],
    "n_walkback": [0, -1, 2.5, "many", None],
    "noise": ["blur", 3, None],
    "noise_level": [-0.1, np.nan, np.inf, "loud", None],
    "penalty": ["l3", 3, None],
    "prior": ["cauchy", None],
    "similarity_weight": [-0.1, np.nan, np.inf, "small", None],
    "sparsity_rate": [0.0, 1.1, -0.1, np.nan, "few", None],
    "sparsity_target": [0.0, 1.0, -0.1, np.nan, "few", None],
    "sparsity_weight": [-0.1, np.nan, np.inf, "small", None],
    "warm_up": [-0.1, 1.1, np.nan, "long", None],
    # ---- of the meta-estimators
    "autoencoder": ["pca", 3, PCA(2)],
    "class_weight": ["equal", 3, {"no such class": 1.0}],
    "contamination": [0.0, 0.6, -0.1, np.nan, "few", None],
    "cv": [1, 0, -1, 2.5, "five"],
    "dropout": [-0.1, 1.0, np.nan, "half", None],
    "freeze": [-1, 2.5, "some", None],
    "head_learning_rate": [0.0, -1.0, np.nan, np.inf, "fast", None],
    "n_layers": [0, -1, 2.5, "some", None],
    "n_rounds": [-1, 2.5, "many", None],
    "prefit": ["yes", None],
    "standardize": ["yes", None, 3],
    "trim": [-0.1, 0.6, np.nan, "some", None],
}
# a value is bad for one estimator and fine for another
ALSO_BAD = {
    AdversarialAutoencoder: {"code_activation": ["tanh"]},
    GenerativeStochasticNetwork: {"noise_level": [0.0]},
    SemanticHasher: {"code_activation": ["tanh"]},
    VAE: {"code_activation": ["logistic"]},
}
WITHOUT_BAD_VALUES = {"unlabeled": "any label of y may mark a sample without a label"}


def state(model):
    """Names of what a fit has set."""
    return {name for name in vars(model) if name not in model.get_params(deep=False)}


def first_line(error):
    """Of the message; scikit-learn's own messages go on after it."""
    return str(error).strip().split("\n")[0]


def assert_one_sentence(error):
    assert 10 < len(first_line(error)) < 400, first_line(error)


def parameters(cls):
    return list(inspect.signature(cls).parameters)


def own_parameters(cls):
    """Parameters whose constraints are not those of AutoencoderTransformer."""
    shared = {} if cls is AutoencoderTransformer else AutoencoderTransformer._parameter_constraints
    constraints = cls._parameter_constraints
    return [name for name in parameters(cls) if constraints[name] is not shared.get(name)]


def fault(cls, name, value):
    """What is wrong with how a value is refused, None if nothing is."""
    model = fast(cls, **{name: value})
    try:
        model.fit(X, labels(X))
    except (ValueError, TypeError) as error:
        if not re.search(name, str(error)):
            return f"the message does not name it: {error}"
        if not 10 < len(first_line(error)) < 400:
            return f"the message is not one sentence: {error}"
        return f"the fit left {state(model)} behind" if state(model) else None
    return "it is not refused"


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_bad_values_of_own_parameters_are_refused(cls):
    problems = [
        f"{cls.__name__}({name}={value!r}): {problem}"
        for name in own_parameters(cls)
        for value in [*BAD_PARAMETERS.get(name, []), *ALSO_BAD.get(cls, {}).get(name, [])]
        if (problem := fault(cls, name, value))
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_parameter_has_bad_values(cls):
    missing = set(parameters(cls)) - set(BAD_PARAMETERS) - set(WITHOUT_BAD_VALUES)
    assert not missing, (
        f"add values that {cls.__name__} must refuse to BAD_PARAMETERS of {__file__}, or a reason"
        f" to WITHOUT_BAD_VALUES: {sorted(missing)}"
    )


def test_bad_values_are_those_of_parameters_that_exist():
    unknown = set(BAD_PARAMETERS) - {name for cls in ESTIMATORS for name in parameters(cls)}
    assert not unknown, f"no estimator has {sorted(unknown)}"


@pytest.mark.parametrize("n_components", [0.95, None])
def test_n_components_of_pca(n_components):
    """A fraction or None has PCA's meaning or is refused in one sentence."""
    model = fast(AutoencoderTransformer, n_components=n_components)
    try:
        codes = model.fit_transform(X)
    except (ValueError, TypeError) as error:
        assert "n_components" in str(error) and repr(n_components) in str(error)
        assert_one_sentence(error)
    else:
        assert codes.shape[1] == PCA(n_components).fit(X).n_components_


@pytest.mark.parametrize("fraction, n_samples", [(0.5, 1), (0.01, 10), (0.999, 10)])
def test_validation_fraction_that_leaves_no_sample(fraction, n_samples):
    model = fast(AutoencoderTransformer, validation_fraction=fraction)
    with pytest.raises(ValueError, match="validation_fraction"):
        model.fit(curved(n_samples, 5))
    assert state(model) == set()


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_numbers_that_programs_cannot_represent(cls):
    limited = [
        name
        for name, constraints in cls._parameter_constraints.items()
        if any(hasattr(constraint, "right") for constraint in constraints)
        and name not in ("max_time", "checkpoint_interval")  # of the host, which may be infinite
    ]
    assert limited
    for name in limited:
        with pytest.raises(ValueError, match=name):
            fast(cls, **{name: 10**400}).fit(X, labels(X))
