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
# Codes, coloured by digit, and a walk over the plane
# ---------------------------------------------------
# On the right, rows decoded from the quantiles of the normal prior: no place is empty.

figure, axes = plt.subplots(1, 5, figsize=(17, 3.6))
for ax, (name, Z) in zip(axes, codes.items(), strict=False):
    ax.scatter(*Z.T, c=y, cmap="tab10", s=4)
    ax.set(title=name, xticks=[], yticks=[], aspect="equal" if name != "no prior" else "auto")

steps = np.linspace(-1.6, 1.6, 12)
plane = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
tiles = models["gaussian"].inverse_transform(plane).reshape(12, 12, 8, 8)
axes[-1].imshow(tiles.transpose(0, 2, 1, 3).reshape(96, 96), cmap="gray_r", vmin=0, vmax=16)
axes[-1].set(title="gaussian, decoded", xticks=[], yticks=[])
figure.tight_layout()

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "adversarial.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
