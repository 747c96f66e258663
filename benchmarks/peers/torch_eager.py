"""PyTorch as in its tutorials: modules, a training loop, and fused Adam."""

import numpy as np
import torch
from torch import nn

PACKAGES = ("torch",)
TICKS = True
LOSSES = {
    "cross_entropy": nn.functional.binary_cross_entropy_with_logits,
    "squared_error": nn.functional.mse_loss,
}


def network(task):
    layers, linear = [], task.linear_layers()
    for index, (n_in, n_out) in enumerate(zip(task.layers, task.layers[1:], strict=False)):
        layers += [nn.Linear(n_in, n_out), *([] if index in linear else [nn.ReLU()])]
    return nn.Sequential(*layers)


def n_encoding(task):
    """Number of modules of the encoder, whose last layer has no activation."""
    return 2 * (len(task.widths) - 1) - 1


def train(step, X, task, after_epoch):
    for _ in range(task.epochs):
        for batch in torch.randperm(len(X), device=X.device).split(task.batch):
            step(X[batch])
        if X.is_cuda:
            torch.cuda.synchronize()
        after_epoch()


def fit(X, task, after_epoch, compiled=False):
    torch.manual_seed(0)
    # On a GPU, float32 products may use TF32, as JAX's do.
    torch.set_float32_matmul_precision("highest" if task.precision == "float32" else "high")
    device = "cuda" if task.device == "gpu" else "cpu"
    net, loss_of = network(task).to(device), LOSSES[task.loss]
    optimizer = torch.optim.Adam(net.parameters(), lr=task.rate, fused=True)
    run = torch.compile(net) if compiled else net

    def step(x):
        loss = loss_of(run(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    train(step, torch.from_numpy(X).to(device), task, after_epoch)
    encoder = net[: n_encoding(task)]

    @torch.no_grad()
    def codes(X):
        return encoder(torch.from_numpy(np.asarray(X)).to(device)).cpu().numpy()

    return codes
