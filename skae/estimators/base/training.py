"""How an autoencoder of any network is fitted, and the parameters of that.

An autoencoder adds an objective (`_objective`), its floats (`_hyperparameters`), parameters and a
network (`_describe_network`). What a fitted one does stands in `_fitted`.
"""

import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar

from sklearn.exceptions import ConvergenceWarning

from skae.core.activations import ACTIVATIONS
from skae.core.losses import LOSSES
from skae.core.objective import Objective
from skae.core.training.loop import Recipe
from skae.core.training.optimizers import OPTIMIZERS, SCHEDULES, resolve_optimizer
from skae.estimators.base.architecture import describe, find_device, network_of
from skae.estimators.base.checkpointing import resumed
from skae.estimators.base.fit import Task, fit_from_scratch, go_on
from skae.estimators.base.input_checks import check_range, read_samples, read_weights
from skae.estimators.base.parameters import CodeParameters
from skae.estimators.base.progress import listener_for
from skae.estimators.base.pullback import MeasuredAutoencoder
from skae.estimators.base.random_state import seed_of
from skae.estimators.base.sklearn_compat import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    fit_context,
)

__all__ = ["TrainedAutoencoder"]


@dataclass(kw_only=True, eq=False, repr=False)
class TrainedAutoencoder(CallbackSupportMixin, MeasuredAutoencoder, CodeParameters):
    """Base of all autoencoders, whatever their network."""

    code_activation: str = "identity"
    loss: str = "squared_error"
    init: str = "pca"
    alpha: float = 0.0
    optimizer: Any = "nadam"
    learning_rate: float = 2e-3
    learning_rate_schedule: Any = "cosine"
    batch_size: Any = "auto"
    max_iter: Any = "auto"
    max_time: float | None = None
    tol: float = 1e-4
    early_stopping: bool = True
    validation_fraction: Any = "auto"
    n_iter_no_change: Any = "auto"
    warm_start: bool = False
    random_state: Any = None
    verbose: int = 0
    device: str | None = None
    checkpoint: Any = None
    checkpoint_interval: float = 5.0

    _parameter_constraints: ClassVar[dict] = {
        **CodeParameters._parameter_constraints,
        "code_activation": [StrOptions(set(ACTIVATIONS))],
        "loss": [StrOptions(LOSSES.keys())],
        "init": [StrOptions({"pca", "random"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES)), tuple],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "tol": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "device": [str, None],
        "checkpoint": [str, PathLike, None],
        "checkpoint_interval": [Interval(Real, 0, None, closed="left")],
    }

    # arrays of a code's length that the encoder gives: a variational one has two
    _heads: ClassVar[int] = 1
    # whether codes are 0 or 1
    _binary: ClassVar[bool] = False
    # whether codes have a prior's units, whatever those of X
    _prior_units: ClassVar[bool] = False

    def _objective(self) -> Objective:
        """The autoencoder's loss with its static settings."""
        raise NotImplementedError

    def _hyperparameters(self) -> dict[str, float]:
        """Floats that the loss takes: they may change without compiling."""
        return {}

    def _resolved(self) -> dict[str, Any]:
        """Parameters with what "auto" means for this autoencoder; others are resolved later."""
        return self.get_params(deep=False)

    def _initialization(self) -> Callable | None:
        """A pure function that completes the initial weights of the plain autoencoder, if any.

        ``function(params, network, samples, weight, rng) -> params``; `samples` are the training
        samples in standardized units. ``params["extra"]`` holds further weights to train,
        ``params["fixed"]`` constants.
        """
        return None

    def _further_attributes(self, X, weight) -> dict[str, Any]:
        """Fitted attributes of this autoencoder alone; `self` is fitted, X the samples as given."""
        del X, weight
        return {}

    def _may_go_on(self, earlier) -> None:
        """Raise ValueError where training cannot go on from these attributes of a fitted one."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None, X_val=None):
        """Train the autoencoder.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples of any real numeric dtype. CSR is made dense batch by batch, never as a whole.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative; a weight of 2 is the same as a sample given twice, one below 1e-20 of the
            largest is 0.
        X_val : {array-like, CSR matrix} of shape (n_val, n_features), default=None
            Samples for early stopping, instead of a part of X. In a Pipeline they arrive
            untransformed unless ``Pipeline(transform_input=["X_val"])``.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            NaN, infinity or values beyond 1e150, a parameter out of range, X outside [0, 1] under
            cross-entropy, a `validation_fraction` that leaves no sample, or a checkpoint of another
            fit.
        """
        earlier = vars(self) if self.warm_start and hasattr(self, "params_") else None
        checked, samples, weight, X_val = self._read(X, sample_weight, X_val, reset=earlier is None)
        task = self._task(checked, X, sample_weight, earlier)
        task = resumed(self, task, samples, weight, X_val)
        if earlier is None:
            return self._adopt(
                task, fit_from_scratch(task, samples, weight, X_val), samples, weight
            )
        return self._adopt(task, go_on(task, samples, weight, X_val), samples, weight)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for one epoch on these samples, at a constant rate.

        The first call fixes the center, the scale and the start; later calls go on with weights
        and optimizer as they are.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples of any real numeric dtype.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Not negative.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            NaN, infinity or values beyond 1e150, other columns than in the first call, a parameter
            out of range, parameters that ask for another network than the fitted one, X outside
            [0, 1] under cross-entropy, or ``pretraining="layerwise"``.
        """
        if getattr(self, "pretraining", None) is not None:
            raise ValueError(
                "pretraining='layerwise' needs all samples at once, and partial_fit has a part of "
                "them: use fit, or pretraining=None"
            )
        self._validate_params()  # scikit-learn does so in the first call alone
        earlier = vars(self) if hasattr(self, "params_") else None
        checked, samples, weight, _ = self._read(X, sample_weight, None, reset=earlier is None)
        task = self._task(checked, X, sample_weight, earlier)
        outcome = go_on(task, samples, weight, None, one_epoch=True)
        return self._adopt(task, outcome, samples, weight)

    def _read(self, X, sample_weight, X_val, *, reset):
        """Checked input, and a copy of the estimator that has taken note of its columns: a fit
        that fails leaves nothing behind.
        """
        checked = copy(self)
        X = read_samples(checked, X, reset=reset)
        weight = read_weights(sample_weight, X)
        check_range(X, self.loss)
        if X_val is not None:
            if not self.early_stopping:
                raise ValueError(
                    "X_val is for early stopping, which early_stopping=False turns off: leave X_val"
                    " away or set early_stopping=True"
                )
            X_val = read_samples(checked, X_val, reset=False)
            check_range(X_val, self.loss)
        return checked, X, weight, X_val

    def _task(self, checked, X, sample_weight, earlier) -> Task:
        """All that a fit depends on: from here on nothing reads the estimator."""
        parameters, device = self._resolved(), find_device(self.device)
        network = self._describe_network(parameters, checked.n_features_in_)
        architecture = describe(
            parameters,
            network,
            checked.n_features_in_,
            heads=self._heads,
            binary=self._binary,
            prior_units=self._prior_units,
        )
        if earlier is not None and earlier["architecture_"] != architecture:
            raise ValueError(
                f"the fitted network is {earlier['architecture_']}, the parameters now ask for "
                f"{architecture}: training can only go on with the same; fit with warm_start=False"
            )
        if earlier is not None:
            self._may_go_on(earlier)
        columns = {k: v for k, v in vars(checked).items() if k in _COLUMNS}
        floats = {"alpha": self.alpha, **self._hyperparameters()}
        return Task(
            parameters=parameters,
            recipe=Recipe(
                network_of(architecture, device),
                self._objective(),
                resolve_optimizer(self.optimizer, checked.n_features_in_),
                # errors that travel through many steps may explode (Pascanu et al. 2013)
                clip_norm=1.0 if network["kind"] == "recurrent" else None,
            ),
            hyperparameters={name: float(value) for name, value in floats.items()},
            seed=seed_of(self.random_state, 0 if earlier is None else earlier["n_steps_"]),
            device=device,
            listener=listener_for(self, X, sample_weight),
            shared={"architecture_": architecture, **columns},
            initialization=self._initialization(),
            layer_objective=self._layer_objective(),
            earlier=earlier,
        )

    def _adopt(self, task, outcome, X, weight):
        """Take all fitted attributes over together; then say what must be said."""
        fitted = copy(self)
        fitted.__dict__.update(outcome.attributes)
        further = fitted._further_attributes(X, weight)
        for name in _COLUMNS:
            self.__dict__.pop(name, None)
        self.__dict__.update(outcome.attributes, **further)
        task.listener.end(outcome.attributes)
        if outcome.diverged:
            warnings.warn(
                f"Training diverged at learning_rate={self.learning_rate}, its loss or weights out "
                "of bounds: the last good weights are kept. Lower learning_rate, or scale X.",
                ConvergenceWarning,
                stacklevel=4,
            )
        if outcome.interrupted:
            raise KeyboardInterrupt
        task.checkpoint.remove()
        return self


_COLUMNS = ("n_features_in_", "feature_names_in_")
