"""scikit-learn's MLPRegressor on (X, X): squared error, and relu also at the codes."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

PACKAGES = ("scikit-learn",)
# It warns that it reached max_iter in every fit, which is intended here.
warnings.simplefilter("ignore", ConvergenceWarning)


def estimator(task):
    return MLPRegressor(
        hidden_layer_sizes=task.layers[1:-1],
        learning_rate_init=task.rate,
        alpha=0.0,
        batch_size=task.batch,
        max_iter=task.epochs,
        n_iter_no_change=task.epochs + 1,
        random_state=0,
    )


def fit(X, task, after_epoch):
    del after_epoch
    model = estimator(task).fit(X, X)
    if model.n_iter_ != task.epochs:
        raise RuntimeError(f"expected {task.epochs} epochs, got {model.n_iter_}")

    def codes(X):
        for matrix, bias in list(zip(model.coefs_, model.intercepts_, strict=True))[
            : len(task.widths) - 1
        ]:
            X = np.maximum(X @ matrix + bias, 0)
        return X

    return codes


def searched(task):
    """Estimator, whether fit needs X as targets, and names of learning rate and weight decay."""
    return estimator(task), True, ("learning_rate_init", "alpha")
