"""Checks of the fitted attributes of meta-estimators that come from a file."""

from typing import Any

import jax
import numpy as np

from skae.core.activations import ACTIVATIONS
from skae.core.networks import Network
from skae.core.networks.head import HeadedNetwork
from skae.estimators.base.architecture import portable_network
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.loaded import check_output, check_weights
from skae.estimators.base.loaded_attributes import (
    check_array_attribute,
    check_history,
    check_integers,
    check_names,
    check_numbers,
    invalid,
    is_fitted,
)

__all__ = ["check_detector", "check_pretrained"]


def _check_member(name: str, autoencoder: Any, n_features: int) -> None:
    """Check a fitted autoencoder of a meta-estimator; its own attributes are checked already."""
    if not isinstance(autoencoder, BaseAutoencoder) or not is_fitted(autoencoder):
        raise invalid(name, "is not a fitted autoencoder")
    if autoencoder.n_features_in_ != n_features:
        raise invalid(name, f"does not match: it has {autoencoder.n_features_in_} features")


def check_pretrained(model: Any) -> None:
    """Check the fitted attributes of a pretrained classifier or regressor."""
    if not is_fitted(model):
        return
    check_integers(model, ["n_features_in_", "n_layers_", "n_iter_", "best_iter_"])
    check_history(model)
    check_names(model)
    _check_member("autoencoder_", getattr(model, "autoencoder_", None), model.n_features_in_)
    if hasattr(model, "classes_") or not hasattr(model, "target_mean_"):
        classes = getattr(model, "classes_", None)
        n_classes = len(classes) if isinstance(classes, np.ndarray) and classes.ndim else 0
        check_array_attribute(model, "classes_", (max(n_classes, 2),), "biufOU")
    else:
        _check_target_units(model)
    network = portable_network(model.autoencoder_.architecture_)
    if not 1 <= model.n_layers_ <= network.encoder.n_layers:
        raise invalid("n_layers_", "exceeds the number of layers of the encoder")
    params, n_outputs = getattr(model, "params_", None), model._n_outputs
    check_weights("params_", params)
    headed = _headed_network(model, network)
    samples = jax.ShapeDtypeStruct((2, network.n_features), np.float32)
    check_output("params_", headed.outputs, params, samples, (2, n_outputs))
    if not isinstance(model.device, str | None):
        raise invalid("device", "is not a string or None")


def _check_target_units(model: Any) -> None:
    """Check the mean and the scale of one target, or of several."""
    names = ["target_mean_", "target_scale_"]
    mean = getattr(model, names[0], None)
    if not isinstance(mean, np.ndarray):
        check_numbers(model, names)
        return
    for name in names:
        check_array_attribute(model, name, (max(2, mean.size),))


def _headed_network(model: Any, network: Network) -> HeadedNetwork:
    """The network of a model whose description of the head is valid."""
    head: Any = vars(model).get("head_", {"hidden_sizes": (), "activation": "gelu"})
    sizes: Any = head.get("hidden_sizes") if isinstance(head, dict) else None
    is_valid = isinstance(sizes, tuple) and all(isinstance(size, int) for size in sizes)
    if not is_valid or len(head) != 2 or head.get("activation") not in ACTIVATIONS:
        raise invalid("head_", "does not describe a head")
    if len(sizes) > len(jax.tree.leaves(model.params_)):
        raise invalid("head_", "has more layers than weights")
    return model._headed_network(network)


def check_detector(model: Any) -> None:
    """Check the fitted attributes of an outlier detector."""
    if not is_fitted(model):
        return
    check_integers(model, ["n_features_in_"])
    check_numbers(model, ["offset_"])
    check_names(model)
    members = getattr(model, "autoencoders_", None)
    references = getattr(model, "references_", None)
    if not isinstance(members, list) or not members:
        raise invalid("autoencoders_", "is not a list of autoencoders")
    if not isinstance(references, list) or len(references) != len(members):
        raise invalid("references_", "does not match the number of autoencoders")
    check_array_attribute(model, "scales_", (len(members), model.n_features_in_))
    for member, reference in zip(members, references, strict=True):
        _check_member("autoencoders_", member, model.n_features_in_)
        _check_reference(reference, member)


def _check_reference(reference, autoencoder) -> None:
    n_components, n_features = autoencoder.n_components_, autoencoder.n_features_in_
    shapes = {
        "center": (n_components,),
        "whitening": (n_components, n_components),
        "cells": (n_features,),
        "length": (),
        "error": (),
    }
    if not isinstance(reference, dict) or set(reference) != set(shapes):
        raise invalid("references_", f"is not a list of dicts of {', '.join(shapes)}")
    for name, shape in shapes.items():
        value = np.asarray(reference[name])
        if value.dtype.kind != "f" or value.shape != shape or not np.isfinite(value).all():
            raise invalid("references_", f"has a {name} that does not match: expected {shape}")
