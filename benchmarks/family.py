"""The time of one epoch of every autoencoder, beside the plain one of the same size.

usage: family.py [--rows 60000] [--epochs 4]

784-128-32-128-784 on Fashion-MNIST, batches of 256 rows, nothing held out; what an autoencoder
adds is as shipped. All run in one process, the plain one before and after each; the seconds are
those of training in the faster of two fits, without compilation and the start.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from bars import Bar, report

import skae
from skae.datasets import load_fashion_mnist

SETTING = {
    "n_components": 32,
    "hidden_layer_sizes": (128,),
    "batch_size": 256,
    "early_stopping": False,
    "random_state": 0,
}
#: How many times the plain autoencoder's epoch one may take; `TWO_PASSES` need more of them.
BAR, BAR_TWO_PASSES = 2.5, 4.0
TWO_PASSES = ("ContractiveAutoencoder", "AdversarialAutoencoder")


def seconds_of_an_epoch(cls, X, epochs: int) -> float:
    fits = (cls(**SETTING, max_iter=epochs).fit(X) for _ in range(2))
    return min(model.fit_time_["train"] for model in fits) / epochs


def family() -> list[type]:
    """Dense autoencoders but the plain one, as skae names them."""
    classes = [getattr(skae, name) for name in skae.__all__ if name[0].isupper()]
    return [
        cls
        for cls in classes
        if {"hidden_layer_sizes", "n_components"} <= set(cls._get_param_names())
        and cls is not skae.AutoencoderTransformer
    ]


def measure(n_rows: int, epochs: int) -> Iterator[Bar]:
    X = load_fashion_mnist().data[:n_rows]
    before = seconds_of_an_epoch(skae.AutoencoderTransformer, X, epochs)
    for cls in family():
        ours = seconds_of_an_epoch(cls, X, epochs)
        after = seconds_of_an_epoch(skae.AutoencoderTransformer, X, epochs)
        bar = BAR_TWO_PASSES if cls.__name__ in TWO_PASSES else BAR
        yield Bar(f"{cls.__name__} / plain, an epoch", ours / (0.5 * (before + after)), bar, ours)
        before = after


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=4)
    chosen = parser.parse_args()
    print("seconds are those of an epoch")
    return report(measure(chosen.rows, chosen.epochs))


if __name__ == "__main__":
    sys.exit(main())
