"""
===========================================
Your own images: CIFAR-10, gray and color
===========================================

From files on a disk to codes. CIFAR-10's python version is read from the path in the environment
variable `SKAE_DATA` (the downloaded archive, or the folder that it unpacks to). It is pickled, and
a pickle can run any code: :func:`skae.datasets.load_cifar10` reads it by an unpickler that can
build arrays and nothing else.

Without CIFAR-10, and with no internet, the example makes a small data set *of that format* from
the two photographs that scikit-learn ships, and says so.
"""

# %%
# The files
# ---------
# The format: pickled dictionaries with bytes for keys; an image is a sample of 3,072 bytes, 1,024 red
# ones first, then green, then blue. Here each image is a 32 x 32 patch of a photograph, and the
# photograph is its class. Patches overlap, so those held out come from strips of their own, and so
# do those of the fifth batch: no pixel of theirs is in any other patch.

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
    """Patches (n, 32, 32, 3), one every `step` pixels, of strips that begin every 160 columns."""
    strips = [photograph[:, left : left + width] for left in range(first, 640, 160)]
    windows = [np.lib.stride_tricks.sliding_window_view(s, (32, 32), (0, 1)) for s in strips]
    found = [w[::step, ::step].reshape(-1, 3, 32, 32) for w in windows]
    return np.concatenate(found).transpose(0, 2, 3, 1)


def write_batches(folder, names, images, rng):
    """Files of CIFAR-10's python format with the images of all classes, shuffled."""
    labels = np.repeat(np.arange(len(images)), [len(of_class) for of_class in images])
    samples = np.concatenate(images).transpose(0, 3, 1, 2).reshape(len(labels), -1)
    for name, part in zip(
        names, np.array_split(rng.permutation(len(samples)), len(names)), strict=True
    ):
        batch = {b"data": samples[part], b"labels": labels[part].tolist()}
        (folder / name).write_bytes(pickle.dumps(batch))


def make_cifar10(folder):
    """A data set of that format: batches 1 to 4, batch 5 and the test batch share no pixel."""
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
# Read
# ----
# `classes` takes some classes out, by name. `color` makes images gray: by the mean of the three
# channels, or by luminance, as bright as an eye sees them.

with TemporaryDirectory() as folder:
    path, chosen = None, "horse"  # None: what SKAE_DATA names
    try:
        load_cifar10(split="test")
    except FileNotFoundError as error:
        print(f"{error}\nA data set of its format is made of scikit-learn's photographs instead.")
        path, chosen = folder, "temple"
        make_cifar10(Path(folder))
    color, color_test = (load_cifar10(path, split=split) for split in ("train", "test"))
    gray, gray_test, average = (
        load_cifar10(path, split=split, classes=chosen, color=color)
        for split, color in (("train", "luminance"), ("test", "luminance"), ("test", "average"))
    )
print(f"\nread from {color.source}: {len(color.data)} images, {', '.join(color.target_names)}")
print(f"{chosen}: {len(gray.data)} to train on, {len(gray_test.data)} held out")
difference = np.abs(average.data - gray_test.data).mean()
print(f"gray by mean and by luminance differ by {difference:.3f} in a pixel, on average")


def split(samples):
    """The first four fifths to train on, and the last (the fifth batch) to stop early by."""
    n_train = len(samples) * 4 // 5
    return samples[:n_train], samples[n_train:]


def compare(name, model, X, X_val, X_test):
    """Held-out reconstructions of PCA and of `model`; prints their errors."""
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
    print(f"epoch that was kept, of {model.n_iter_}: {model.best_iter_}")
    return X_hat


# %%
# One class in gray: 1,024 pixels as 100 numbers
# ----------------------------------------------
# Patches next to each other are near copies. A tenth held back at random, the default, would be
# no test of anything: the fifth batch goes to `X_val`.

print(f"\n{chosen}, gray, {gray.data.shape[1]} pixels as 100 numbers")
X, X_val = split(gray.data)
dense = AutoencoderTransformer(100, n_iter_no_change=3, random_state=0)
gray_hat = compare("autoencoder", dense, X, X_val, gray_test.data)

# %%
# All classes in color: 3,072 numbers as 100
# -------------------------------------------
# `image_shape` tells a convolutional autoencoder how to read the flat samples.

print(f"\ncolor, {color.data.shape[1]} numbers as 100, 4,000 images to train on")
X, X_val = split(color.data)
convolutional = ConvolutionalAutoencoder(
    100, image_shape=color.image_shape, max_iter=10, n_iter_no_change=3, random_state=0
)
color_hat = compare("convolutional", convolutional, X[:4000], X_val[:1000], color_test.data[:1000])

# %%
# What to make of it
# ------------------
# A hundred components tell nearly all that patches of two photographs have in common, and so few
# photographs teach no more: on the made data PCA cannot be beaten. Both autoencoders start at PCA's
# solution, see on samples from elsewhere that training makes it worse, and stay there: the epoch that
# was kept is 0. (In color the last digits differ, because principal components of so many columns
# are approximate.) Run it on CIFAR-10 itself before you conclude anything about photographs;
# the example on Fashion-MNIST has images from which autoencoders learn what PCA cannot.

# %%
# Pictures of any size
# --------------------
# :func:`skae.datasets.load_image_files` reads the picture files of a folder and brings them to one
# shape, so that they can be encoded like the rest. Here they are pieces of the two photographs;
# subfolders are classes.

sizes = [(150, 150), (90, 160), (200, 110), (64, 64), (300, 240)]
with TemporaryDirectory() as folder:
    for photograph, name in zip(photographs, ("temple", "flower"), strict=True):
        (Path(folder) / name).mkdir()
        for number, (height, width) in enumerate(sizes):
            piece = photograph[100 : 100 + height, 200 - width // 4 :][:, :width]
            ending = "png" if number % 2 else "jpg"
            Image.fromarray(piece).save(Path(folder) / name / f"{number}.{ending}")
    files = load_image_files(folder, image_shape=(32, 32))
print(f"\n{len(files.data)} files of {len(sizes)} sizes, read as {files.image_shape}")
files_hat = {"convolutional": convolutional.reconstruct(files.data)}

# %%
# Look at them
# ------------
# Many patches are nothing but sky or leaves. Drawn are some of those held out with most contrast.


def contrasting(X):
    """Ten of the hundred samples with most contrast, or of all."""
    return np.argsort(-X.std(axis=1))[:100][:: max(1, min(100, len(X)) // 10)]


panels = {
    f"{chosen}, gray: 1,024 pixels as 100 numbers": (gray_test.data, gray_hat),
    "color: 3,072 numbers as 100": (color_test.data[:1000], color_hat),
    "picture files of several sizes, as 100 numbers": (files.data, files_hat),
}
figure = plt.figure(figsize=(9, 8.4), layout="constrained")
parts = figure.subfigures(3, 1, height_ratios=[3, 3, 2.5])
for part, (title, (X, X_hat)) in zip(parts, panels.items(), strict=True):
    ax, shown = part.subplots(), contrasting(X)
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
picture = folder / "cifar10.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
