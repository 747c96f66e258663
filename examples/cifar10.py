"""
========================================================
Loading CIFAR-10 and image files, in grayscale and color
========================================================

This example loads images from files and encodes them. CIFAR-10's Python version is read from the
path in the environment variable ``SKAE_DATA``: the downloaded archive, or the folder that it
unpacks to. The files are pickles, and unpickling can execute arbitrary code.
:func:`skae.datasets.load_cifar10` therefore uses a restricted unpickler that only builds arrays.

Without CIFAR-10, the example writes a small data set *in that format* from the two photographs
that scikit-learn includes, and prints a message. No internet connection is needed.
"""

# %%
# The file format
# ---------------
# A batch is a pickled dictionary with bytes as keys. Each image is a row of 3,072 bytes: 1,024 for
# red, then 1,024 for green, then 1,024 for blue. Here each image is a 32 x 32 patch of a
# photograph, and its class is the photograph. Patches overlap. The test patches and the patches of
# the fifth batch are therefore cut from separate strips: they share no pixel with any other patch.

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer, ConvolutionalAutoencoder
from skae.datasets import load_cifar10, load_image_files
from skae.display import ReconstructionDisplay

started = perf_counter()
photographs = load_sample_images().images  # uint8, 427 x 640 x 3


def patches(photograph, first, width, step):
    """Patches (n, 32, 32, 3), one every `step` pixels, from strips that start every 160 columns."""
    strips = [photograph[:, left : left + width] for left in range(first, 640, 160)]
    windows = [np.lib.stride_tricks.sliding_window_view(s, (32, 32), (0, 1)) for s in strips]
    found = [w[::step, ::step].reshape(-1, 3, 32, 32) for w in windows]
    return np.concatenate(found).transpose(0, 2, 3, 1)


def write_batches(folder, names, images, rng):
    """Write the shuffled images of all classes to files in CIFAR-10's Python format."""
    labels = np.repeat(np.arange(len(images)), [len(of_class) for of_class in images])
    rows = np.concatenate(images).transpose(0, 3, 1, 2).reshape(len(labels), -1)
    for name, part in zip(
        names, np.array_split(rng.permutation(len(rows)), len(names)), strict=True
    ):
        batch = {b"data": rows[part], b"labels": labels[part].tolist()}
        (folder / name).write_bytes(pickle.dumps(batch))


