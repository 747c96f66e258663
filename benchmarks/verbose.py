"""What it costs to watch a fit: training time with a log or a progress bar, over that without.

usage: verbose.py [--rows 60000] [--epochs 10] [--turns 5]

784-128-32-128-784 on Fashion-MNIST, batches of 256 rows, nothing held out, all in one process. Each
way of watching is timed between two fits that nobody watches, and divided by their mean; the median
over turns counts. Wall time is printed, processor time is held to the bar: between equal fits the
one differs by more than what is looked for. Lines and bars are drawn as in a terminal, and what is
drawn is thrown away. Of digits, whose epochs take milliseconds, the same is told without a bar.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from statistics import median
from time import perf_counter, process_time

import numpy as np
from bars import Bar, report
from sklearn.datasets import load_digits

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist

try:
    from sklearn.callback import ProgressBar
except ImportError:  # scikit-learn < 1.9
    ProgressBar = None

#: What a line an epoch, or a bar, may cost of the time of training.
BAR = 1.02
#: Fits of digits in a turn: one of them is too short to be timed.
FITS_OF_DIGITS = 5


@contextmanager
def logged_by(handler: logging.Handler) -> Iterator[None]:
    """The "skae" logger speaks to this handler alone."""
    logger = logging.getLogger("skae")
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def fitted(X: np.ndarray, epochs: int, verbose: int = 0, callback=None) -> np.ndarray:
    """Seconds of training, of the whole fit, and of all processors."""
    model = AutoencoderTransformer(
        32,
        hidden_layer_sizes=(128,),
        batch_size=256,
        max_iter=epochs,
        early_stopping=False,
        random_state=0,
        verbose=verbose,
    )
    if callback is not None:
        model.set_callbacks(callback)
    start, work = perf_counter(), process_time()
    model.fit(X)
    return np.array([model.fit_time_["train"], perf_counter() - start, process_time() - work])


def ways(X: np.ndarray, epochs: int, sink) -> dict[str, Callable[[], np.ndarray]]:
    """Fits that somebody watches, by how."""

    def logged(verbose, handler):
        def fit():
            with logged_by(handler):
                return fitted(X, epochs, verbose)

        return fit

    def with_a_bar():
        with redirect_stdout(sink):
            return fitted(X, epochs, callback=ProgressBar())

    found = {
        "verbose=1": logged(1, logging.StreamHandler(sink)),
        "verbose=5": logged(5, logging.StreamHandler(sink)),
        "verbose=1, to a NullHandler": logged(1, logging.NullHandler()),
    }
    if ProgressBar is None:
        print("scikit-learn has no sklearn.callback: its progress bar is left out")
    else:
        found["ProgressBar"] = with_a_bar
    return found


def ratios(alone: Callable, watched: dict[str, Callable], turns: int) -> dict[str, np.ndarray]:
    """Of each way its seconds over those of the same unwatched, as medians over turns."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in watched}
    alone()  # compiles
    for _ in range(turns):
        before = alone()
        for name, fit in watched.items():
            ours, after = fit(), alone()
            found[name].append(ours / (0.5 * (before + after)))
            before = after
    return {name: np.median(each, axis=0) for name, each in found.items()}


def measure(n_rows: int, epochs: int, turns: int, sink) -> Iterator[Bar]:
    X = load_fashion_mnist().data[:n_rows]
    seconds = median(fitted(X, epochs)[0] for _ in range(2))
    print(f"{len(X)} rows, {epochs} epochs: {seconds:.2f} s of training; over it:")
    found = ratios(lambda: fitted(X, epochs), ways(X, epochs, sink), turns)
    tell(found)
    for name, (_, _, work) in found.items():
        yield Bar(f"{name} / unwatched, processor time", work, BAR, seconds)
    of_digits(turns, sink)


def tell(found: dict[str, np.ndarray]) -> None:
    for name, (train, whole, work) in found.items():
        print(
            f"  {name:<32}training {train:.3f}, the whole fit {whole:.3f}, processors {work:.3f}",
            flush=True,
        )


def of_digits(turns: int, sink) -> None:
    X, epochs = load_digits().data, 100

    def often(fit):
        return lambda: sum(fit() for _ in range(FITS_OF_DIGITS))

    watched = {name: often(fit) for name, fit in ways(X, epochs, sink).items()}
    alone = often(lambda: fitted(X, epochs))
    alone()
    each = 1e3 * alone()[0] / FITS_OF_DIGITS / epochs
    print(f"digits, {epochs} epochs of {each:.1f} ms, over the same unwatched:")
    tell(ratios(alone, watched, turns))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--turns", type=int, default=5)
    chosen = parser.parse_args()
    # rich, which draws the bar, draws it while it moves in terminals alone
    os.environ.update(TTY_COMPATIBLE="1", TERM="xterm-256color")
    with open(os.devnull, "w") as sink:
        return report(measure(chosen.rows, chosen.epochs, chosen.turns, sink))


if __name__ == "__main__":
    sys.exit(main())
