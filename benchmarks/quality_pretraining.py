"""Quality row 9: a classifier of few labels, pretrained on unlabeled rows; and supervised codes.

Both sides are the same net, 784-500-10: the lower layer of a denoising 784-500-200 autoencoder, or
the same from random weights, which does better with it than with both layers (.808 to .801 with
500 labels, .717 to .715 with 100, each at its best dropout, on the last 5,000 training rows).
Weight decay and dropout are chosen for both by 3-fold cross-validation on the labeled rows. Depth,
pretraining and learning rates are fixed: the rate of the pretrained side is the shipped one, all
else did best on training rows that were not used otherwise. Draws hold the same number of labels a
class.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter

import numpy as np
from bars import Bar
from quality_hashing import N_QUERIES, precisions
from registry import Seeds, logger, row, timed_fit
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skae import DenoisingAutoencoder, PretrainedClassifier, SemanticHasher
from skae.datasets import load_fashion_mnist

N_DRAWS = 10
#: Bars by number of labels: accuracy, and points above the net from scratch.
BARS: dict[int, tuple[float | None, float]] = {500: (0.800, 0.010), 100: (None, 0.020)}

NETWORK = {"hidden_layer_sizes": (500,), "init": "random", "code_activation": "relu"}
DENOISING = {
    "noise": "masking",
    "noise_level": 0.7,
    "learning_rate": 3e-3,
    "max_iter": 120,
    "early_stopping": False,
}
GRID = {"alpha": [0.0, 0.001], "dropout": [0.0, 0.5, 0.8]}


def draw(y, n_labels: int, seed: int) -> np.ndarray:
    """Places of as many labels of each class."""
    rng = np.random.default_rng(seed)
    classes = np.unique(y)
    each = n_labels // len(classes)
    return np.concatenate([rng.permutation(np.flatnonzero(y == k))[:each] for k in classes])


def search(autoencoder, seed: int, **parameters) -> GridSearchCV:
    """Choose weight decay and dropout by cross-validation."""
    model = PretrainedClassifier(
        autoencoder, n_layers=1, prefit=True, random_state=seed, **parameters
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    return GridSearchCV(model, GRID, cv=folds, error_score="raise")


@row("9")
def few_labels(seeds: Seeds) -> Iterator[Bar]:
    X, y = load_fashion_mnist(return_X_y=True)
    X_test, y_test = load_fashion_mnist(split="test", return_X_y=True)
    pretrained, untrained, times = [], [], []
    for seed in seeds:
        model = DenoisingAutoencoder(200, random_state=seed, **NETWORK, **DENOISING)
        times.append(timed_fit(model, X))
        pretrained.append(model)
        start = DenoisingAutoencoder(200, random_state=seed, max_iter=0, **NETWORK)
        untrained.append(start.fit(X))
    for n_labels, (wanted, gain) in BARS.items():
        ours, theirs, seconds = [], [], []
        for i in range(N_DRAWS):
            some, which = draw(y, n_labels, i), i % len(seeds)
            begin = perf_counter()
            mine = search(pretrained[which], i).fit(X[some], y[some])
            seconds.append(perf_counter() - begin)
            scratch = search(untrained[which], i, learning_rate=1e-3)
            scratch.fit(X[some], y[some])
            ours.append(mine.score(X_test, y_test))
            theirs.append(scratch.score(X_test, y_test))
            logger.info(
                "row 9, %d labels, draw %d: %.4f %s; from scratch %.4f %s; search %.0f s",
                *(n_labels, i, ours[-1], mine.best_params_, theirs[-1], scratch.best_params_),
                seconds[-1],
            )
        spent = float(np.mean(times) + np.mean(seconds))
        mean, other = np.mean(ours), np.mean(theirs)
        if wanted is not None:
            yield Bar(f"9 {n_labels} labels, accuracy", mean, wanted, spent, higher_is_better=True)
        name = f"9 {n_labels} labels, {mean:.4f} - scratch {other:.4f}"
        yield Bar(name, mean - other, gain, spent, higher_is_better=True)


@row("9 codes")
def supervised_codes(seeds: Seeds) -> Iterator[Bar]:
    """mAP of 32 bits that know all labels, beside the hasher that they begin with."""
    X, y = load_fashion_mnist(return_X_y=True)
    X_test, y_test = load_fashion_mnist(split="test", return_X_y=True)
    queries, y_queries = X_test[:N_QUERIES], y_test[:N_QUERIES]
    runs: dict[str, list[tuple[float, float]]] = {"hasher": [], "labels": []}
    times = []
    for seed in seeds:
        hasher = SemanticHasher(32, random_state=seed).fit(X)
        begin = perf_counter()
        model = PretrainedClassifier(hasher, prefit=True, learning_rate=1e-3, random_state=seed)
        model.fit(X, y)
        times.append(perf_counter() - begin)
        runs["hasher"].append(
            precisions(hasher.transform(X), y, hasher.transform(queries), y_queries)
        )
        codes = [model.hash(rows, packed=False) for rows in (X, queries)]
        runs["labels"].append(precisions(codes[0], y, codes[1], y_queries))
        logger.info(
            "row 9 codes, seed %d: hasher %.4f, %.4f; labels %.4f, %.4f; accuracy %.4f; %.0f s",
            *(seed, *runs["hasher"][-1], *runs["labels"][-1], model.score(X_test, y_test)),
            times[-1],
        )
    for i, measure in enumerate(("mAP@1000", "mAP, all rows")):
        mine, other = (median(values[i] for values in runs[side]) for side in ("labels", "hasher"))
        name = f"9 codes, {measure} (unsupervised {other:.3f})"
        yield Bar(name, mine, other + 0.1, median(times), higher_is_better=True)
