"""The samples that the loss is evaluated on during training, and after which epochs.

These are the validation set, or without one a part of the training samples. The mean of an epoch's
losses cannot replace that evaluation: it is a mean over weights that change from step to step,
under noise that differs between steps.
"""

from typing import NamedTuple

import numpy as np

from skae.core.data.samples import Samples, largest_with_same_power, n_batches
from skae.core.training.job import TrainingData
from skae.core.training.loop import Blocks
from skae.core.training.plan import Plan

__all__ = ["Evaluation", "evaluation_of"]

_MAX_SAMPLES = 5000
_MAX_BYTES = 64 * 2**20
_MIN_SAMPLES = 200
# An evaluation takes about a third of the time of training on the same samples. Epochs between two
# evaluations have this many times the number of evaluated samples, so they take 3 % longer.
_SAMPLES_BETWEEN = 10


class Evaluation(NamedTuple):
    """Padded mini-batches, of which the first ``n_batches`` are evaluated.

    They are evaluated before the first epoch, after every ``interval``-th and after the last one.
    """

    blocks: Blocks
    n_batches: int
    interval: int
    on_training_samples: bool


def evaluation_of(data: TrainingData, plan: Plan, seed: np.random.SeedSequence) -> Evaluation:
    """The evaluation of a training run: of its validation set, or of training samples.

    The number of mini-batches is padded to a power of two, and depends on the order of magnitude of
    the number of samples only: fits to similar numbers of samples share a program.
    """
    n_samples, n_features = data.samples.n_samples, data.samples.n_features
    largest, epochs = largest_with_same_power(n_samples), np.inf if plan.least_compared else 1
    capacity = max(data.validation_capacity or 0, _n_compared(plan, largest, n_features, epochs))
    if data.validation is not None:
        samples, index, weight = vars(data.validation).values()
        interval = 1
    else:
        samples, weight = data.samples, data.weight
        index = np.random.default_rng(seed).permutation(data.index)
        index = index[: _n_compared(plan, len(index), n_features, plan.epochs)]
        interval = -(-_SAMPLES_BETWEEN * len(index) // len(data.index))
    blocks = _padded(samples, index, weight, plan.batch_size, capacity)
    is_training = data.validation is None
    return Evaluation(blocks, n_batches(len(index), plan.batch_size), interval, is_training)


def _n_compared(plan, n_samples, n_features, epochs) -> int:
    """Number of training samples to evaluate: all, if that takes a few percent of the time."""
    fitting = max(_MIN_SAMPLES, _MAX_BYTES // (4 * n_features))
    cheap = max(plan.least_compared, plan.batch_size, epochs * n_samples / 16)
    return int(min(n_samples, _MAX_SAMPLES, fitting, cheap))


def _padded(samples: Samples, index, weight, batch_size, capacity) -> Blocks:
    needed = n_batches(max(1, len(index), capacity), batch_size)
    capacity = 1 << (needed - 1).bit_length()
    x, weights, targets = samples.batches(index, weight, batch_size, capacity)
    return Blocks(x, weights, targets, None, samples.device_units)
