"""Epoch time of the network of quality row 3 on 55,000 images, compared with PyTorch.

usage: convolution.py [--torch PYTHON] [--repeats 3] [--images 55000]

PyTorch is not a dependency of skae: `--torch` names an interpreter with PyTorch (the CPU build,
2.13; default: this interpreter). The libraries run alternately, each in its own process.
Compilation and a first warm-up epoch are excluded. Layers, batch size, activation, loss and
optimizer are the same; `torch.compile` is not used.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from statistics import median
from time import perf_counter

import numpy as np
from targets import Result, report

BATCH, CHANNELS, CODE = 128, (16, 32, 64), 30
TARGET = 1.2


def images(count: int) -> np.ndarray:
    """Random pixels in [0, 1]; the epoch time does not depend on their values."""
    return np.random.default_rng(0).random((count, 784), dtype=np.float32)


def skae_epoch(count: int) -> float:
    """Return the seconds of the second epoch."""
    from skae import ConvolutionalAutoencoder

    model = ConvolutionalAutoencoder(
        CODE, image_shape=(28, 28), channels=CHANNELS, batch_size=BATCH, init="random",
        early_stopping=False, warm_start=True, max_iter=1, random_state=0,
    )  # fmt: skip
    X = images(count)
    model.fit(X).fit(X)
    return model.fit_time_["train"]


def torch_epoch(count: int) -> float:
    """Return the seconds of the second epoch."""
    import torch
    from torch import nn

    gelu, layers = nn.GELU(approximate="tanh"), []
    for inputs, outputs in zip((1, *CHANNELS), CHANNELS, strict=False):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), gelu]
    layers += [nn.Flatten(), nn.Linear(4 * 4 * 64, CODE), nn.Linear(CODE, 4 * 4 * 64), gelu]
    layers += [nn.Unflatten(1, (64, 4, 4))]
    for inputs, outputs, more in ((64, 32, 0), (32, 16, 1), (16, 1, 1)):
        layers += [nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=more), gelu]
    network = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.NAdam(network.parameters(), lr=2e-3)
    X = torch.from_numpy(images(count)).reshape(-1, 1, 28, 28)
    for _ in range(2):
        start = perf_counter()
        for batch in torch.randperm(count).split(BATCH):
            x = X[batch]
            loss = nn.functional.mse_loss(network(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return perf_counter() - start


LIBRARIES = {"skae": skae_epoch, "torch": torch_epoch}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--images", type=int, default=55_000)
    parser.add_argument("--library", choices=LIBRARIES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.library:
        print(LIBRARIES[args.library](args.images))
        return 0
    seconds: dict[str, list[float]] = {library: [] for library in LIBRARIES}
    for _ in range(args.repeats):
        for library in LIBRARIES:
            python = args.torch if library == "torch" else sys.executable
            command = [python, __file__, "--library", library, "--images", str(args.images)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds[library].append(float(done.stdout.split()[-1]))
            print(f"{library:<8}{seconds[library][-1]:>8.2f} s per epoch", flush=True)
    ratio = median(seconds["skae"]) / median(seconds["torch"])
    return report(
        [Result("convolutional epoch, skae / PyTorch", ratio, TARGET, median(seconds["skae"]))]
    )


if __name__ == "__main__":
    sys.exit(main())
