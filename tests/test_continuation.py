"""Continued training applies or refuses each changed parameter, under warm_start and partial_fit.

Every parameter of every autoencoder is in `CHANGES`, with another value and what it must do.
"""

import copy
import re
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import jax
import numpy as np
import pytest
from sklearn.model_selection import ShuffleSplit

from skae import (
    VAE,
    AdversarialAutoencoder,
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    ConvolutionalWinnerTakeAllAutoencoder,
    DenoisingAutoencoder,
    SemanticHasher,
    SparseAutoencoder,
    WinnerTakeAllAutoencoder,
)
from skae.networks import Convolutional
from tests.discovery import AUTOENCODERS, accepts, fast, short

APPLIED = "the result is another one"
REFUSED = "a ValueError names the parameter"
IGNORED = "the result is the same"


@dataclass
class Change:
    """Another value of a parameter; `before` are parameters of the first fit."""

    value: Any
    fit: str = APPLIED
    partial_fit: str = APPLIED
    before: dict = field(default_factory=dict)


def only_fit(value, **before):
    """Of epochs and validation sets, which `partial_fit` has not."""
    return Change(value, APPLIED, IGNORED, before)


def refused(value, **before):
    return Change(value, REFUSED, REFUSED, before)


def applied(value, **before):
    return Change(value, before=before)


def ignored(value, **before):
    return Change(value, IGNORED, IGNORED, before)


# With a tolerance of .99, each of these epochs is one without improvement.
STOPPING = {"early_stopping": True, "validation_fraction": 0.25, "n_iter_no_change": 1}
MIXTURE = {"prior": "gaussian_mixture"}
# Penalties on codes whose size depends on the weights of the decoder.
L1 = {"penalty": "l1", "sparsity_weight": 0.1, "tied_weights": False, "init": "random"}

CHANGES = {
    # ---- of all autoencoders
    "n_components": refused(3),
    "code_activation": refused("tanh"),
    "loss": refused("huber"),
    "init": refused("random"),
    "alpha": applied(0.5),
    "optimizer": refused("sgd"),
    "learning_rate": applied(0.05),
    "learning_rate_schedule": only_fit("constant"),
    "batch_size": applied(16),
    "max_iter": only_fit(5),
    "max_time": ignored(1e6),
    "tol": only_fit(0.0, **STOPPING, tol=0.99, max_iter=4, init="random"),
    "early_stopping": only_fit(True, validation_fraction=0.25),
    "validation_fraction": only_fit(0.5, early_stopping=True, validation_fraction=0.25),
    "validation_splitter": only_fit(ShuffleSplit(1, random_state=0), early_stopping=True),
    "n_iter_no_change": only_fit(3, **STOPPING, tol=0.99, max_iter=4),
    "warm_start": only_fit(False),
    "random_state": applied(1),
    "verbose": ignored(1),
    "device": ignored("cpu"),
    "checkpoint_interval": ignored(1.0),
    # ---- of networks
    "network": refused(Convolutional(image_shape=(2, 3), channels=(2,)), hidden_layer_sizes="auto"),
    "hidden_layer_sizes": refused((7,)),
    "decoder_hidden_layer_sizes": refused((7,)),
    "activation": refused("tanh"),
    "tied_weights": refused(True, tied_weights=False),
    "pretraining": Change("layerwise", IGNORED, REFUSED, {"init": "random"}),
    "pretraining_max_iter": ignored(3, init="random"),
    "image_shape": refused((3, 2), image_shape=(2, 3)),
    "channels": refused((3,)),
    "kernel_size": refused(2),
    "decoder_kernel_size": refused(2),
    "stride": refused(1),
    "padding": refused("valid", kernel_size=2, image_shape=(2, 3)),
    "downsampling": refused("max_pool"),
    "upsampling": refused("resize"),
    "sequence_shape": refused((3, 2), sequence_shape=(2, 3)),
    "hidden_sizes": refused((5,)),
    "decoder_hidden_sizes": refused((5,)),
    "cell": refused("gru"),
    "bidirectional": refused(True),
    "code": refused("dense", code="state", init="random"),
    # ---- of variants
    "adversarial_weight": applied(3.0),
    "beta": applied(3.0),
    "binarization": applied("noise"),
    "code_noise_level": applied(2.0),
    "contraction": applied(3.0),
    "decoder_alpha": applied(3.0, decoder_alpha=0.0, tied_weights=False),
    "decoder_norm": applied("none", **L1),
    "discriminator_hidden_layer_sizes": refused((5,)),
    "far_weight": applied(30.0),
    "free_bits": applied(3.0),
    "jacobian": applied("exact"),
    "likelihood_scale": refused(0.5),
    "n_active": refused(2, penalty="top_k", n_active=1),
    "n_prior_components": refused(3, **MIXTURE),
    "n_walkback": applied(5),
    "noise": applied("masking"),
    "noise_level": applied(0.9),
    "penalty": applied("squared_error", sparsity_weight=1.0),
    "prior": refused("uniform"),
    "similarity_weight": applied(3.0),
    "sparsity_rate": applied(0.9),
    "sparsity_target": applied(0.9),
    "sparsity_weight": applied(9.0),
    "warm_up": only_fit(0.5),
}
# Changes of one estimator that differ; None where there is no other value.
OF_ESTIMATOR = {
    (ConvolutionalAutoencoder, "code"): refused(
        "dense", code="maps", init="random", image_shape=(2, 3), n_components=4
    ),
    (AdversarialAutoencoder, "tol"): None,
    (SparseAutoencoder, "init"): refused("pca"),
    (WinnerTakeAllAutoencoder, "init"): refused("pca"),
    (ConvolutionalWinnerTakeAllAutoencoder, "init"): ignored("he"),
    (SemanticHasher, "noise_level"): applied(0.9, binarization="noise"),
    (SemanticHasher, "code_activation"): None,
    (VAE, "code_activation"): None,
    (AdversarialAutoencoder, "code_activation"): None,
    (SparseAutoencoder, "code_activation"): refused("tanh", penalty="l1"),
}


