"""Where a training run begins: weights, state of the optimizer, and the state of the loop."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from skae.core.compile.shapes import output_shapes
from skae.core.training.loop import Blocks, Recipe, State, metrics, trainable

__all__ = ["Initial"]


@dataclass(frozen=True)
class Initial:
    """Weights, leaves of the optimizer's state (None: its initial state) and optimizer step."""

    params: Any
    optimizer_state: list[np.ndarray] | None = None
    step: int = 0

    def moments(self, recipe: Recipe) -> list[np.ndarray]:
        """The leaves of the optimizer's state."""
        if self.optimizer_state is not None:
            return self.optimizer_state
        state = recipe.optimizer.initial_state(trainable(self.params))
        return [np.array(leaf) for leaf in jax.tree.leaves(state)]

    def state(self, recipe: Recipe, blocks: Blocks, hyperparameters, key_data) -> State:
        """The loop's state before the first step, in NumPy; nothing is compiled.

        `blocks` have the shapes of all blocks; their content is not used.
        """
        structure = jax.tree.structure(recipe.optimizer.initial_state(trainable(self.params)))
        names = sorted(output_shapes(metrics, recipe, (self.params, blocks, hyperparameters)))
        zero = np.float32(0)
        return State(
            params=self.params,
            optimizer_state=jax.tree.unflatten(structure, self.moments(recipe)),
            best_params=self.params,
            best_loss=np.float32(np.inf),
            best_step=np.int32(self.step),
            reference_loss=np.float32(np.inf),
            since_best=np.int32(0),
            step=np.int32(self.step),
            stopped=np.bool_(False),
            diverged=np.bool_(False),
            key_data=key_data,
            sums={"loss": zero, "samples": zero, "metrics": dict.fromkeys(names, zero)},
        )
