"""Fine-tuning stage of the pretrained estimators: validation split, training plan, training.

A sequence of pure functions, as `skae.estimators.base.fit` is: they read the estimator's
parameters and never write to the estimator.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skae.core.data.deduplication import canonical_samples
from skae.core.data.samples import Samples, largest_with_same_power
from skae.core.training.job import Job, TrainingData, ValidationSet
from skae.core.training.records import Result
from skae.estimators.base.automatic import training_plan, validation_samples
from skae.objectives.supervised import fine_tune

__all__ = ["FineTuningTask", "resolve_n_frozen", "resolve_n_layers", "run_fine_tuning"]


@dataclass
class FineTuningTask:
    """Everything that fine-tuning depends on: the estimator's parameters, resolved.

    ``classes`` are the labels that the class indices in the targets refer to, None for regression.
    """

    parameters: dict[str, Any]
    job: Job
    params: dict
    classes: np.ndarray | None
    seed: np.random.SeedSequence


def resolve_n_layers(n_layers: int | str, available: int) -> int:
    """Number of encoder layers below the head."""
    if isinstance(n_layers, str):
        return available
    if n_layers > available:
        raise ValueError(
            f"n_layers={n_layers} exceeds the number of encoder layers, {available} (including the "
            "code layer). Use a smaller number or 'all'."
        )
    return int(n_layers)


def resolve_n_frozen(freeze: int | str, n_layers: int) -> int:
    """Number of frozen layers, counted from the input."""
    if isinstance(freeze, str):
        return {"none": 0, "all": n_layers}[freeze]
    if freeze > n_layers:
        raise ValueError(
            f"freeze={freeze} exceeds the number of layers below the head, {n_layers}. Use a "
            "smaller number or 'all'."
        )
    return int(freeze)


def run_fine_tuning(
    task: FineTuningTask, samples: Samples, weight: np.ndarray
) -> tuple[Result, Result]:
    """Train on the labeled samples: first the head alone, then the head and the layers.

    Parameters
    ----------
    task : FineTuningTask
    samples : Samples
        In standardized units, with targets.
    weight : ndarray of shape (samples.n_samples,)
        Positive.

    Returns
    -------
    head, result : Result
    """
    begin = time.perf_counter()
    # Samples with equal features and different targets count as different samples here.
    index, weight = canonical_samples(samples, weight)
    samples = samples.select(index).in_memory()
    split_seed, train_seed = task.seed.spawn(2)
    learning_rate = _learning_rate(task.parameters["learning_rate"], samples.n_samples)
    # Of the initializations, init="pca" has a learning rate warm-up by default. Pretrained weights
    # need it too.
    parameters = {**task.parameters, "init": "pca", "learning_rate": learning_rate}
    plan = training_plan(parameters, samples.n_samples, samples.n_features, begin)
    head_learning_rate = task.parameters["head_learning_rate"]
    data = _training_data(task, samples, weight, np.random.default_rng(split_seed))
    if data.validation is None:  # early stopping never uses the training loss
        plan = replace(plan, patience=np.inf)
    task.job.listener.begin(plan.epochs, len(data.index), None)
    return fine_tune(
        task.job,
        task.params,
        data,
        plan,
        None if head_learning_rate == "auto" else head_learning_rate,
        train_seed,
    )


def _learning_rate(learning_rate, n_samples):
    """Resolve "auto": grows with the square root of the number of labeled samples.

    With 100 labels, large steps lose more of the pretrained weights than they gain; with 20,000,
    small steps cost 0.7 points of accuracy.
    """
    return min(1e-3, 5e-6 * np.sqrt(n_samples)) if learning_rate == "auto" else learning_rate


def _training_data(task, samples, weight, rng) -> TrainingData:
    # The default: with 100 labels, a tenth of them is too small a sample to select an epoch.
    if not task.parameters["early_stopping"]:
        return TrainingData(samples, weight, np.arange(samples.n_samples))
    train_index, validation_index = _split(task, samples, rng)
    fraction = task.parameters["validation_fraction"]
    # Fits to similar numbers of samples have the same capacity and share one compiled program.
    capacity = validation_samples(
        largest_with_same_power(samples.n_samples), fraction, samples.n_features
    )
    validation = ValidationSet(samples, validation_index, weight)
    return TrainingData(samples, weight, train_index, validation, capacity)


def _split(task, samples, rng):
    """Training and validation index; stratified by class for classifiers."""
    fraction, n_samples = task.parameters["validation_fraction"], samples.n_samples
    n_validation = validation_samples(n_samples, fraction, samples.n_features)
    class_index = np.zeros(n_samples, int)
    if task.classes is not None:
        class_index = samples.targets(slice(None))[:, 0].astype(int)
    class_sizes = np.bincount(class_index)
    size = (
        f"validation_fraction={fraction} of {n_samples} distinct labeled samples puts "
        f"{n_validation} in the validation set"
    )
    if not 1 <= n_validation < n_samples:
        raise ValueError(
            f"{size} and {n_samples - n_validation} in the training set; both need at least 1. "
            "Use another validation_fraction or early_stopping=False."
        )
    if task.classes is not None and n_validation < len(class_sizes):
        raise ValueError(
            f"{size}, fewer than the {len(class_sizes)} classes; the validation set needs a "
            "sample of each class. Use a larger validation_fraction or early_stopping=False."
        )
    if task.classes is not None and class_sizes.min() < 2:
        raise ValueError(
            f"Class {task.classes.tolist()[class_sizes.argmin()]!r} has only one distinct labeled "
            "sample, but early stopping needs at least one in the training set and one in the "
            "validation set. Use early_stopping=False."
        )
    counts = _validation_counts(class_sizes, n_validation)
    validation_index = _stratified_sample(class_index, counts, rng)
    return np.setdiff1d(np.arange(n_samples), validation_index), validation_index


def _validation_counts(class_sizes, n_validation):
    """Number of validation samples of each class: proportional, at least 1, never the whole class.

    Rounding down and clipping can give any total, so counts are corrected one by one where they
    are furthest from the exact proportion.
    """
    exact = class_sizes * n_validation / class_sizes.sum()
    counts = np.clip(exact.astype(int), 1, class_sizes - 1)
    while counts.sum() > n_validation:
        counts[np.where(counts > 1, counts - exact, -np.inf).argmax()] -= 1
    while counts.sum() < min(n_validation, (class_sizes - 1).sum()):
        counts[np.where(counts < class_sizes - 1, exact - counts, -np.inf).argmax()] += 1
    return counts


def _stratified_sample(class_index, counts, rng):
    """Sorted positions of randomly drawn samples, `counts[k]` of class k."""
    order = rng.permutation(len(class_index))
    chosen = [order[class_index[order] == k][:count] for k, count in enumerate(counts)]
    return np.sort(np.concatenate(chosen))
