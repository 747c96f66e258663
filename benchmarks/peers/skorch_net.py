"""skorch: PyTorch with scikit-learn's interface."""

import torch
from skorch import NeuralNetRegressor
from skorch.callbacks import Callback
from torch import nn

from peers.torch_eager import n_encoding, network

PACKAGES = ("skorch", "torch")
TICKS = True
LOSSES = {"cross_entropy": nn.BCEWithLogitsLoss, "squared_error": nn.MSELoss}


class Clock(Callback):
    def __init__(self, after_epoch):
        self.after_epoch = after_epoch

    def on_epoch_end(self, net, **_):
        self.after_epoch()


class Module(nn.Module):
    """Module class, which skorch instantiates for each fit."""

    def __init__(self, task):
        super().__init__()
        self.layers = network(task)

    def forward(self, x):
        return self.layers(x)


def estimator(task, callbacks=None):
    return NeuralNetRegressor(
        Module,
        module__task=task,
        criterion=LOSSES[task.loss],
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=task.rate,
        batch_size=task.batch,
        max_epochs=task.epochs,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=callbacks,
        verbose=0,
    )


def fit(X, task, after_epoch):
    torch.manual_seed(0)
    net = estimator(task, [("clock", Clock(after_epoch))]).fit(X, X)
    encoder = net.module_.layers[: n_encoding(task)]

    @torch.no_grad()
    def codes(X):
        return encoder(torch.from_numpy(X)).numpy()

    return codes


def searched(task):
    """Estimator, whether fit needs X as targets, and names of learning rate and weight decay."""
    return estimator(task), True, ("lr", "optimizer__weight_decay")
