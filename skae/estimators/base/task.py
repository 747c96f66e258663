"""From an estimator to the task of a fit, and from its outcome to fitted attributes."""

import warnings
from copy import copy
from typing import Any, TypeVar

from sklearn.exceptions import ConvergenceWarning

from skae._typing import ArrayLike, FloatArray, MatrixLike
from skae.core.training.job import Job
from skae.core.training.loop import Recipe
from skae.core.training.optimizers import resolve_optimizer
from skae.estimators.base.architecture import describe, find_device, network_of
from skae.estimators.base.continuation import refuse_another_network
from skae.estimators.base.fit import Outcome, Task
from skae.estimators.base.input_checks import read_samples, read_weights, within_domain
from skae.estimators.base.masked_arrays import refuse_masked
from skae.estimators.base.progress import make_listener
from skae.estimators.base.random_state import make_seed
from skae.estimators.base.samples_as_y import refuse_samples_as_y

__all__ = ["make_task", "read_input", "set_fitted_attributes"]

T = TypeVar("T", bound=Any)

# fitted attributes that validation sets
_FEATURES = ("n_features_in_", "feature_names_in_")


def read_input(
    estimator: T,
    X: MatrixLike,
    y: object,
    sample_weight: ArrayLike | None,
    X_val: MatrixLike | None,
    *,
    reset: bool,
) -> tuple[T, Any, FloatArray, Any]:
    """Checked training samples, weights and validation samples.

    The first value returned is a copy of the estimator that has the names and the number of
    features. So a fit that fails leaves the estimator unchanged.
    """
    checked = copy(estimator)
    X = read_samples(checked, X, reset=reset)
    refuse_samples_as_y(y, X, type(estimator).__name__)
    weight = read_weights(sample_weight, X)
    X = within_domain(X, estimator.loss)
    if X_val is not None:
        if not estimator.early_stopping:
            raise ValueError(
                "X_val is the validation set for early stopping, which early_stopping=False "
                "disables: omit X_val or set early_stopping=True"
            )
        refuse_masked(X_val, "X_val")
        X_val = within_domain(read_samples(checked, X_val, reset=False), estimator.loss)
    return checked, X, weight, X_val


def make_task(
    estimator: Any,
    checked: Any,
    X: MatrixLike,
    sample_weight: ArrayLike | None,
    fitted: dict[str, Any] | None,
) -> Task:
    """Everything that a fit depends on; the fit itself does not read the estimator.

    `fitted` holds the fitted attributes to continue training from, if any.
    """
    parameters, device = estimator._resolved(), find_device(estimator.device)
    architecture = describe(
        parameters,
        estimator._describe_network(parameters, checked.n_features_in_),
        checked.n_features_in_,
        heads=estimator._heads,
        binary=estimator._binary,
        prior_units=estimator._prior_units,
    )
    if fitted is not None:
        refuse_another_network(fitted["architecture_"], architecture)
        estimator._check_continuation(fitted)
    network = network_of(architecture, device)
    features = {k: v for k, v in vars(checked).items() if k in _FEATURES}
    # traced: their values do not trigger compilation, their names do
    hyperparameters = {"alpha": estimator.alpha, **estimator._hyperparameters()}
    return Task(
        parameters=parameters,
        job=Job(
            Recipe(
                network,
                estimator._objective(),
                resolve_optimizer(estimator.optimizer, checked.n_features_in_),
                clip_norm=network.clip_norm,
            ),
            {name: float(value) for name, value in hyperparameters.items()},
            device,
            make_listener(estimator, X, sample_weight),
        ),
        seed=make_seed(estimator.random_state, 0 if fitted is None else fitted["n_steps_"]),
        known={"architecture_": architecture, **features},
        initialization=estimator._initialization(),
        layer_objective=estimator._layer_objective(),
        earlier=fitted,
    )


def set_fitted_attributes(
    estimator: T, task: Task, outcome: Outcome, X: MatrixLike, weight: FloatArray
) -> T:
    """Set all fitted attributes together; then warn or raise if training did not succeed."""
    # Attributes are computed with a copy: an exception must not leave half of them set.
    fitted = copy(estimator)
    fitted.__dict__.update(outcome.attributes)
    further = fitted._further_attributes(X, weight)
    for name in _FEATURES:
        estimator.__dict__.pop(name, None)
    estimator.__dict__.update(outcome.attributes, **further)
    task.job.listener.end(outcome.attributes)
    if outcome.diverged:
        warnings.warn(
            f"Training diverged at learning_rate={estimator.learning_rate}: the loss or the weights"
            " are not finite or too large. The best weights so far are kept. Lower learning_rate, "
            "or scale X.",
            ConvergenceWarning,
            stacklevel=5,  # the caller of `fit`, which `fit_context` wraps twice
        )
    # Ctrl-C during training: the best weights are kept, and the checkpoint allows resuming.
    if outcome.interrupted:
        raise KeyboardInterrupt
    task.job.checkpoint.remove()
    return estimator
