"""Keras 3 on PyTorch."""

import os

PACKAGES = ("keras", "torch")
TICKS = True
os.environ["KERAS_BACKEND"] = "torch"

from peers._keras import fit as fit  # noqa: E402
