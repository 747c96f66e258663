"""PyTorch with the network compiled; the loop is the eager one's."""

from peers import torch_eager

PACKAGES = ("torch",)
TICKS = True


def fit(X, task, after_epoch):
    return torch_eager.fit(X, task, after_epoch, compiled=True)
