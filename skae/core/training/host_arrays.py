"""Arrays on the host: copies from a device, and a check of those that a checkpoint holds."""

from typing import Any

import jax
import numpy as np

__all__ = ["check_same_shapes", "to_host"]


def to_host(leaf: Any) -> np.ndarray:
    """An array on the host; its memory on the device is freed."""
    if isinstance(leaf, np.ndarray | np.generic):
        return np.asarray(leaf)
    array = np.array(leaf)
    leaf.delete()
    return array


def check_same_shapes(expected: Any, stored: Any) -> None:
    """Refuse arrays of a made-up checkpoint, which programs would raise obscure errors for."""
    shapes = [jax.tree.map(np.shape, tree) for tree in (expected, stored)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "The checkpoint is invalid: its arrays do not fit the network of this fit. Pass "
            "another path as checkpoint, or remove the file."
        )
