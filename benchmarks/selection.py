"""Time that cross-validation inside the fit takes, relative to a fit without it.

usage: selection.py [--samples 300] [--repeats 3]

Below 2,000 samples a fit selects the number of epochs by cross-validation. Its time is divided by
that of a fit of all epochs to the same samples (``early_stopping=False``), both without
compilation. On image patches of many features no epoch improves on PCA, so the folds end early; on
digits and on breast cancer they run to the end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from time import perf_counter

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_sample_images
from sklearn.preprocessing import StandardScaler
from targets import Result, median_result, report

from skae import AutoencoderTransformer

#: Largest time of the selection relative to a fit without it.
TARGET = 3.0


def patches(n_samples: int, height: int, width: int) -> np.ndarray:
    """Gray patches from random places of two photographs."""
    rng = np.random.default_rng(0)
    images = [image.mean(axis=2) for image in load_sample_images().images]
    found = []
    for _ in range(n_samples):
        image = images[rng.integers(len(images))]
        i = rng.integers(image.shape[0] - height)
        j = rng.integers(image.shape[1] - width)
        found.append(image[i : i + height, j : j + width].ravel())
    return np.array(found)


def relative_time(X: np.ndarray, seed: int) -> tuple[float, float]:
    """Return the time of the selection relative to a fit without it, and the seconds of both."""
    start = perf_counter()
    times = [
        AutoencoderTransformer(8, early_stopping=early_stopping, random_state=seed).fit(X).fit_time_
        for early_stopping in (True, False)
    ]
    without = times[1]["total"] - times[1]["compile"]
    return times[0]["select"] / without, perf_counter() - start


def measure(n_samples: int, repeats: int) -> Iterator[Result]:
    samples = {
        "patches, 2,576 features": patches(n_samples, 46, 56),
        "patches, 12,288 features": patches(n_samples, 96, 128),
        "digits": load_digits().data[:n_samples],
        "breast cancer": StandardScaler().fit_transform(load_breast_cancer().data),
    }
    for name, X in samples.items():
        runs = [relative_time(X, seed) for seed in range(repeats)]
        yield median_result(f"selection of epochs: {name}", runs, TARGET)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    sys.exit(report(measure(options.samples, options.repeats)))
