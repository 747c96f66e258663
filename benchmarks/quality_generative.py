"""Row "samples": generated digits of the generative stochastic network.

A two-sample test measures whether generated digits can be distinguished from held-out digits, and
the distance to the training set measures whether they are copies of training digits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from registry import Seeds, logger, row, timed_fit
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors
from targets import Result, median_result

from skae import GenerativeStochasticNetwork

SETTING = {"hidden_layer_sizes": (512,), "max_iter": 100}
N_SAMPLES, N_STEPS = 450, 150


def two_sample_accuracy(generated, held_out) -> float:
    """Leave-one-out accuracy of a 1-NN classifier, generated or held out; 1/2 is ideal."""
    both = np.concatenate([generated, held_out])
    is_generated = np.arange(len(both)) < len(generated)
    nearest = NearestNeighbors(n_neighbors=2).fit(both).kneighbors(both)[1][:, 1]
    return float(np.mean(is_generated[nearest] == is_generated))


def distance_to_training(X, X_train) -> float:
    """Median distance to the nearest training sample."""
    return float(np.median(NearestNeighbors(n_neighbors=1).fit(X_train).kneighbors(X)[0]))


@row("samples")
def samples_of_digits(seeds: Seeds) -> Iterator[Result]:
    X, _ = load_digits(return_X_y=True)
    accuracies, distances = [], []
    for seed in seeds:
        X_train, X_test = train_test_split(X, test_size=N_SAMPLES, random_state=seed)
        model = GenerativeStochasticNetwork(16, random_state=seed, **SETTING)
        seconds = timed_fit(model, X_train)
        samples = model.sample(N_SAMPLES, N_STEPS, random_state=seed)
        accuracies.append((two_sample_accuracy(samples, X_test), seconds))
        ratio = distance_to_training(samples, X_train) / distance_to_training(X_test, X_train)
        distances.append((ratio, seconds))
        logger.info(
            "samples, seed %d: 1-NN accuracy %.3f, distance ratio %.3f, %.1f s",
            *(seed, accuracies[-1][0], ratio, seconds),
        )
    yield median_result("GSN samples, digits, 1-NN accuracy", accuracies, 0.70)
    name = "GSN samples, distance to training / held-out"
    yield median_result(name, distances, 0.8, higher_is_better=True)
