"""Portable functions: a method of a fitted estimator as a pure JAX function."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np

__all__ = ["Portable"]


@dataclass(frozen=True)
class Portable:
    """A pure function with its weights bound, and the number of features of its input.

    ``function(X)`` accepts float32 samples of shape (n_samples, width) and returns an array whose
    first axis is the samples. It is traced with a symbolic number of samples, so it must not depend
    on this number.
    """

    function: Callable
    width: int

    @property
    def samples(self) -> jax.ShapeDtypeStruct:
        """Shape and dtype of the input for tracing, with a symbolic number of samples."""
        from jax import export

        (n_samples,) = export.symbolic_shape("n_samples")
        return jax.ShapeDtypeStruct((n_samples, self.width), np.float32)
