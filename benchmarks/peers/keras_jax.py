"""Keras 3 on JAX."""

import os

PACKAGES = ("keras", "jax")
TICKS = True
os.environ["KERAS_BACKEND"] = "jax"

from peers._keras import fit as fit  # noqa: E402
