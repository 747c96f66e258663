"""Warnings of fits whose samples or codes have a size that autoencoders are not meant for."""

from skae.core.objective import reconstruction_loss
from skae.estimators.base.fit import Task

__all__ = ["size_warnings"]

_FEW_SAMPLES = 10


def size_warnings(task: Task, n_samples: int, n_features: int) -> list[str]:
    """Texts of warnings: few samples, or more codes than features without any regularization."""
    found = []
    if n_samples < _FEW_SAMPLES:
        found.append(
            f"X has n_samples={n_samples}: too few to choose the number of epochs on held-out "
            "samples. The fit is likely to keep the initial weights, or to describe these samples "
            f"only. Use at least {_FEW_SAMPLES} samples, better hundreds, or "
            "sklearn.decomposition.PCA."
        )
    network, objective = task.job.recipe.network, task.job.recipe.objective
    is_plain = objective.function is reconstruction_loss and network.n_active is None
    if is_plain and network.n_components > n_features:
        found.append(
            f"n_components={network.n_components} is above the number of features, {n_features}. "
            "Without a sparsity penalty or noise the network can copy its input to the codes, "
            "which then describe no structure. Use fewer components, SparseAutoencoder or "
            "DenoisingAutoencoder."
        )
    return found
