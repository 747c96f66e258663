"""Warnings of training that diverged, increased the loss, or led to a constant reconstruction."""

from typing import Any

import numpy as np

from skae.core.data.samples import Samples
from skae.core.inference import apply_in_blocks, reconstruct
from skae.core.training.job import Job
from skae.core.training.records import Result

__all__ = ["constant_output_warning", "divergence_warning"]

# Increase of the loss that is not reported, relative to the initial loss or to 1, the squared error
# of a constant output in standardized units: near a minimum a few steps may lead to it.
_NOISE = 0.1
# Squared error in standardized units: that of a constant output is 1.
_BETTER_THAN_CONSTANT = 0.9
_SAMPLES = 64


def divergence_warning(learning_rate: Any, result: Result, *before: Any) -> str | None:
    """The text of a warning if training diverged or increased the loss; otherwise None.

    Parameters
    ----------
    learning_rate : float or "auto"
    result : Result
        Of the run whose weights are adopted.
    *before : objects with an attribute ``diverged``, or None
        Of runs before: pretraining, cross-validation.
    """
    initial, final = result.initial_loss, result.final_loss
    is_worse = (
        final - initial > _NOISE * max(1.0, abs(initial)) and result.best_epoch < result.n_epochs
    )
    if result.diverged:
        problem = f"Training diverged in epoch {result.n_epochs}: the loss or weights overflow"
        if np.isfinite(initial):
            problem += f" (initial loss {initial:.6g})"
    elif is_worse:
        problem = (
            f"Training increased the loss from initially {initial:.6g} to {final:.6g} at its end, "
            f"epoch {result.n_epochs}"
        )
    elif any(part is not None and part.diverged for part in before):
        problem = (
            "Training diverged in cross-validation or pretraining: the loss or weights overflow"
        )
    else:
        return None
    kept = f"weights of epoch {result.best_epoch}" if result.best_epoch else "initial weights"
    return f"{problem}. The {kept} are kept. Lower learning_rate={learning_rate}."


def constant_output_warning(job: Job, result: Result, samples: Samples) -> str | None:
    """The text of a warning if the reconstruction does not depend on the sample; otherwise None.

    The linear skip connection of the PCA initialization rules this out. Otherwise a few samples
    are reconstructed, unless the loss shows that reconstructions differ.
    """
    network, loss = job.recipe.network, job.recipe.objective.reconstruction
    if network.linear_path or result.best_epoch == 0 or samples.n_samples < 2:
        return None
    trained = result.history["loss"][result.best_epoch - 1]
    if loss == "squared_error" and trained < _BETTER_THAN_CONSTANT:
        return None
    shape = (min(_SAMPLES, samples.n_samples), samples.n_features)
    out = np.empty(shape, np.float32)
    read = samples.standardized
    apply_in_blocks(reconstruct, (network, loss), result.params, shape, read, out, job.device)
    if out.std(axis=0).max() > 1e-3 * read(slice(shape[0])).std(axis=0).max():
        return None
    return (
        "The reconstruction is the same for all samples: a layer's units are inactive or saturated "
        "whatever the sample. Lower learning_rate, or use init='pca' or another activation."
    )
