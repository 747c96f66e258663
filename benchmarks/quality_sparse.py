"""Quality rows 6 and 10: sparse codes, and what they are good for; no unit of them dead."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
from bars import Bar, median_bar
from registry import SECONDS_A_SEED, Seeds, error_on, fashion, logger, row, timed_fit
from scipy.ndimage import shift
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline

from skae import AutoencoderTransformer, SparseAutoencoder, WinnerTakeAllAutoencoder

# ---- row 6: 784-100-300-100-784

DEEP = {
    "hidden_layer_sizes": (100,),
    "learning_rate": 3e-3,
    "batch_size": 64,
    "max_iter": 18,
    "early_stopping": False,
}
#: What is published has 1e-4 times the sum over units, divided by its batch of 32.
L1_WEIGHT = 1e-4 / 32


@row("6")
def sparse(seeds: Seeds) -> Iterator[Bar]:
    yield from l1(seeds)
    yield from kl(seeds)


def l1(seeds: Seeds) -> Iterator[Bar]:
    X, X_val = fashion()
    # the weight is that of errors in X's units; skae's are in units of the data's spread
    weight = L1_WEIGHT / float(np.var(X - X.mean(axis=0), dtype=np.float64))
    runs = []
    for seed in seeds:
        model = SparseAutoencoder(
            300, penalty="l1", sparsity_weight=weight, code_activation="logistic",
            random_state=seed, **DEEP,
        )  # fmt: skip
        seconds = timed_fit(model, X)
        error = error_on(model, X_val)
        penalty = L1_WEIGHT * float(np.abs(model.transform(X_val)).sum(axis=1).mean())
        logger.info("l1, seed %d: val MSE %.5f, penalty %.5f", seed, error, penalty)
        runs.append((error + penalty, seconds))
    yield median_bar("6 L1, val MSE + penalty", runs, 0.0105, within=SECONDS_A_SEED)


def kl(seeds: Seeds) -> Iterator[Bar]:
    X, X_val = fashion()
    plain, errors, means, shares, changes = [], [], [], [], []
    for seed in seeds:
        model = AutoencoderTransformer(
            300, code_activation="logistic", init="random", random_state=seed, **DEEP
        )
        timed_fit(model, X)
        plain.append((error_on(model, X_val), share_of_small_codes(model, X_val)))
        model = SparseAutoencoder(300, random_state=seed, **DEEP)
        seconds = timed_fit(model, X)
        errors.append((error_on(model, X_val), seconds))
        means.append((abs(float(model.transform(X_val).mean()) - 0.1), seconds))
        share = share_of_small_codes(model, X_val)
        shares.append((share / plain[-1][1], seconds))
        changes.append((errors[-1][0] / plain[-1][0], seconds))
        logger.info(
            "kl, seed %d: val MSE %.5f (plain %.5f), distance of the mean %.4f, small codes %.3f "
            "(plain %.3f)", seed, errors[-1][0], plain[-1][0], means[-1][0], share, plain[-1][1],
        )  # fmt: skip
    yield median_bar("6 KL, val MSE", errors, 0.0095, within=SECONDS_A_SEED)
    yield median_bar("6 KL, mean activation's distance from .10", means, 0.01)
    yield median_bar("6 KL, small codes / plain's", shares, 5, higher_is_better=True)
    yield median_bar("6 KL, val MSE / plain's", changes, 1.15)


def share_of_small_codes(model, X) -> float:
    """Share of codes below a hundredth of their unit's 99th percentile."""
    codes = model.transform(X)
    return float(np.mean(codes < 0.01 * np.quantile(codes, 0.99, axis=0)))


# ---- winner-take-all: no dead units


@row("winners")
def no_dead_units(seeds: Seeds) -> Iterator[Bar]:
    X, _ = fashion()
    dead = []
    for seed in seeds:
        model = WinnerTakeAllAutoencoder(
            500, hidden_layer_sizes=(), sparsity_rate=0.05, batch_size=100, max_iter=5,
            early_stopping=False, random_state=seed,
        )  # fmt: skip
        seconds = timed_fit(model, X)
        dead.append((len(model.dead_units_), seconds))
    most, seconds = max(dead)
    yield Bar("winner-take-all, dead units of 500", most, 0, seconds)


# ---- row 10: features for a linear model

FEATURES = {
    "n_components": 100,
    "hidden_layer_sizes": (256,),
    "sparsity_rate": 0.05,
    "batch_size": 128,
    "max_iter": 100,
    "early_stopping": False,
}


def nudged_digits():
    """Each digit, and its copies moved by one pixel up, down, left and right: 8,985 rows."""
    X, y = load_digits(return_X_y=True)
    images = X.reshape(-1, 8, 8) / 16
    moves = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]
    copies = [shift(images, (0, *move), order=0, mode="constant") for move in moves]
    X = np.concatenate(copies).reshape(-1, 64)
    return X, np.tile(y, 5), np.tile(np.arange(len(y)), 5)


def accuracy_of(features, X, y, split) -> tuple[float, float]:
    """Test accuracy of a converged logistic regression on features, and the seconds to fit."""
    train, test = split
    seconds = timed_fit(features, X[train]) if features is not None else 0.0
    code = features.transform if features is not None else np.asarray
    codes, spread = code(X[train]), code(X[train]).std()
    classifier = LogisticRegression(max_iter=5000).fit(codes / spread, y[train])
    return float(classifier.score(code(X[test]) / spread, y[test])), seconds


@row("10")
def features_for_a_linear_model(seeds: Seeds) -> Iterator[Bar]:
    X, y, image = nudged_digits()
    splitters = {
        "10 accuracy": ShuffleSplit(1, test_size=0.2, random_state=0),
        "10 accuracy, split by image": GroupShuffleSplit(1, test_size=0.2, random_state=0),
    }
    for name, splitter in splitters.items():
        split = next(splitter.split(X, y, image))
        raw, _ = accuracy_of(None, X, y, split)
        rbm = BernoulliRBM(100, learning_rate=0.06, n_iter=20, random_state=0)
        boltzmann, _ = accuracy_of(make_pipeline(rbm), X, y, split)
        logger.info("%s: raw pixels %.4f, BernoulliRBM %.4f", name, raw, boltzmann)
        runs = [
            accuracy_of(WinnerTakeAllAutoencoder(random_state=seed, **FEATURES), X, y, split)
            for seed in seeds
        ]
        bar = 0.95 if name == "10 accuracy" else max(raw, boltzmann)
        yield median_bar(name, runs, bar, higher_is_better=True)
        logger.info("%s: %s", name, median(value for value, _ in runs))
