"""Type aliases of public signatures."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ArrayLike", "FloatArray", "IntArray", "MatrixLike", "RandomState"]

#: an array-like, a pandas or polars data frame, or a CSR matrix
MatrixLike: TypeAlias = Any
FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.integer[Any]]
RandomState: TypeAlias = int | np.random.RandomState | None
