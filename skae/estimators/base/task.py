"""A fit of an estimator: from its parameters to a task, and from the outcome to attributes."""

import warnings
from copy import copy
from typing import Any, TypeVar

from sklearn.exceptions import ConvergenceWarning

from skae._typing import ArrayLike, MatrixLike
from skae.core.data.samples import Samples
from skae.core.devices import find_device
from skae.core.losses import check_loss
from skae.core.training.job import Job
from skae.core.training.loop import Recipe
from skae.core.training.optimizers import resolve_optimizer
from skae.estimators.base.architecture import describe, network_of
from skae.estimators.base.checkpointing import resumed
from skae.estimators.base.continuation import refuse_another_network, refuse_changed_parameters
from skae.estimators.base.first_samples import FIRST_SAMPLES, join_first_samples
from skae.estimators.base.fit import Outcome, Task, continue_fit, fit_from_scratch
from skae.estimators.base.fit_input import FitInput, read_input
from skae.estimators.base.progress import make_listener, report_init_kept
from skae.estimators.base.random_state import make_seed
from skae.estimators.base.sample_shape import shaped
from skae.estimators.base.size_warnings import size_warnings
from skae.estimators.base.splits import read_splits

__all__ = ["fit_estimator", "make_task", "partial_fit_estimator"]

T = TypeVar("T", bound=Any)

# fitted attributes that validation sets
_FEATURES = ("n_features_in_", "feature_names_in_", "sample_shape_")


def fit_estimator(
    estimator: T,
    X: MatrixLike,
    y: object,
    sample_weight: ArrayLike | None,
    groups: ArrayLike | None,
    **samples: Any,
) -> T:
    """Fit an autoencoder; `samples` are the further arguments of `read_input`."""
    # a copy, since attributes are replaced at the end of the fit
    fitted = (
        dict(vars(estimator)) if estimator.warm_start and hasattr(estimator, "params_") else None
    )
    checked, given = read_input(estimator, X, y, sample_weight, reset=fitted is None, **samples)
    splits = read_splits(estimator, given.X, y, groups, given.X_val)
    given = given._replace(splits=splits)
    task = make_task(estimator, checked, X, sample_weight, fitted)
    if fitted is None:
        for text in size_warnings(task, len(given.weight), checked.n_features_in_):
            warnings.warn(text, stacklevel=5)  # the caller of `fit`, which `fit_context` wraps
    task = resumed(estimator, task, given)
    train = fit_from_scratch if fitted is None else continue_fit
    return _set_fitted_attributes(estimator, task, train(task, given), given)


def partial_fit_estimator(
    estimator: T, X: MatrixLike, y: object, sample_weight: ArrayLike | None, **samples: Any
) -> T:
    """Train an autoencoder for one epoch on a part of the samples."""
    if getattr(estimator, "pretraining", None) is not None:
        raise ValueError(
            "pretraining='layerwise' needs all samples at once, but partial_fit sees a part of "
            "them: use fit, or pretraining=None"
        )
    estimator._validate_params()  # scikit-learn validates parameters in the first call only
    fitted = dict(vars(estimator)) if hasattr(estimator, "params_") else None
    is_first = fitted is None and FIRST_SAMPLES not in vars(estimator)
    checked, given = read_input(estimator, X, y, sample_weight, reset=is_first, **samples)
    task = make_task(estimator, checked, X, sample_weight, fitted)
    if fitted is None:
        kept = vars(estimator).get(FIRST_SAMPLES)
        joined = join_first_samples(kept, given, task.job.recipe.network)
        if not isinstance(joined, FitInput):
            vars(estimator).update({FIRST_SAMPLES: joined, **_features(checked)})
            return estimator
        given = joined
    outcome = continue_fit(task, given, one_epoch=True)
    return _set_fitted_attributes(estimator, task, outcome, given)


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
    check_loss(estimator.loss, checked.n_features_in_)
    parameters, device = estimator._resolved(), find_device(estimator.device)
    with_shape = shaped(estimator, getattr(checked, "sample_shape_", None))
    architecture = describe(
        parameters,
        with_shape._describe_network(parameters, checked.n_features_in_),
        checked.n_features_in_,
        heads=estimator._heads,
        binary=estimator._binary,
        prior_units=estimator._prior_units,
    )
    if fitted is not None:
        refuse_another_network(fitted["architecture_"], architecture)
        refuse_changed_parameters(estimator._fitted_parameters(fitted), parameters)
    network = network_of(architecture, device)
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
        known={
            "architecture_": architecture,
            **_features(checked),
            **estimator._known_attributes(),
        },
        initialization=estimator._initialization(),
        layer_objective=estimator._layer_objective(),
        earlier=fitted,
    )


def _features(estimator: Any) -> dict[str, Any]:
    """Attributes that describe the features of samples."""
    return {name: value for name, value in vars(estimator).items() if name in _FEATURES}


def _set_fitted_attributes(estimator: T, task: Task, outcome: Outcome, given: FitInput) -> T:
    """Set all fitted attributes together; then warn or raise if training did not succeed."""
    # Attributes are computed with a copy: an exception must not leave half of them set.
    fitted = copy(estimator)
    fitted.__dict__.update(outcome.attributes)
    gross_errors = outcome.gross_errors
    samples = Samples(given.X).clipped(None if gross_errors is None else gross_errors.clip)
    further = fitted._further_attributes(samples, given.weight)
    for name in (*_FEATURES, FIRST_SAMPLES):
        estimator.__dict__.pop(name, None)
    estimator.__dict__.update(outcome.attributes, **further)
    task.job.listener.end(outcome.attributes)
    if gross_errors is not None:
        warnings.warn(
            gross_errors.message(getattr(estimator, "feature_names_in_", None)),
            stacklevel=6,  # the caller of `fit`, which `fit_context` wraps twice
        )
    for text in outcome.warnings:
        # the caller of `fit`, which `fit_context` wraps twice
        warnings.warn(text, ConvergenceWarning, stacklevel=6)
    if outcome.selection_cut:
        warnings.warn(
            f"max_time={estimator.max_time} ended the cross-validation that selects the number of "
            f"epochs. {estimator.best_iter_} epochs are kept, selected by the epochs that all "
            "folds have run. Increase max_time, or set max_iter and early_stopping=False.",
            ConvergenceWarning,
            stacklevel=6,
        )
    if estimator.init_kept_ and estimator.n_iter_:
        report_init_kept(estimator)
    # Ctrl-C during training: the best weights are kept, and the checkpoint allows resuming.
    if outcome.interrupted:
        raise KeyboardInterrupt
    task.job.checkpoint.remove()
    return estimator
