"""What a training run works on: a job, the data, and the validation set, as records."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.core.data.samples import Samples
from skae.core.devices import default_device
from skae.core.training.loop import Recipe
from skae.core.training.records import NO_CHECKPOINT, NO_LISTENER, Checkpoint, Listener

__all__ = ["Job", "TrainingData", "ValidationSet"]


@dataclass(frozen=True)
class Job:
    """What all training runs of one fit share.

    Parameters
    ----------
    recipe : Recipe
        Network, objective and optimizer: what a program is specialized to.
    hyperparameters : dict of float
        "alpha" (L2 penalty) and those of the objective. Traced: they may change without compiling.
    device : jax.Device, optional
        JAX's default device if None.
    listener : Listener
        Called with a `Progress` after each epoch.
    checkpoint : Checkpoint
        Returns where an interrupted run was, and stores where this one is.
    """

    recipe: Recipe
    hyperparameters: dict[str, float]
    device: Any = None
    listener: Listener = NO_LISTENER
    checkpoint: Checkpoint = NO_CHECKPOINT

    @property
    def resolved_device(self) -> Any:
        """The device that the job runs on."""
        return default_device() if self.device is None else self.device


@dataclass(frozen=True)
class ValidationSet:
    """Samples that the loss is evaluated on: before the first epoch and after each one."""

    samples: Samples
    index: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class TrainingData:
    """Samples, weights, and which of the samples to train on.

    Parameters
    ----------
    samples : Samples
    weight : ndarray of shape (samples.n_samples,)
        Mean about 1.
    index : ndarray of shape (n,)
        The training samples.
    validation : ValidationSet, optional
        The weights with the lowest validation loss are kept; without it, those with the lowest
        training loss.
    validation_capacity : int, optional
        Number of validation samples that the program is compiled for, where it should not depend on
        their actual number.
    """

    samples: Samples
    weight: np.ndarray
    index: np.ndarray
    validation: ValidationSet | None = None
    validation_capacity: int | None = None
