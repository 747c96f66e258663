"""The decorrelated autoencoder: codes with nearly uncorrelated components, as in PCA."""

from numbers import Real
from typing import ClassVar

import jax
import jax.numpy as jnp

from skae.core.networks import Model
from skae.core.objective import Batch, Objective, Step, mean_over_samples
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval

__all__ = ["DecorrelatedAutoencoder", "decorrelation_loss"]


def decorrelation_loss(
    objective: Objective, model: Model, batch: Batch, step: Step
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Reconstruction plus ``decorrelation`` times the mean squared correlation of the codes."""
    z = model.encode(batch.x)
    samples = objective.sample_losses(model.decode(z), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    correlation = mean_squared_correlation(z, batch.weight)
    loss = reconstruction + step.hyperparameters["decorrelation"] * correlation
    return loss, {"reconstruction": reconstruction, "correlation": correlation}


def mean_squared_correlation(z: jax.Array, weight: jax.Array) -> jax.Array:
    """Mean over pairs of components of their squared weighted correlation."""
    share = weight / jnp.sum(weight)  # 0 for padding
    centered = z - share @ z
    covariance = (centered * share[:, None]).T @ centered
    # The square root has an infinite gradient at 0, the variance of a constant component.
    deviation = jnp.sqrt(jnp.diag(covariance) + 1e-8)
    squares = jnp.square(covariance / jnp.outer(deviation, deviation))
    n = z.shape[1]
    return jnp.sum(jnp.where(jnp.eye(n), 0.0, squares)) / max(1, n * (n - 1))


@autoencoder
class DecorrelatedAutoencoder(BaseAutoencoder, DenseParameters):
    """Autoencoder with nearly uncorrelated codes: non-linear, with a property of PCA.

    With r_jk the correlation of components j and k of the codes over a mini-batch::

        minimize  mean_i loss(decode(encode(x_i)), x_i) + decorrelation * mean_(j != k) r_jk^2

    Parameters
    ----------
    {parameters}

    decorrelation : float, default=0.1
        Weight of the penalty, at least 0.

    Attributes
    ----------
    {attributes}

    Notes
    -----
    Under ``init="pca"`` the penalty is 0 at initialization. ``history_`` also holds
    "reconstruction" and "correlation".

    Not suitable for codes with one component, and for codes that must be exactly uncorrelated:
    use PCA.

    References
    ----------
    .. [1] Cogswell, Ahmed, Girshick, Zitnick and Batra (2016). Reducing overfitting in deep
       networks by decorrelating representations. ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> X, _ = load_digits(return_X_y=True)
    >>> plain, decorrelated = (
    ...     DecorrelatedAutoencoder(5, decorrelation=d, max_iter=10, random_state=0).fit_transform(
    ...         X
    ...     )
    ...     for d in (0.0, 1.0)
    ... )
    >>> def total_squared_correlation(codes):
    ...     return np.square(np.corrcoef(codes.T) - np.eye(5)).sum()
    >>> bool(total_squared_correlation(decorrelated) < 0.5 * total_squared_correlation(plain))
    True
    """

    decorrelation: float = 0.1

    _parameter_constraints: ClassVar[dict] = {
        "decorrelation": [Interval(Real, 0, None, closed="left")],
    }

    def _objective(self) -> Objective:
        return Objective(decorrelation_loss, self.loss)

    def _hyperparameters(self) -> dict[str, float]:
        return {"decorrelation": self.decorrelation}
