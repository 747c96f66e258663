"""An encoder's body with the dense layer that makes codes of what it gives."""

import flax.linen as nn

__all__ = ["WithHead"]


class WithHead(nn.Module):
    """A body from (samples, features) to any shape, flattened, then a dense layer of `width`."""

    body: nn.Module
    width: int

    @nn.compact
    def __call__(self, x):
        """What the dense layer gives for samples `x`, of shape (samples, width)."""
        hidden = self.body(x)
        return nn.Dense(self.width, name="head")(hidden.reshape(x.shape[0], -1))
