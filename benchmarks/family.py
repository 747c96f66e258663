"""Epoch time of every autoencoder relative to the plain autoencoder of the same size.

usage: family.py [--samples 60000] [--epochs 4]

784-128-32-128-784 on Fashion-MNIST, batches of 256 samples, no validation set; parameters specific
to an autoencoder have their defaults. All fits run in one process, with a fit of the plain
autoencoder before and after each. Seconds are the training time of the faster of two fits, without
compilation and initialization.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from targets import Result, report

import skae
from skae.datasets import load_fashion_mnist

SETTING = {
    "n_components": 32,
    "hidden_layer_sizes": (128,),
    "batch_size": 256,
    "early_stopping": False,
    "random_state": 0,
}
#: Largest epoch time relative to the plain autoencoder; `TWO_PASSES` have two passes per step.
TARGET, TARGET_TWO_PASSES = 2.5, 4.0
TWO_PASSES = ("ContractiveAutoencoder", "AdversarialAutoencoder")


def epoch_seconds(cls, X, epochs: int) -> float:
    fits = (cls(**SETTING, max_iter=epochs).fit(X) for _ in range(2))
    return min(model.fit_time_["train"] for model in fits) / epochs


def family() -> list[type]:
    """All dense autoencoders of skae except the plain one."""
    classes = [getattr(skae, name) for name in skae.__all__ if name[0].isupper()]
    return [
        cls
        for cls in classes
        if {"hidden_layer_sizes", "n_components"} <= set(cls._get_param_names())
        and cls is not skae.AutoencoderTransformer
    ]


def measure(n_samples: int, epochs: int) -> Iterator[Result]:
    X = load_fashion_mnist().data[:n_samples]
    before = epoch_seconds(skae.AutoencoderTransformer, X, epochs)
    for cls in family():
        ours = epoch_seconds(cls, X, epochs)
        after = epoch_seconds(skae.AutoencoderTransformer, X, epochs)
        target = TARGET_TWO_PASSES if cls.__name__ in TWO_PASSES else TARGET
        ratio = ours / (0.5 * (before + after))
        yield Result(f"{cls.__name__} / plain, epoch", ratio, target, ours)
        before = after


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()
    print("seconds are per epoch")
    return report(measure(args.samples, args.epochs))


if __name__ == "__main__":
    sys.exit(main())
