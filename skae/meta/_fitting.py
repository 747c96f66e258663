"""Parts of `fit` that all meta-estimators share: seeding the autoencoder, setting attributes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skae._typing import RandomState

__all__ = ["FEATURE_ATTRIBUTES", "seed_autoencoder", "set_fitted_attributes"]

FEATURE_ATTRIBUTES = ("n_features_in_", "feature_names_in_", "sample_shape_")


def seed_autoencoder(
    autoencoder: Any, random_state: RandomState, seed: np.random.SeedSequence
) -> None:
    """Set `random_state` of an unfitted autoencoder that has none, if the meta-estimator has one.

    Otherwise the meta-estimator's `random_state` would not make its fits deterministic.
    """
    if autoencoder.random_state is None and random_state is not None:
        # A nonnegative integer of 31 bits.
        autoencoder.random_state = int(seed.generate_state(1)[0] >> 1)


def set_fitted_attributes(estimator: Any, attributes: Mapping[str, Any]) -> None:
    """Set all attributes of a fit together, so that a fit that fails changes nothing.

    Feature names of an earlier fit are removed: the new X may have none.
    """
    for name in FEATURE_ATTRIBUTES:
        vars(estimator).pop(name, None)
    vars(estimator).update(attributes)
