"""Quality rows 3 and 4: convolutional and recurrent, as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from bars import Bar, median_bar
from registry import Seeds, error_on, fashion, logger, row, timed_fit

from skae import ConvolutionalAutoencoder, RecurrentAutoencoder

# the setting of a row: code, network and epochs; all else is as shipped
CONVOLUTIONAL = {"n_components": 30, "channels": (16, 32, 64), "max_iter": 10}
RECURRENT = {"n_components": 30, "hidden_sizes": (100,), "max_iter": 10}


def runs(cls, seeds: Seeds, **parameters) -> list[tuple[float, float, int]]:
    """Fit once a seed: the error on "val", the seconds, the epochs."""
    X, X_val = fashion()
    found = []
    for seed in seeds:
        model = cls(random_state=seed, **parameters)
        seconds = timed_fit(model, X)
        found.append((error_on(model, X_val), seconds, model.n_iter_))
        logger.info("%s, seed %d: val MSE %.5f, %.1f s, %d epochs", cls.__name__, seed, *found[-1])
    return found


def bars(name: str, found, bar: float, within: float) -> Iterator[Bar]:
    errors = [(error, seconds) for error, seconds, _ in found]
    yield median_bar(f"{name}, val MSE", errors, bar, within=within)
    seconds = median(seconds for _, seconds, _ in found)
    yield Bar(f"{name}, epochs", max(epochs for *_, epochs in found), 10, seconds)


@row("3")
def convolutional(seeds: Seeds) -> Iterator[Bar]:
    found = runs(ConvolutionalAutoencoder, seeds, image_shape=(28, 28), **CONVOLUTIONAL)
    yield from bars("3 convolutional 16-32-64, 30", found, 0.0108, 300)


@row("4")
def recurrent(seeds: Seeds) -> Iterator[Bar]:
    found = runs(RecurrentAutoencoder, seeds, sequence_shape=(28, 28), **RECURRENT)
    yield from bars("4 recurrent LSTM 100-30-100", found, 0.0100, 180)
