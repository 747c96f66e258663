"""Finds what is public in skae and builds small, fast instances of it."""

import inspect

import pytest
from sklearn.base import BaseEstimator

import skae
from skae import DenoisingAutoencoder

# one small shape for nearly all tests, so that nearly all of them share its compiled programs
FAST = {
    "n_components": 2,
    "hidden_layer_sizes": (8,),
    "channels": (2,),
    "decoder_kernel_size": 3,
    "hidden_sizes": (4,),
    "batch_size": 32,
    "max_iter": 4,
    "random_state": 0,
    "autoencoder": DenoisingAutoencoder(
        2, hidden_layer_sizes=(8,), batch_size=32, max_iter=4, early_stopping=False
    ),
}


def public_classes():
    names = [getattr(skae, name) for name in skae.__all__]
    return [value for value in names if inspect.isclass(value)]


def accepts(cls, parameter):
    return parameter in inspect.signature(cls).parameters


ESTIMATORS = [
    cls
    for cls in public_classes()
    if issubclass(cls, BaseEstimator) and not inspect.isabstract(cls) and hasattr(cls, "fit")
]
TRANSFORMERS = [cls for cls in ESTIMATORS if hasattr(cls, "transform")]
AUTOENCODERS = [cls for cls in TRANSFORMERS if hasattr(cls, "reconstruct")]

# for what the base does for all alike: dense layers, another network, codes of another kind
REPRESENTATIVES = [
    skae.AutoencoderTransformer,
    skae.ConvolutionalWinnerTakeAllAutoencoder,
    skae.SemanticHasher,
]

META_ESTIMATORS = [cls for cls in ESTIMATORS if accepts(cls, "autoencoder")]
# `make test` runs the tests marked `representatives` for these, `make test-all` for all classes
FULLY_TESTED = [
    skae.AutoencoderTransformer,
    skae.SemanticHasher,
    skae.PretrainedClassifier,
    skae.AutoencoderOutlierDetector,
]

# decoders that give samples themselves, and some that give what becomes a probability
CLASSES_AND_LOSSES = [(cls, "squared_error") for cls in AUTOENCODERS] + [
    (cls, "binary_cross_entropy") for cls in REPRESENTATIVES
]


def thorough(cases):
    """`cases`, which `make test-all` runs and `make test` does not."""
    cases = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*case, marks=pytest.mark.thorough) for case in cases]


def short(cases, n=1):
    """`cases`, of which the first `n` are in `make test` and all in `make test-all`."""
    cases = list(cases)
    return [*cases[:n], *thorough(cases[n:])]


def few_of(classes):
    """`classes`, of which all but the representatives are left to `make stress`."""
    return [
        cls if cls in REPRESENTATIVES else pytest.param(cls, marks=pytest.mark.stress)
        for cls in classes
    ]


def fast(cls, **parameters):
    """An instance with `FAST`, as far as it has those parameters, and `parameters`."""
    chosen = {name: value for name, value in FAST.items() if accepts(cls, name)}
    if "autoencoder" in chosen:  # whose head is linear by default
        chosen.pop("hidden_layer_sizes", None)
    return cls(**{**chosen, **parameters})


def outputs(estimator, X):
    """All that a fitted estimator says of X."""
    methods = (
        "transform",
        "reconstruct",
        "predict",
        "predict_proba",
        "decision_function",
        "score_samples",
    )
    found = {name: getattr(estimator, name)(X) for name in methods if hasattr(estimator, name)}
    assert found, f"{type(estimator).__name__} has none of {methods}"
    return found


def is_centered(estimator):
    """Whether shifting and scaling X by constants must not change the fit."""
    return getattr(estimator, "loss", "squared_error") != "binary_cross_entropy"
