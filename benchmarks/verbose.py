"""Overhead of logging and progress bars: training time with them relative to the time without.

usage: verbose.py [--samples 60000] [--epochs 10] [--repeats 5]

784-128-32-128-784 on Fashion-MNIST, batches of 256 samples, no validation set, all in one process.
Each fit with output is timed between two silent fits and divided by their mean; the median over
repeats counts. Wall time is printed. The target is on processor time, because the wall time of
identical fits varies by more than the overhead to be measured. Output is written as to a terminal,
and discarded. For digits, whose epochs take milliseconds, the ratios are printed without a target.
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
from sklearn.datasets import load_digits
from targets import Result, report

from skae import AutoencoderTransformer
from skae.datasets import load_fashion_mnist

try:
    from sklearn.callback import ProgressBar
except ImportError:  # scikit-learn < 1.9
    ProgressBar = None

#: Largest processor time with one line per epoch, or a progress bar, relative to a silent fit.
TARGET = 1.02
#: Number of fits to digits that are timed together: a single fit is too short.
DIGITS_FITS = 5


@contextmanager
def logging_to(handler: logging.Handler) -> Iterator[None]:
    """Send the records of the "skae" logger to this handler only."""
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
    """Fit; return the seconds of training, of the whole fit, and of processor time."""
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
    start, processor_start = perf_counter(), process_time()
    model.fit(X)
    processor = process_time() - processor_start
    return np.array([model.fit_time_["train"], perf_counter() - start, processor])


def verbose_fits(X: np.ndarray, epochs: int, sink) -> dict[str, Callable[[], np.ndarray]]:
    """Fits with output, by the kind of output."""

    def logged(verbose, handler):
        def fit():
            with logging_to(handler):
                return fitted(X, epochs, verbose)

        return fit

    def with_progress_bar():
        with redirect_stdout(sink):
            return fitted(X, epochs, callback=ProgressBar())

    fits = {
        "verbose=1": logged(1, logging.StreamHandler(sink)),
        "verbose=5": logged(5, logging.StreamHandler(sink)),
        "verbose=1, NullHandler": logged(1, logging.NullHandler()),
    }
    if ProgressBar is None:
        print("ProgressBar skipped: scikit-learn has no sklearn.callback")
    else:
        fits["ProgressBar"] = with_progress_bar
    return fits


def ratios(silent: Callable, fits: dict[str, Callable], repeats: int) -> dict[str, np.ndarray]:
    """Seconds of each fit relative to the silent fit, as medians over repeats."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in fits}
    silent()  # The first fit compiles.
    for _ in range(repeats):
        before = silent()
        for name, fit in fits.items():
            seconds, after = fit(), silent()
            found[name].append(seconds / (0.5 * (before + after)))
            before = after
    return {name: np.median(each, axis=0) for name, each in found.items()}


def measure(n_samples: int, epochs: int, repeats: int, sink) -> Iterator[Result]:
    X = load_fashion_mnist().data[:n_samples]
    seconds = median(fitted(X, epochs)[0] for _ in range(2))
    print(f"{len(X)} samples, {epochs} epochs: {seconds:.2f} s of training; relative to it:")
    found = ratios(lambda: fitted(X, epochs), verbose_fits(X, epochs, sink), repeats)
    print_ratios(found)
    for name, (_, _, processor) in found.items():
        yield Result(f"{name} / silent, processor time", processor, TARGET, seconds)
    measure_digits(repeats, sink)


def print_ratios(found: dict[str, np.ndarray]) -> None:
    for name, (train, whole, processor) in found.items():
        print(
            f"  {name:<24}training {train:.3f}, whole fit {whole:.3f}, processor {processor:.3f}",
            flush=True,
        )


def measure_digits(repeats: int, sink) -> None:
    X, epochs = load_digits().data, 100

    def repeated(fit):
        return lambda: sum(fit() for _ in range(DIGITS_FITS))

    fits = {name: repeated(fit) for name, fit in verbose_fits(X, epochs, sink).items()}
    silent = repeated(lambda: fitted(X, epochs))
    silent()
    each = 1e3 * silent()[0] / DIGITS_FITS / epochs
    print(f"digits, {epochs} epochs of {each:.1f} ms, relative to silent fits:")
    print_ratios(ratios(silent, fits, repeats))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    # The progress bar is drawn with rich, which updates it only in terminals.
    os.environ.update(TTY_COMPATIBLE="1", TERM="xterm-256color")
    with open(os.devnull, "w") as sink:
        return report(measure(args.samples, args.epochs, args.repeats, sink))


if __name__ == "__main__":
    sys.exit(main())
