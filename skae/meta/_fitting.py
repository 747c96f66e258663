"""Parts of `fit` that all meta-estimators share: seeding the autoencoder, setting attributes."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skae._typing import RandomState
from skae.estimators.base.autoencoder import BaseAutoencoder

__all__ = [
    "FEATURE_ATTRIBUTES",
    "SetOutputMixin",
    "frozen",
    "seed_autoencoder",
    "set_fitted_attributes",
]

FEATURE_ATTRIBUTES = ("n_features_in_", "feature_names_in_", "sample_shape_")


class SetOutputMixin:
    """Adds `set_output` to an estimator that is no transformer and returns samples."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Set the container of `reconstruction_errors`, as scikit-learn's transformers do.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            "default": an array. None: unchanged, at first scikit-learn's global configuration.

        Returns
        -------
        self : estimator
        """
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self


def frozen(autoencoder: Any) -> Any:
    """The fitted autoencoder in a `FrozenEstimator`, or None for anything else."""
    if not isinstance(autoencoder, FrozenEstimator):
        return None
    if not isinstance(autoencoder.estimator, BaseAutoencoder):
        raise ValueError(
            f"autoencoder={autoencoder!r} must be an autoencoder of skae or None, or a "
            "FrozenEstimator of a fitted autoencoder of skae"
        )
    check_is_fitted(autoencoder.estimator)
    return autoencoder.estimator


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
