"""Muon: steps of equal length in every direction of a matrix, for those between hidden layers."""

from math import sqrt

import jax
import jax.numpy as jnp
import optax

__all__ = ["muon", "orthogonalized"]

# of the polynomial a x + b x^3 + c x^5, which moves all of (0, 1] to about 1 in a few turns
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_N_TURNS = 5


def muon(learning_rate, n_features: int | None = None, eps: float = 1e-8):
    """Muon for matrices between hidden layers (Jordan et al. 2024), NAdam for all other weights.

    A matrix moves by its gradients' running sum with all singular values made about 1, times
    ``0.2 * sqrt(its larger side)``, so that a cell moves as far as Adam would move it and the same
    learning rates do (Liu et al. 2025, arXiv:2502.16982). Matrices that look at rows or make them
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
    """The nearest matrix with orthonormal rows or columns, roughly, times 0.2 sqrt(larger side).

    Singular values end between .7 and 1.2 by a polynomial of the matrix (Newton and Schulz), and
    stay small where all cells are not far above `eps`, as rounding noise is.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (jnp.linalg.norm(x) + 10.0 * eps * sqrt(x.size))
    a, b, c = _COEFFICIENTS
    for _ in range(_N_TURNS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return 0.2 * sqrt(max(x.shape)) * (x.T if tall else x)
