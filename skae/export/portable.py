"""What an estimator computes, as a pure function of JAX that knows nothing of estimators."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np

__all__ = ["Portable"]


@dataclass(frozen=True)
class Portable:
    """A pure function with its weights inside, and the length of the samples that it takes.

    ``function(X)`` takes float32 samples of shape (n, width), and gives an array whose first axis is
    the samples. It must not look at their number.
    """

    function: Callable
    width: int

    @property
    def samples(self) -> jax.ShapeDtypeStruct:
        """What stands for samples while the function is traced: their number is left open."""
        from jax import export

        (n_samples,) = export.symbolic_shape("n_samples")
        return jax.ShapeDtypeStruct((n_samples, self.width), np.float32)
