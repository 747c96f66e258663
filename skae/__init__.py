"""Autoencoders with PCA's interface: scikit-learn transformers on JAX, flax and optax.

Public names are imported on first access. So ``import skae`` is fast, and ``skae.core`` works
without scikit-learn.
"""

import importlib
from typing import TYPE_CHECKING, Any

from skae._registry import ESTIMATORS

__version__ = "0.1.0"

# public name -> module that defines it; type checkers read the imports below
_MODULES = {
    **ESTIMATORS,
    "clear_caches": "skae.core.compile.clearing",
    "load": "skae.persistence.models",
    "load_cifar10": "skae.datasets",
    "load_fashion_mnist": "skae.datasets",
    "load_image_files": "skae.datasets",
}

__all__ = sorted(_MODULES)

# subpackages that are imported on first access, as in `skae.display`
_PACKAGES = ("datasets", "display", "hashing", "networks")

if TYPE_CHECKING:
    from skae.core.compile.clearing import clear_caches as clear_caches
    from skae.datasets import load_cifar10 as load_cifar10
    from skae.datasets import load_fashion_mnist as load_fashion_mnist
    from skae.datasets import load_image_files as load_image_files
    from skae.estimators.adversarial import AdversarialAutoencoder as AdversarialAutoencoder
    from skae.estimators.autoencoder import AutoencoderTransformer as AutoencoderTransformer
    from skae.estimators.contractive import ContractiveAutoencoder as ContractiveAutoencoder
    from skae.estimators.convolutional import ConvolutionalAutoencoder as ConvolutionalAutoencoder
    from skae.estimators.convolutional_winner_take_all import (
        ConvolutionalWinnerTakeAllAutoencoder as ConvolutionalWinnerTakeAllAutoencoder,
    )
    from skae.estimators.denoising import DenoisingAutoencoder as DenoisingAutoencoder
    from skae.estimators.generative_stochastic import (
        GenerativeStochasticNetwork as GenerativeStochasticNetwork,
    )
    from skae.estimators.recurrent import RecurrentAutoencoder as RecurrentAutoencoder
    from skae.estimators.semantic_hashing import SemanticHasher as SemanticHasher
    from skae.estimators.sparse import SparseAutoencoder as SparseAutoencoder
    from skae.estimators.variational import VAE as VAE
    from skae.estimators.winner_take_all import WinnerTakeAllAutoencoder as WinnerTakeAllAutoencoder
    from skae.meta.classifier import PretrainedClassifier as PretrainedClassifier
    from skae.meta.outliers import AutoencoderOutlierDetector as AutoencoderOutlierDetector
    from skae.meta.regressor import PretrainedRegressor as PretrainedRegressor
    from skae.persistence.models import load as load


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name not in _PACKAGES:
        raise AttributeError(f"module 'skae' has no attribute {name!r}")
    module = importlib.import_module(_MODULES.get(name, f"skae.{name}"))
    if name in _PACKAGES:
        return module
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})
