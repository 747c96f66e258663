"""What encodes and decodes; the only place that touches flax's layers.

A `Network` is a value: it compares and hashes by what it is, so that all estimators of one shape
share one compiled program. Weights are nested dicts beside it, never in it.
"""

from skae.core.networks.building import build_network
from skae.core.networks.dense import DenseStack, TiedDenseStack, dense_network
from skae.core.networks.network import Model, Network, largest, straight_through
from skae.core.networks.weights import initial_weights

__all__ = [
    "DenseStack",
    "Model",
    "Network",
    "TiedDenseStack",
    "build_network",
    "dense_network",
    "initial_weights",
    "largest",
    "straight_through",
]
