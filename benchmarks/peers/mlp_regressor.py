"""scikit-learn's MLPRegressor on (X, X): squared error, relu at its codes too."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

PACKAGES = ("scikit-learn",)
# it says of every fit that it reached max_iter, as it should here
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
        raise RuntimeError(f"asked for {task.epochs} epochs, {model.n_iter_} were run")

    def codes(X):
        for matrix, bias in list(zip(model.coefs_, model.intercepts_, strict=True))[
            : len(task.widths) - 1
        ]:
            X = np.maximum(X @ matrix + bias, 0)
        return X

    return codes


def searched(task):
    """An estimator, whether its fit takes X as its targets, and the names of rate and penalty."""
    return estimator(task), True, ("learning_rate_init", "alpha")
