"""
============================
Validation set in a pipeline
============================

Early stopping monitors the loss on a validation set. By default, the autoencoder splits the
validation set off its training samples; pass your own as ``fit(X, X_val=...)``.

In a pipeline, ``X_val`` must be transformed by the same steps as ``X``. By default a pipeline
passes ``X_val`` to the autoencoder untransformed, while ``X`` has been scaled by the previous
steps. ``Pipeline(transform_input=["X_val"])`` transforms ``X_val`` as well.
"""

# %%
# Metadata routing
# ----------------
# With metadata routing enabled, scikit-learn passes additional arguments of ``fit`` to the steps
# that request them.

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer

X, y = load_breast_cancer(return_X_y=True)
X_train, X_rest = train_test_split(X, test_size=0.4, random_state=0)
X_val, X_test = train_test_split(X_rest, test_size=0.5, random_state=0)


def make_pipe(transform_input):
    """A scaler and an autoencoder that requests ``X_val``."""
    autoencoder = AutoencoderTransformer(5, early_stopping=True, random_state=0)
    return Pipeline(
        [("scale", StandardScaler()), ("encode", autoencoder.set_fit_request(X_val=True))],
        transform_input=transform_input,
    )


with sklearn.config_context(enable_metadata_routing=True):
    right = make_pipe(["X_val"]).fit(X_train, X_val=X_val)
    wrong = make_pipe(None).fit(X_train, X_val=X_val)

# %%
# Effect on early stopping
# ------------------------
# With a scaled ``X_val``, the validation loss is close to the training loss, and the best epoch is
# the one with the lowest validation loss. With an unscaled ``X_val``, the validation loss is
# computed on samples of a different scale and is meaningless.


def report(name, pipe):
    """Print the lowest validation loss, the best epoch, the number of epochs and the test score."""
    model = pipe["encode"]
    loss = np.min(model.history_["validation_loss"])
    score = model.score(pipe["scale"].transform(X_test))
    print(f"{name:<26}{loss:>16.4g}{model.best_iter_:>12}{model.n_iter_:>8}{score:>12.4f}")


print(f"{'X_val':<26}{'validation loss':>16}{'best epoch':>12}{'epochs':>8}{'test score':>12}")
report("scaled (transform_input)", right)
report("not scaled", wrong)
