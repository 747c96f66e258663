"""Stage two: an encoder's layers with a linear head, trained on the samples that have targets.

A straight line of pure steps, as `skae.estimators.base.fit` is. Reads the estimator's parameters
and never writes to it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skae.core.data.moments import canonical_samples
from skae.core.data.samples import Samples, most_alike
from skae.core.training.loop import Recipe
from skae.core.training.records import Listener, Result
from skae.estimators.base.automatic import training_plan, validation_samples
from skae.objectives.supervised import Part, fine_tune

__all__ = ["FineTuning", "fine_tuned"]


@dataclass
class FineTuning:
    """What stage two is asked to do: the estimator's parameters, resolved.

    ``classes`` are those that the numbers in the targets stand for, None where there are none.
    """

    parameters: dict[str, Any]
    recipe: Recipe
    params: dict
    hyperparameters: dict[str, float]
    classes: np.ndarray | None
    seed: np.random.SeedSequence
    device: Any
    listener: Listener


def fine_tuned(task: FineTuning, samples: Samples, weight: np.ndarray) -> tuple[Result, Result]:
    """Train on samples with targets, first the head and then all.

    Parameters
    ----------
    task : FineTuning
    samples : Samples
        In units of training, with targets.
    weight : ndarray of shape (samples.n_samples,)
        Positive.

    Returns
    -------
    head, result : Result
    """
    index, weight = canonical_samples(samples, weight)
    samples = samples.select(index).in_memory()
    split_seed, train_seed = task.seed.spawn(2)
    rate = _learning_rate(task.parameters["learning_rate"], samples.n_samples)
    parameters = {**task.parameters, "init": "pca", "learning_rate": rate}
    plan = training_plan(parameters, samples.n_samples, samples.n_features)
    head_rate = task.parameters["head_learning_rate"]
    part = _part(task, samples, weight, np.random.default_rng(split_seed))
    if part.held_out is None:  # the training loss is no reason to stop
        plan = replace(plan, patience=np.inf)
    task.listener.begin(plan.epochs, len(part.index), None)
    return fine_tune(
        task.recipe,
        task.params,
        part,
        plan,
        None if head_rate == "auto" else head_rate,
        task.hyperparameters,
        seed=train_seed,
        device=task.device,
        listener=task.listener,
    )


def _learning_rate(rate, n_samples):
    """The fewer samples, the less the encoder moves away from what it was pretrained to be."""
    return min(1e-3, 5e-6 * np.sqrt(n_samples)) if rate == "auto" else rate


def _part(task, samples, weight, rng) -> Part:
    if not task.parameters["early_stopping"]:
        return Part(samples, weight, np.arange(samples.n_samples))
    index, held_out = _split(task, samples, rng)
    fraction = task.parameters["validation_fraction"]
    room = validation_samples(most_alike(samples.n_samples), fraction, samples.n_features)
    return Part(samples, weight, index, held_out, room)


def _split(task, samples, rng):
    """Samples to train on and samples to hold out, of each class the same share."""
    fraction, n_samples = task.parameters["validation_fraction"], samples.n_samples
    count = validation_samples(n_samples, fraction, samples.n_features)
    numbers = np.zeros(n_samples, int)
    if task.classes is not None:
        numbers = samples.targets(slice(None))[:, 0].astype(int)
    sizes = np.bincount(numbers)
    said = (
        f"validation_fraction={fraction} of {n_samples} distinct labeled samples holds out {count}"
    )
    if not 1 <= count < n_samples:
        raise ValueError(
            f"{said} and leaves {n_samples - count}: both must be at least 1; use another fraction "
            "or early_stopping=False"
        )
    if task.classes is not None and count < len(sizes):
        raise ValueError(
            f"{said}, fewer than the {len(sizes)} classes, each of which must be among them: use "
            "a larger fraction or early_stopping=False"
        )
    if task.classes is not None and sizes.min() < 2:
        raise ValueError(
            f"class {task.classes.tolist()[sizes.argmin()]!r} has one distinct labeled sample, which "
            "cannot be both trained on and held out: use early_stopping=False"
        )
    held_out = _stratified(numbers, _shares(sizes, count), rng)
    return np.setdiff1d(np.arange(n_samples), held_out), held_out


def _shares(sizes, count):
    """How many of each class to hold out: in proportion, at least one, and never all."""
    wanted = sizes * count / sizes.sum()
    shares = np.clip(wanted.astype(int), 1, sizes - 1)
    while shares.sum() > count:
        shares[np.where(shares > 1, shares - wanted, -np.inf).argmax()] -= 1
    while shares.sum() < min(count, (sizes - 1).sum()):
        shares[np.where(shares < sizes - 1, wanted - shares, -np.inf).argmax()] += 1
    return shares


def _stratified(numbers, shares, rng):
    order = rng.permutation(len(numbers))
    chosen = [order[numbers[order] == k][:share] for k, share in enumerate(shares)]
    return np.sort(np.concatenate(chosen))