def make_cifar10(folder):
    """Write a data set in that format: batches 1 to 4, batch 5 and the test batch are disjoint."""
    rng = np.random.default_rng(0)
    train = [patches(photograph, 0, 72, 4) for photograph in photographs]
    fifth = [
        rng.permutation(patches(p, 72, 40, 4))[: len(t) // 4]
        for p, t in zip(photographs, train, strict=True)
    ]
    test = [patches(photograph, 112, 48, 8) for photograph in photographs]
    write_batches(folder, [f"data_batch_{number}" for number in range(1, 5)], train, rng)
    write_batches(folder, ["data_batch_5"], fifth, rng)
    write_batches(folder, ["test_batch"], test, rng)
    names = {b"label_names": [b"temple", b"flower"]}
    (folder / "batches.meta").write_bytes(pickle.dumps(names))


# %%
# Loading
# -------
# `classes` selects classes by name. `color` converts images to grayscale: ``"average"`` takes the
# mean of the three channels, ``"luminance"`` weights them by perceived brightness.

with TemporaryDirectory() as folder:
    path, chosen = None, "horse"  # None: the path in SKAE_DATA
    try:
        load_cifar10(split="test")
    except FileNotFoundError as error:
        print(
            f"{error}\nPatches of scikit-learn's photographs, in the same format, are used instead."
        )
        path, chosen = folder, "temple"
        make_cifar10(Path(folder))
    color, color_test = (load_cifar10(path, split=split) for split in ("train", "test"))
    gray, gray_test, average = (
        load_cifar10(path, split=split, classes=chosen, color=color)
        for split, color in (("train", "luminance"), ("test", "luminance"), ("test", "average"))
    )
print(f"\nloaded {color.source}: {len(color.data)} images, {', '.join(color.target_names)}")
print(f"{chosen}: {len(gray.data)} training images, {len(gray_test.data)} test images")
difference = np.abs(average.data - gray_test.data).mean()
print(f"mean absolute difference between average and luminance: {difference:.3f} per pixel")


def split(X):
    """Split into training set (first four fifths) and validation set (the fifth batch)."""
    n_train = len(X) * 4 // 5
    return X[:n_train], X[n_train:]


def compare(name, model, X, X_val, X_test):
    """Print the test errors of PCA and of `model`, and return their reconstructions."""
    X_hat = {}
    print(f"{'':<16}{'mean squared error':>20}{'fit':>9}")
    pca = PCA(model.n_components, random_state=0)
    for label, fitted, extra in (("PCA", pca, {}), (name, model, {"X_val": X_val})):
        start = perf_counter()
        fitted.fit(X, **extra)
        seconds = perf_counter() - start
        X_hat[label] = fitted.inverse_transform(fitted.transform(X_test))
        error = np.mean((X_hat[label] - X_test) ** 2)
        print(f"{label:<16}{error:>20.5f}{seconds:>7.1f} s")
    print(f"best epoch: {model.best_iter_} of {model.n_iter_}")
    return X_hat


# %%
# One class in grayscale: 1,024 pixels, 100 components
# ----------------------------------------------------
# Adjacent patches are near-duplicates. In a random validation split, the default, they would leak
# into the validation set. The fifth batch is passed as ``X_val`` instead.

print(f"\n{chosen}, grayscale: {gray.data.shape[1]} pixels, 100 components")
X, X_val = split(gray.data)
dense = AutoencoderTransformer(100, n_iter_no_change=3, random_state=0)
gray_hat = compare("autoencoder", dense, X, X_val, gray_test.data)

# %%
# All classes in color: 3,072 features, 100 components
# ----------------------------------------------------
# `image_shape` is the shape to which a convolutional autoencoder reshapes the flat samples.

print(f"\ncolor: {color.data.shape[1]} features, 100 components, 4,000 training images")
X, X_val = split(color.data)
convolutional = ConvolutionalAutoencoder(
    100, image_shape=color.image_shape, max_iter=10, n_iter_no_change=3, random_state=0
)
color_hat = compare("convolutional", convolutional, X[:4000], X_val[:1000], color_test.data[:1000])

# %%
# Discussion
# ----------
# On the patches of two photographs, 100 principal components explain nearly all of the variance,
# and no autoencoder improves on PCA. Both autoencoders start at the PCA initialization. The
# validation loss increases from there, so the best epoch is 0, the initialization itself. (In color
# the last digits differ from PCA's, because the PCA of so many features is approximate.) These
# patches say nothing about photographs in general: run the example on CIFAR-10. The example on
# Fashion-MNIST has images on which an autoencoder reconstructs better than PCA.

# %%
# Image files of any size
# -----------------------
# :func:`skae.datasets.load_image_files` loads the image files of a folder and resizes them to a
# common shape. Subfolders are classes. Here the files are crops of the two photographs.

sizes = [(150, 150), (90, 160), (200, 110), (64, 64), (300, 240)]
with TemporaryDirectory() as folder:
    for photograph, name in zip(photographs, ("temple", "flower"), strict=True):
        (Path(folder) / name).mkdir()
        for number, (height, width) in enumerate(sizes):
            piece = photograph[100 : 100 + height, 200 - width // 4 :][:, :width]
            ending = "png" if number % 2 else "jpg"
            Image.fromarray(piece).save(Path(folder) / name / f"{number}.{ending}")
    files = load_image_files(folder, image_shape=(32, 32))
print(f"\n{len(files.data)} files of {len(sizes)} sizes, resized to {files.image_shape}")
files_hat = {"convolutional": convolutional.reconstruct(files.data)}

# %%
# Reconstructions
# ---------------
# Many patches contain only sky or leaves. The figure shows test images of high contrast.


def high_contrast(X):
    """Indices of ten samples, evenly spaced among the (at most) 100 of highest contrast."""
    return np.argsort(-X.std(axis=1))[:100][:: max(1, min(100, len(X)) // 10)]


panels = {
    f"{chosen}, grayscale: 1,024 pixels, 100 components": (gray_test.data, gray_hat),
    "color: 3,072 features, 100 components": (color_test.data[:1000], color_hat),
    "image files of several sizes, 100 components": (files.data, files_hat),
}
figure = plt.figure(figsize=(9, 8.4), layout="constrained")
parts = figure.subfigures(3, 1, height_ratios=[3, 3, 2.5])
for part, (title, (X, X_hat)) in zip(parts, panels.items(), strict=True):
    ax, shown = part.subplots(), high_contrast(X)
    ReconstructionDisplay.from_predictions(
        X[shown],
        {name: samples[shown] for name, samples in X_hat.items()},
        image_shape=(32, 32) if X.shape[1] == 1024 else (32, 32, 3),
        cmap="gray",
        ax=ax,
    )
    ax.set_title(title)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "cifar10.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
