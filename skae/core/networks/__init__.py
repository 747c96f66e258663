"""Encoders and decoders; the only package that imports flax.

A `Network` is a value: networks with equal fields compare and hash as equal, so that estimators of
one shape share one compiled program. Weights are nested dicts outside of it.
"""

from skae.core.networks.building import build_network
from skae.core.networks.dense import DenseStack, TiedDenseStack, dense_network
from skae.core.networks.network import Model, Network, largest, row_norms, straight_through
from skae.core.networks.weights import SCHEMES, initial_weights

__all__ = [
    "SCHEMES",
    "DenseStack",
    "Model",
    "Network",
    "TiedDenseStack",
    "build_network",
    "dense_network",
    "initial_weights",
    "largest",
    "row_norms",
    "straight_through",
]
