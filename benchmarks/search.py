"""Grid search over float parameters on digits, compared with scikit-learn's MLPRegressor.

usage: search.py

36 candidates x 3 folds. Both estimators search the same grid with the same network: 64-32-10-32-64,
relu, random initial weights, Adam, 50 epochs, batches of 128 samples, no early stopping. They run
one after the other in one process. The compilations of the autoencoder are counted: the target for
the whole search is the number of compilations of one fit and one score in a new process.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter

import numpy as np
from compilations import counted_compilations
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from targets import Result, report

from skae import AutoencoderTransformer

EPOCHS = 50
BATCH = 128
RATES = np.geomspace(3e-4, 1e-2, 6).tolist()
PENALTIES = np.geomspace(1e-6, 1e-2, 6).tolist()


def digits() -> np.ndarray:
    return load_digits().data / 16


def autoencoder() -> AutoencoderTransformer:
    return AutoencoderTransformer(
        10,
        hidden_layer_sizes=(32,),
        activation="relu",
        init="random",
        optimizer="adam",
        learning_rate_schedule="constant",
        batch_size=BATCH,
        max_iter=EPOCHS,
        early_stopping=False,
        random_state=0,
    )


def regressor() -> MLPRegressor:
    return MLPRegressor(
        hidden_layer_sizes=(32, 10, 32),
        batch_size=BATCH,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS + 1,
        random_state=0,
    )


def one_fit_and_score() -> int:
    """Return the number of compilations of one fit and one score; runs in a new process."""
    X = digits()
    with counted_compilations() as compiled:
        autoencoder().fit(X).score(X)
    return len(compiled)


def timed_search(model, rate_name: str, targets: tuple) -> tuple[GridSearchCV, float]:
    search = GridSearchCV(model, {rate_name: RATES, "alpha": PENALTIES}, cv=3, error_score="raise")
    start = perf_counter()
    with warnings.catch_warnings():
        # MLPRegressor warns that it reached max_iter in every fit, which is intended here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(*targets)
    return search, perf_counter() - start


def measure() -> Iterator[Result]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        allowed = process.submit(one_fit_and_score).result()
    X = digits()
    with counted_compilations() as compiled:
        search, seconds = timed_search(autoencoder(), "learning_rate", (X,))
    theirs, their_seconds = timed_search(regressor(), "learning_rate_init", (X, X))
    epochs = (search.best_estimator_.n_iter_, theirs.best_estimator_.n_iter_)
    if epochs != (EPOCHS, EPOCHS):
        raise RuntimeError(f"both estimators must train for {EPOCHS} epochs, not {epochs}")
    yield Result("search: compilations", len(compiled), allowed, seconds)
    yield Result(
        f"search: time / MLPRegressor ({their_seconds:.1f} s)",
        seconds / their_seconds,
        0.5,
        seconds,
    )


if __name__ == "__main__":
    sys.exit(report(measure()))
