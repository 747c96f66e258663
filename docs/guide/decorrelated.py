"""The decorrelated autoencoder: codes that tell different things, as principal components do."""

from numbers import Real
from typing import ClassVar

import jax.numpy as jnp

from skae.core.objective import Objective, mean_over_samples
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval

__all__ = ["DecorrelatedAutoencoder", "decorrelation_loss"]


def decorrelation_loss(objective, model, batch, step):
    """Reconstruction plus ``decorrelation`` times the mean squared correlation between codes."""
    z = model.encode(batch.x)
    samples = objective.sample_losses(model.decode(z), batch.x)
    reconstruction = mean_over_samples(samples, batch.weight)
    correlation = mean_squared_correlation(z, batch.weight)
    loss = reconstruction + step.hyperparameters["decorrelation"] * correlation
    return loss, {"reconstruction": reconstruction, "correlation": correlation}


def mean_squared_correlation(z, weight):
    """Over pairs of columns; padding has weight 0."""
    share = weight / jnp.sum(weight)
    centered = z - share @ z
    covariance = (centered * share[:, None]).T @ centered
    deviation = jnp.sqrt(jnp.diag(covariance) + 1e-8)
    squares = jnp.square(covariance / jnp.outer(deviation, deviation))
    n = z.shape[1]
    return jnp.sum(jnp.where(jnp.eye(n), 0.0, squares)) / max(1, n * (n - 1))


@autoencoder
class DecorrelatedAutoencoder(BaseAutoencoder, DenseParameters):
    """Autoencoder whose codes are nearly uncorrelated: non-linear, and yet a little like PCA's.

    With r_jk the correlation between units j and k of the code over the samples of a batch::

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
    Under ``init="pca"`` training starts where the penalty is 0. ``history_`` also holds
    "reconstruction" and "correlation".

    Not for codes of one number, which have nothing to be correlated with, and not where codes
    must be exactly uncorrelated: that is PCA.

    References
    ----------
    .. [1] Cogswell, Ahmed, Girshick, Zitnick and Batra (2016). Reducing overfitting in deep
       networks by decorrelating representations. ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> X, _ = load_digits(return_X_y=True)
    >>> free, held = (
    ...     DecorrelatedAutoencoder(5, decorrelation=d, max_iter=10, random_state=0).fit_transform(
    ...         X
    ...     )
    ...     for d in (0.0, 1.0)
    ... )
    >>> def overlap(codes):
    ...     return np.square(np.corrcoef(codes.T) - np.eye(5)).sum()
    >>> bool(overlap(held) < 0.5 * overlap(free))
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
