"""Specifications of networks other than plain dense ones, for the parameter ``network``.

They are plain values with scikit-learn's `get_params`; `core.networks` builds the networks.
"""

from skae.networks.convolutional import Convolutional
from skae.networks.recurrent import Recurrent
from skae.networks.residual import Residual
from skae.networks.specification import NetworkSpecification

__all__ = ["Convolutional", "NetworkSpecification", "Recurrent", "Residual"]
