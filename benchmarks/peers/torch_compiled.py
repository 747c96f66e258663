"""PyTorch with a compiled network (`torch.compile`) and the eager training loop."""

from peers import torch_eager

PACKAGES = ("torch",)
TICKS = True


def fit(X, task, after_epoch):
    return torch_eager.fit(X, task, after_epoch, compiled=True)
