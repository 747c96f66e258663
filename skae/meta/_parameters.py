"""Parameters of the semi-supervised estimators, and their constraints."""

from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Any, ClassVar

from sklearn.frozen import FrozenEstimator

from skae.core.activations import ACTIVATIONS
from skae.core.training.optimizers import OPTIMIZERS, SCHEDULES
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.sklearn_compat import (
    Interval,
    StrOptions,
    integers_from,
    reals_above,
    reals_from,
)

__all__ = ["PretrainedParameters"]


@dataclass(eq=False, repr=False)
class PretrainedParameters:
    """Parameters that the classifier and the regressor share."""

    autoencoder: Any = None
    _: KW_ONLY
    n_layers: Any = "all"
    hidden_layer_sizes: Any = ()
    activation: str = "gelu"
    freeze: Any = "none"
    unlabeled: Any = None
    prefit: bool = False
    dropout: float = 0.0
    alpha: float = 0.0
    optimizer: Any = "nadam"
    learning_rate: Any = "auto"
    head_learning_rate: Any = "auto"
    learning_rate_schedule: Any = "cosine"
    batch_size: Any = "auto"
    max_iter: Any = "auto"
    max_time: float | None = None
    tol: float = 1e-4
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: Any = "auto"
    random_state: Any = None
    verbose: int = 0
    device: str | None = None

    _parameter_constraints: ClassVar[dict] = {
        "autoencoder": [BaseAutoencoder, FrozenEstimator, None],
        "n_layers": [StrOptions({"all"}), integers_from(1)],
        "hidden_layer_sizes": [tuple, list, integers_from(1)],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "freeze": [StrOptions({"none", "all"}), integers_from(0)],
        "unlabeled": "no_validation",
        "prefit": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "alpha": [reals_from(0)],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "learning_rate": [StrOptions({"auto"}), reals_above(0)],
        "head_learning_rate": [StrOptions({"auto"}), reals_above(0)],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES)), tuple],
        "batch_size": [StrOptions({"auto"}), integers_from(1)],
        "max_iter": [StrOptions({"auto"}), integers_from(1)],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "tol": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [StrOptions({"auto"}), integers_from(1)],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "device": [str, None],
    }
