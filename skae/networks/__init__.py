"""What a user writes for ``network=``: specifications of networks other than plain dense ones.

Plain values with scikit-learn's `get_params`; what is built of them stands in `core.networks`.
"""

from skae.networks.convolutional import Convolutional
from skae.networks.recurrent import Recurrent
from skae.networks.residual import Residual
from skae.networks.specification import NetworkSpecification

__all__ = ["Convolutional", "NetworkSpecification", "Recurrent", "Residual"]
