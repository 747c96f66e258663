"""The classes that a file may ask for, and the user's own that are handed over with it.

This list is closed: nothing else is imported because a file names it. A class that gets another
name keeps its old one here, so that old files load.
"""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from skae.core.networks.own_modules import import_path
from skae.persistence.container import shown

__all__ = ["CLASSES", "Names", "Unknown", "class_of", "is_state", "name_of", "own_name"]

CLASSES = {
    "AdversarialAutoencoder": "skae.estimators.adversarial",
    "AutoencoderOutlierDetector": "skae.meta.outliers",
    "AutoencoderTransformer": "skae.estimators.autoencoder",
    "ContractiveAutoencoder": "skae.estimators.contractive",
    "Convolutional": "skae.networks.convolutional",
    "ConvolutionalAutoencoder": "skae.estimators.convolutional",
    "ConvolutionalWinnerTakeAllAutoencoder": "skae.estimators.convolutional_winner_take_all",
    "DenoisingAutoencoder": "skae.estimators.denoising",
    "GenerativeStochasticNetwork": "skae.estimators.generative_stochastic",
    "HammingIndex": "skae.hashing.index",
    "PretrainedClassifier": "skae.meta.classifier",
    "PretrainedRegressor": "skae.meta.regressor",
    "Recurrent": "skae.networks.recurrent",
    "RecurrentAutoencoder": "skae.estimators.recurrent",
    "Residual": "skae.networks.residual",
    "SemanticHasher": "skae.estimators.semantic_hashing",
    "SparseAutoencoder": "skae.estimators.sparse",
    "VAE": "skae.estimators.variational",
    "WinnerTakeAllAutoencoder": "skae.estimators.winner_take_all",
}


# what scikit-learn keeps on estimators beside what they learned
_OF_SCIKIT_LEARN = {"_skl_callbacks", "_metadata_request"}


class Unknown(Exception):
    """What is wrong with what a file asks for, for the end of a sentence."""


def name_of(cls: type) -> str | dict:
    """What stands for a class in a file: a name of this list, or that of a user's own class."""
    if CLASSES.get(cls.__name__) == cls.__module__:
        return cls.__name__
    return {"trusted": own_name(cls, "the estimator")}


def class_of(name: Any, names: "Names") -> type:
    """The class that a file asks for."""
    if isinstance(name, dict):
        cls = names.find(name["trusted"])
        if not (isinstance(cls, type) and hasattr(cls, "get_params")):
            raise Unknown(f"trusted has {cls!r} for {name['trusted']!r}, which is no estimator")
        return cls
    if name not in CLASSES:
        raise Unknown(f"it holds a {shown(name)}, a class that this version of skae does not have")
    return getattr(importlib.import_module(CLASSES[name]), name)


def is_state(cls: type, name: str) -> bool:
    """Whether an attribute may be what a fit left behind: nothing that the class itself has.

    What a class has is code, or is read by code as if its author had written it: the templates of
    links in a diagram, say.
    """
    return not (hasattr(cls, name) or name.startswith("__") or name in _OF_SCIKIT_LEARN)


def own_name(thing, where: str) -> str:
    """``module:name`` of a function or a class, to be handed over by whoever loads the file."""
    return import_path(thing, f"{where} cannot be saved: it")


class Names:
    """What the user hands over, by the names that files have for it.

    Parameters
    ----------
    trusted : None, mapping of names to objects, or iterable of objects
        Objects go by their own names, as ``module:name``.
    """

    def __init__(self, trusted: Mapping | Iterable | None):
        if isinstance(trusted, Mapping):
            self.things = dict(trusted)
        elif isinstance(trusted, str) or not isinstance(trusted, Iterable | None):
            raise TypeError(
                f"trusted={trusted!r} must be a list of the objects themselves, not their names"
            )
        else:
            self.things = {_name_of_trusted(thing): thing for thing in trusted or ()}

    def find(self, name: str) -> Any:
        """The object of that name."""
        if name not in self.things:
            raise Unknown(f"it needs {shown(name)}, which trusted does not have")
        return self.things[name]

    def path(self, name: str) -> str:
        """By what name the object that was handed over is imported here and now."""
        return import_path(self.find(name), f"trusted[{name!r}]")


def _name_of_trusted(thing):
    if isinstance(thing, str) or not hasattr(thing, "__qualname__"):
        raise TypeError(f"trusted holds {thing!r}: it must hold functions and classes themselves")
    return import_path(thing, "trusted")
