"""PyOD's AutoEncoder (PyTorch), without the batch normalization and dropout of its defaults."""

from pyod.models.auto_encoder import AutoEncoder

PACKAGES = ("pyod", "torch")


def fit(X, task, after_epoch):
    del after_epoch
    AutoEncoder(
        lr=task.rate,
        epoch_num=task.epochs,
        batch_size=task.batch,
        hidden_neuron_list=list(task.widths[1:]),
        batch_norm=False,
        dropout_rate=0.0,
        preprocessing=False,
        optimizer_params={},
        verbose=0,
    ).fit(X)
