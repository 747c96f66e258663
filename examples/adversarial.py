"""
======================================
Codes of a chosen shape, for digits
======================================

An :class:`skae.AdversarialAutoencoder` gives its codes the distribution that you choose: a
discriminator learns to tell them from draws, and the encoder learns to fool it. Two-dimensional
codes then fill a plane without holes, or gather in as many groups as there are to be.
"""

# %%
# The data
# --------
# 1,797 images of 8 x 8 pixels.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skae import AdversarialAutoencoder, AutoencoderTransformer

started = perf_counter()
X, y = load_digits(return_X_y=True)

# %%
# A plain autoencoder, and three priors
# -------------------------------------

models = {
    "no prior": AutoencoderTransformer(2, random_state=0),
    "gaussian": AdversarialAutoencoder(2, early_stopping=False, random_state=0),
    "uniform": AdversarialAutoencoder(2, prior="uniform", early_stopping=False, random_state=0),
    "gaussian_mixture": AdversarialAutoencoder(
        2,
        prior="gaussian_mixture",
        adversarial_weight=0.3,
        early_stopping=False,
        random_state=0,
    ),
}
codes = {name: model.fit_transform(X) for name, model in models.items()}
for name, model in models.items():
    print(f"{name:<18}explained variance {model.score(X):.3f}, {model.fit_time_['total']:.1f} s")

# %%
# Codes, colored by digit, and a walk over the plane
# ---------------------------------------------------
# Samples decoded from a lattice over each prior: with a prior no place is empty.


def tiled(name, reach, n_steps=9):
    """Samples decoded from a lattice over the plane of codes, as one picture."""
    steps = np.linspace(-reach, reach, n_steps)
    plane = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
    images = models[name].inverse_transform(plane).reshape(n_steps, n_steps, 8, 8)
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return framed.transpose(0, 2, 1, 3).reshape(10 * n_steps, 10 * n_steps)


figure, axes = plt.subplots(2, 3, figsize=(11, 7.2))
for ax, (name, Z) in zip(axes.flat[:4], codes.items(), strict=True):
    ax.scatter(*Z.T, c=y, cmap="tab10", s=4)
    ax.set_title(name)
for ax, (name, reach) in zip(
    axes.flat[4:], {"gaussian": 1.8, "uniform": 0.95}.items(), strict=True
):
    ax.imshow(tiled(name, reach), cmap="gray_r", vmin=0, vmax=16)
    ax.set_title(f"{name}, decoded")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
figure.tight_layout()

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "adversarial.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
