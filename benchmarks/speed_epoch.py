"""Epoch time of skae compared with its peers, for a medium, a large and a small network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_digits
from speed_section import Options, Section
from speed_task import LARGE, MEDIUM, SMALL, Task
from targets import Result

from skae.datasets import load_fashion_mnist

__all__ = ["LABELS", "digits_file", "fashion_file", "large", "medium", "small"]

BASELINES = ("matrix_products", "jax_baseline")
LIBRARIES = (
    "keras_jax",
    "torch_eager",
    "mlp_regressor",
    "skorch_net",
    "keras_torch",
    "pyod_autoencoder",
)
LABELS = {
    "skae_fit": "skae",
    "skae_defaults": "skae, default parameters",
    "matrix_products": "matrix products only, at this machine's peak rate",
    "jax_baseline": "hand-written JAX baseline",
    "keras_jax": "Keras 3 on JAX",
    "keras_torch": "Keras 3 on PyTorch",
    "torch_eager": "PyTorch, eager, fused Adam",
    "torch_compiled": "PyTorch, `torch.compile`",
    "skorch_net": "skorch",
    "mlp_regressor": "MLPRegressor on (X, X)",
    "pyod_autoencoder": "PyOD's AutoEncoder",
    "pca": "PCA",
}


def fashion_file(options: Options) -> str:
    """Save Fashion-MNIST's training images in [0, 1] and return the path."""
    path = options.folder / f"fashion_{options.samples}.npy"
    if not path.exists():
        np.save(path, load_fashion_mnist().data[: options.samples].astype(np.float32))
    return str(path)


def digits_file(options: Options) -> str:
    """Save scikit-learn's digits in [0, 1] and return the path."""
    path = options.folder / "digits.npy"
    if not path.exists():
        np.save(path, (load_digits().data / 16).astype(np.float32))
    return str(path)


def epochs_of(stack: Task, name: str, options: Options, section: Section) -> Iterator[Result]:
    section.title = f"Epoch of a {stack.name} network"
    section.note = (
        f"Fashion-MNIST's first {options.samples} training images, batches of {stack.batch}, "
        "cross-entropy (MLPRegressor and PyOD: squared error), Adam, random initialization, no "
        "validation set. Compilation and the first epochs are excluded."
    )
    file = fashion_file(options)
    task = stack.replace(samples=file, epochs=options.epochs, count=options.samples)
    times = options.peers.run_all({peer: task for peer in (*BASELINES, "skae_fit", *LIBRARIES)})
    section.add_times(times, LABELS, "skae_fit")
    best, ours = times.fastest(LIBRARIES), times.median("skae_fit")
    for peer, what, target in (
        ("jax_baseline", "hand-written JAX", 1.05),
        ("matrix_products", "matrix products", 1.9),
        ("matrix_products", "matrix products (stretch target)", 1.5),
        (best, f"fastest library ({LABELS[best]})", 0.65),
        ("torch_eager", "PyTorch", 0.47),
    ):
        if peer in times:
            yield Result(f"{name}: skae / {what}", times.ratio("skae_fit", peer), target, ours)


def medium(options: Options, section: Section) -> Iterator[Result]:
    return epochs_of(MEDIUM, "epoch", options, section)


def large(options: Options, section: Section) -> Iterator[Result]:
    return epochs_of(LARGE, "large", options, section)


def small(options: Options, section: Section) -> Iterator[Result]:
    """Whole fits: with few samples the fixed cost of a fit matters."""
    section.title = f"Fit of a {SMALL.name} network for {SMALL.epochs} epochs"
    section.note = "Digits, batches of 128, squared error. A repeated fit, without compilation."
    task = SMALL.replace(samples=digits_file(options), measure="whole")
    peers = ("jax_baseline", "skae_fit", "torch_eager", "mlp_regressor", "skorch_net", "keras_jax")
    times = options.peers.run_all({peer: task for peer in peers})
    section.add_times(times, LABELS, "skae_fit")
    best, ours = times.fastest(peers[2:]), times.median("skae_fit")
    for peer, what, target in (
        ("jax_baseline", "hand-written JAX, one program", 1.5),
        (best, f"fastest library ({LABELS[best]})", 0.65),
    ):
        yield Result(f"small: skae / {what}", times.ratio("skae_fit", peer), target, ours)
