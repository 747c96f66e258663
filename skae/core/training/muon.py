"""Muon: updates with equal singular values, for matrices between hidden layers.

Not ``optax.contrib.muon``: optax has it since 0.2.5 only, with five Newton-Schulz iterations of one
polynomial instead of two of different ones (6 ms instead of 14 of a step of the residual network),
and with coefficients in the optimizer's state. At the PCA initialization, where gradients are
exactly 0, updates of equal length would amplify rounding errors; so the norm that a gradient is
divided by has an `eps` that decreases with the number of features.
"""

from math import sqrt

import jax
import jax.numpy as jnp
import optax

__all__ = ["muon", "orthogonalized"]

# Coefficients of a x + b x^3 + c x^5 in each iteration: closest to 1 on [.03, 1], then on the
# image of that interval.
_POLYNOMIALS = ((7.3625, -20.7434, 15.1606), (2.9175, -2.1824, 0.4755))


def muon(learning_rate, n_features: int | None = None, eps: float = 1e-8):
    """Muon for matrices between hidden layers (Jordan et al. 2024), NAdam for all other weights.

    The update of a matrix is the running sum of its gradients with all singular values set to about
    1, times ``0.2 * sqrt(larger side)``. So an entry changes as much as under Adam, and the same
    learning rates apply (Liu et al. 2025, arXiv:2502.16982). NAdam updates biases, convolutions,
    recurrent gates, and matrices with a side of `n_features`, which are too wide for Muon
    to be worth its time.
    """
    inner = optax.chain(
        optax.trace(0.95, nesterov=True),
        optax.stateless(
            lambda steps, params: jax.tree.map(lambda x: orthogonalized(x, eps), steps)
        ),
        optax.scale_by_learning_rate(learning_rate),
    )

    def which(params):
        return jax.tree_util.tree_map_with_path(
            lambda path, weight: "muon" if _is_inner(path, weight, n_features) else "nadam", params
        )

    return optax.multi_transform(
        {"muon": inner, "nadam": optax.nadam(learning_rate, eps=eps)}, which
    )


def _is_inner(path, weight, n_features):
    name = getattr(path[-1], "key", None)
    inner = name == "kernel" and weight.ndim == 2 and n_features not in weight.shape
    return inner and min(weight.shape) > 1


def orthogonalized(matrix, eps: float = 1e-8):
    """Approximate nearest matrix with orthonormal rows or columns, times 0.2 sqrt(larger side).

    Singular values above .03 times the norm by which the matrix is divided end between .62 and
    1.38; smaller ones grow by a factor of about 20. All stay small where the entries are not much
    larger than `eps`, as rounding errors are. Two Newton-Schulz iterations, each with its optimal
    polynomial (Amsel et al. 2025, The Polar Express, arXiv:2505.16932).
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (jnp.linalg.norm(x) + 10.0 * eps * sqrt(x.size))
    square = x @ x.T
    # of singular values s: (sum s^4)^(1/2) / sum s^2, at least what it is where all are equal
    share = jnp.linalg.norm(square) / jnp.maximum(jnp.trace(square), 1e-30)
    share = jnp.maximum(share, 1 / sqrt(len(square)))
    x, square = x / jnp.sqrt(share), square / share
    # factors are polynomials of the small matrix x x': the wide one is met once more, at the end
    one, factors = jnp.eye(len(square), dtype=x.dtype), None
    for a, b, c in _POLYNOMIALS:
        factor = a * one + b * square + c * square @ square
        factors = factor if factors is None else factor @ factors
        square = factor @ square @ factor
    x = factors @ x
    return 0.2 * sqrt(max(x.shape)) * (x.T if tall else x)
