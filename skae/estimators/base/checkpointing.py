"""Resumable fits: the checkpoint of a fit, and the digests by which it recognizes the fit."""

from dataclasses import replace
from numbers import Integral

import numpy as np
from scipy import sparse

from skae.core.data.samples import Samples
from skae.core.devices import default_device
from skae.persistence.checkpoint import FileCheckpoint, digest_of, digest_of_value

__all__ = ["resumed"]

# Parameters that may differ in the fit that resumes.
_FREE = ("checkpoint", "checkpoint_interval", "max_time", "verbose")
# Fitted attributes that training continues from under `warm_start`.
_EARLIER = ("params_", "optimizer_state_", "n_steps_", "mean_", "scale_")


def resumed(estimator, task, given):
    """`task` with a checkpoint, and with the seed of the fit that it resumes, if there is one.

    Raises
    ------
    ValueError
        The file belongs to another fit, is not a checkpoint, or cannot be written.
    """
    if estimator.checkpoint is None:
        return task
    kind = type(estimator).__name__
    parameters = {k: v for k, v in estimator.get_params(deep=False).items() if k not in _FREE}
    # A random state object draws other numbers the second time: the file stores the first seed.
    is_fixed = isinstance(parameters["random_state"], Integral)
    if not is_fixed:
        parameters["random_state"] = None
    fit = {name: digest_of_value(v, f"{name} of {kind}") for name, v in parameters.items()}
    fit["estimator"] = digest_of_value(kind, kind)
    # device=None may be another device on another machine.
    fit["platform"] = (estimator._device or default_device()).platform
    fit["samples"] = _digest_of_samples(given.X)
    fit["shape of samples"] = str(task.known.get("sample_shape_"))
    fit["sample_weight"] = digest_of(given.weight)
    for name in ("X_val", "X_noisy", "X_val_noisy"):
        samples = getattr(given, name)
        fit[name] = "" if samples is None else _digest_of_samples(samples)
    groups, first = given.splits.groups, given.splits.first
    fit["groups"] = "" if groups is None else digest_of(groups)
    # A splitter without a seed splits the samples differently in each fit.
    fit["validation split"] = "" if first is None else digest_of(*first)
    if task.earlier is not None:
        earlier = {name: task.earlier[name] for name in _EARLIER}
        fit["weights to continue from"] = digest_of_value(earlier, kind)
    checkpoint = FileCheckpoint(
        estimator.checkpoint, estimator.checkpoint_interval, fit, task.seed.entropy
    )
    job = replace(task.job, checkpoint=checkpoint)
    return replace(task, job=job, seed=np.random.SeedSequence(checkpoint.entropy))


def _digest_of_samples(X):
    if sparse.issparse(X):
        return digest_of(np.array(X.shape), X.data, X.indices, X.indptr)
    samples = Samples(X)
    return digest_of(block for _, block in samples.blocks(samples.raw))
