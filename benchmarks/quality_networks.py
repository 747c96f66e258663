"""Quality rows 3 and 4: convolutional and recurrent autoencoders."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from registry import Seeds, error_on, fashion, logger, row, timed_fit
from targets import Result, median_result

from skae import ConvolutionalAutoencoder, RecurrentAutoencoder

# All other parameters have their defaults.
CONVOLUTIONAL = {"n_components": 30, "channels": (16, 32, 64), "max_iter": 10}
RECURRENT = {"n_components": 30, "hidden_sizes": (100,), "max_iter": 10}


def runs(cls, seeds: Seeds, **parameters) -> list[tuple[float, float, int]]:
    """Fit with each seed; return the error on "val", the seconds and the epochs of each fit."""
    X, X_val = fashion()
    fits = []
    for seed in seeds:
        model = cls(random_state=seed, **parameters)
        seconds = timed_fit(model, X)
        fits.append((error_on(model, X_val), seconds, model.n_iter_))
        logger.info("%s, seed %d: val MSE %.5f, %.1f s, %d epochs", cls.__name__, seed, *fits[-1])
    return fits


def results(name: str, fits, target: float, time_limit: float) -> Iterator[Result]:
    errors = [(error, seconds) for error, seconds, _ in fits]
    yield median_result(f"{name}, val MSE", errors, target, time_limit=time_limit)
    seconds = median(seconds for _, seconds, _ in fits)
    yield Result(f"{name}, epochs", max(epochs for *_, epochs in fits), 10, seconds)


@row("3")
def convolutional(seeds: Seeds) -> Iterator[Result]:
    fits = runs(ConvolutionalAutoencoder, seeds, image_shape=(28, 28), **CONVOLUTIONAL)
    yield from results("3 convolutional 16-32-64, 30", fits, 0.0108, 300)


@row("4")
def recurrent(seeds: Seeds) -> Iterator[Result]:
    fits = runs(RecurrentAutoencoder, seeds, sequence_shape=(28, 28), **RECURRENT)
    yield from results("4 recurrent LSTM 100-30-100", fits, 0.0100, 180)
