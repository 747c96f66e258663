"""
=========================================
Validation samples of your own in a pipeline
=========================================

An autoencoder stops early by looking at samples that it does not train on. By default it holds some of
its training samples back; samples of your own go to ``fit(X, X_val=...)``.

Inside a pipeline there is a trap: ``X_val`` would reach the autoencoder as it is, while ``X`` has
been scaled by the steps before. ``Pipeline(transform_input=["X_val"])`` sends ``X_val`` through the
same steps.
"""

# %%
# Ask for ``X_val`` to be passed on
# ---------------------------------
# scikit-learn passes extra arguments of ``fit`` to the steps that ask for them, once metadata
# routing is switched on.

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
    """Scale, then encode; the autoencoder asks for ``X_val``."""
    autoencoder = AutoencoderTransformer(5, early_stopping=True, random_state=0)
    return Pipeline(
        [("scale", StandardScaler()), ("encode", autoencoder.set_fit_request(X_val=True))],
        transform_input=transform_input,
    )


with sklearn.config_context(enable_metadata_routing=True):
    right = make_pipe(["X_val"]).fit(X_train, X_val=X_val)
    wrong = make_pipe(None).fit(X_train, X_val=X_val)

# %%
# What it changes
# ---------------
# Where ``X_val`` was scaled, the loss on it is near the training loss, and training stops where it
# is lowest. Where it was not, the autoencoder looked at samples of another size altogether.


def describe(name, pipe):
    """Print one line: losses at the epoch that was kept, and the held-out score."""
    encode = pipe["encode"]
    validation_loss = np.min(encode.history_["validation_loss"])
    score = encode.score(pipe["scale"].transform(X_test))
    print(
        f"{name:<32}{validation_loss:>16.4g}{encode.best_iter_:>12}{encode.n_iter_:>8}{score:>12.4f}"
    )


print(f"{'X_val':<32}{'validation loss':>16}{'best epoch':>12}{'epochs':>8}{'test score':>12}")
describe("scaled with X (transform_input)", right)
describe("as it came", wrong)
