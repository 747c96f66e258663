"""Muon: steps of equal length in every direction of a matrix, for those between hidden layers."""

from math import sqrt

import jax
import jax.numpy as jnp
import optax

__all__ = ["muon", "orthogonalized"]

# of a x + b x^3 + c x^5, turn by turn: nearest to 1 on [.03, 1], then on what the first makes of it
_POLYNOMIALS = ((7.3625, -20.7434, 15.1606), (2.9175, -2.1824, 0.4755))


def muon(learning_rate, n_features: int | None = None, eps: float = 1e-8):
    """Muon for matrices between hidden layers (Jordan et al. 2024), NAdam for all other weights.

    A matrix moves by its gradients' running sum with all singular values made about 1, times
    ``0.2 * sqrt(its larger side)``, so that a cell moves as far as Adam would move it and the same
    learning rates do (Liu et al. 2025, arXiv:2502.16982). Matrices that look at samples or make them
    (a side of `n_features`) are too wide for it to pay, and move by NAdam, as do biases,
    convolutions and the gates of cells.
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
    """The nearest matrix with orthonormal samples or columns, roughly, times 0.2 sqrt(larger side).

    Singular values above .03 of (the sum of their fourth powers)^(1/4), at least the largest, end
    between .62 and 1.38; smaller ones grow twentyfold, and all stay small where cells are not far
    above `eps`, as rounding noise is. Two turns of Newton and Schulz, each with the polynomial that
    is best for it (Amsel et al. 2025, The Polar Express, arXiv:2505.16932).
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