def own_noise(x, key):
    return x + 0.5 * jax.random.normal(key, x.shape)


FURTHER = [
    # Another scheme of random initial weights: there are weights already.
    (AutoencoderTransformer, "init", ignored("he", init="random")),
    (SemanticHasher, "similarity_weight", refused(0.25, similarity_weight=0.0)),
    (SemanticHasher, "similarity_weight", applied(0.0)),
    (VAE, "likelihood_scale", refused("learned", likelihood_scale=0.5)),
    (VAE, "likelihood_scale", refused(0.7, likelihood_scale=0.5)),
    (VAE, "likelihood_scale", ignored(0.7, loss="binary_cross_entropy")),
    (DenoisingAutoencoder, "noise", refused(own_noise)),
    (SparseAutoencoder, "decoder_norm", refused("unit", **L1)),
]


def cases_of(cls):
    for name in CHANGES:
        change = OF_ESTIMATOR.get((cls, name), CHANGES[name])
        if accepts(cls, name) and change is not None:
            yield name, change
    yield from ((name, change) for other, name, change in FURTHER if other is cls)


def result(model, method, X):
    getattr(model, method)(X)
    return [*jax.tree.leaves(model.params_), model.history_["loss"]]


def outcome(model, name, value, method, X, unchanged):
    """What continued training does with another value of a parameter."""
    changed = copy.deepcopy(model).set_params(**{name: value})
    try:
        found = result(changed, method, X)
    except ValueError as error:
        return REFUSED if re.search(rf"\b{name}\b", str(error)) else str(error)
    same = len(found) == len(unchanged) and all(map(np.array_equal, found, unchanged))
    return IGNORED if same else APPLIED


def test_every_parameter_has_a_change():
    parameters = {name for cls in AUTOENCODERS for name in signature(cls).parameters}
    assert parameters - {"checkpoint"} == set(CHANGES), "add a Change for a new parameter"


@pytest.mark.filterwarnings("ignore:Training increased the loss")  # some changes are extreme
@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_a_changed_parameter_is_applied_or_refused(cls, method, X, of_all):
    models, problems = {}, []
    for name, change in cases_of(cls):
        if not (of_all or cls is AutoencoderTransformer or name in OWN[cls]):
            continue
        before = {k: v for k, v in {**FIRST, **change.before}.items() if accepts(cls, k)}
        key = repr(sorted(before.items(), key=lambda item: item[0]))
        if key not in models:
            model = fast(cls, **before).fit(X)
            models[key] = model, result(copy.deepcopy(model), method, X)
        model, unchanged = models[key]
        found = outcome(model, name, change.value, method, X, unchanged)
        if found != getattr(change, method):
            problems.append(f"{name}={change.value!r} after {before}: {found}")
    assert not problems, "\n".join(problems)


@pytest.fixture(params=short([False, True]))
def of_all(request):
    """Whether to test parameters that an estimator shares with AutoencoderTransformer."""
    return request.param


FIRST = {"max_iter": 2, "warm_start": True, "early_stopping": False}
SHARED = set(signature(AutoencoderTransformer).parameters)
OWN = {cls: set(signature(cls).parameters) - SHARED for cls in AUTOENCODERS}
