"""
=======================
Adversarial autoencoder
=======================

An :class:`skae.AdversarialAutoencoder` matches the distribution of its codes to a chosen prior: a
discriminator learns to distinguish codes from samples of the prior, and the encoder learns to fool
the discriminator. With a Gaussian or uniform prior, two-dimensional codes fill the latent space
without holes. With a Gaussian mixture prior, they form as many clusters as the prior has
components.
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
# Plain autoencoder and three priors
# ----------------------------------
# The first model has no prior on its codes and serves as the baseline.

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
# Latent space
# ------------
# The scatter plots show the codes, colored by digit. The last two panels show images decoded from a
# regular grid in the latent space: with a prior, every region decodes to a plausible digit.


def decoded_grid(name, limit, n_steps=9):
    """Images decoded from a regular grid over the latent space, tiled into one image."""
    steps = np.linspace(-limit, limit, n_steps)
    grid = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
    images = models[name].inverse_transform(grid).reshape(n_steps, n_steps, 8, 8)
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return padded.transpose(0, 2, 1, 3).reshape(10 * n_steps, 10 * n_steps)


figure, axes = plt.subplots(2, 3, figsize=(11, 7.2))
for ax, (name, Z) in zip(axes.flat[:4], codes.items(), strict=True):
    ax.scatter(*Z.T, c=y, cmap="tab10", s=4)
    ax.set_title(name)
for ax, (name, limit) in zip(
    axes.flat[4:], {"gaussian": 1.8, "uniform": 0.95}.items(), strict=True
):
    ax.imshow(decoded_grid(name, limit), cmap="gray_r", vmin=0, vmax=16)
    ax.set_title(f"{name}: decoded grid")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
figure.tight_layout()

# The gallery executes examples without ``__file__``.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "adversarial.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
