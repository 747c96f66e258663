"""An epoch of skae's fit beside that of its peers: the usual stack, a large and a small one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from bars import Bar
from sklearn.datasets import load_digits
from speed_section import Options, Section
from speed_task import LARGE, SMALL, USUAL, Task

from skae.datasets import load_fashion_mnist

__all__ = ["LABELS", "digits_file", "fashion_file", "large", "small", "usual"]

YARDSTICKS = ("matrix_products", "jax_by_hand")
RIVALS = (
    "keras_jax",
    "torch_eager",
    "mlp_regressor",
    "skorch_net",
    "keras_torch",
    "pyod_autoencoder",
)
LABELS = {
    "skae_fit": "skae",
    "skae_defaults": "skae, nothing set",
    "matrix_products": "matrix products alone, at this machine's best rate",
    "jax_by_hand": "the loop by hand in JAX",
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
    """Fashion-MNIST's training images in [0, 1] as a file."""
    path = options.folder / f"fashion_{options.rows}.npy"
    if not path.exists():
        np.save(path, load_fashion_mnist().data[: options.rows].astype(np.float32))
    return str(path)


def digits_file(options: Options) -> str:
    """scikit-learn's digits in [0, 1] as a file."""
    path = options.folder / "digits.npy"
    if not path.exists():
        np.save(path, (load_digits().data / 16).astype(np.float32))
    return str(path)


def epochs_of(stack: Task, name: str, options: Options, section: Section) -> Iterator[Bar]:
    section.title = f"An epoch of {stack.name}"
    section.note = (
        f"Fashion-MNIST's first {options.rows} training images, batches of {stack.batch}, "
        "cross-entropy (MLPRegressor and PyOD: squared error), Adam, random weights, nothing held "
        "out. What compiling and a fit's first steps cost is left out."
    )
    file = fashion_file(options)
    task = stack.asked(rows=file, epochs=options.epochs, count=options.rows)
    times = options.peers.turns({peer: task for peer in (*YARDSTICKS, "skae_fit", *RIVALS)})
    section.add_times(times, LABELS, "skae_fit")
    best, ours = times.fastest(RIVALS), times.median("skae_fit")
    for peer, what, bar in (
        ("jax_by_hand", "by hand in JAX", 1.05),
        ("matrix_products", "matrix products alone", 1.9),
        ("matrix_products", "matrix products, then beyond", 1.5),
        (best, f"best peer, {LABELS[best]}", 0.65),
        ("torch_eager", "PyTorch", 0.47),
    ):
        if peer in times:
            yield Bar(f"{name}: skae / {what}", times.ratio("skae_fit", peer), bar, ours)


def usual(options: Options, section: Section) -> Iterator[Bar]:
    return epochs_of(USUAL, "epoch", options, section)


def large(options: Options, section: Section) -> Iterator[Bar]:
    return epochs_of(LARGE, "large", options, section)


def small(options: Options, section: Section) -> Iterator[Bar]:
    """Whole fits: so few rows that what a fit does once counts."""
    section.title = f"A fit of {SMALL.epochs} epochs of {SMALL.name}"
    section.note = "Digits, batches of 128, squared error. The second fit: all is compiled."
    task = SMALL.asked(rows=digits_file(options), measure="whole")
    asked = ("jax_by_hand", "skae_fit", "torch_eager", "mlp_regressor", "skorch_net", "keras_jax")
    times = options.peers.turns({peer: task for peer in asked})
    section.add_times(times, LABELS, "skae_fit")
    best, ours = times.fastest(asked[2:]), times.median("skae_fit")
    for peer, what, bar in (
        ("jax_by_hand", "one program by hand", 1.5),
        (best, f"best peer, {LABELS[best]}", 0.65),
    ):
        yield Bar(f"small: skae / {what}", times.ratio("skae_fit", peer), bar, ours)
