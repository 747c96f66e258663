"""
======================================
Cleaning noisy samples
======================================

A :class:`skae.DenoisingAutoencoder` is trained to give clean samples for noisy ones, so it can take
noise out of samples that it has not seen. PCA does so too, by leaving small components out, and the
Wiener filter is the best that any linear map can do. This example compares the three on
scikit-learn's handwritten digits, then lets pixels go missing altogether.
"""

# %%
# The data
# --------
# 1,797 images of 8 x 8 pixels. A quarter is held out and made noisy: normal noise with half of the
# standard deviation of all pixels.

from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder
from skae.display import ReconstructionDisplay

started = perf_counter()
X, _ = load_digits(return_X_y=True)
X = X / 16
X_train, X_test = train_test_split(X, test_size=0.25, random_state=0)
deviation = 0.5 * X.std()
noisy = X_test + deviation * np.random.default_rng(0).normal(size=X_test.shape)

# %%
# Linear ways
# -----------
# PCA is given its best number of components, found on the held-out samples themselves: it cannot do
# better. The Wiener filter needs the covariance of clean samples and the deviation of the noise.


def error(X_hat):
    """Mean squared error to the clean samples."""
    return np.mean((X_hat - X_test) ** 2)


cleaned = {"noisy": noisy}
fits = [PCA(k).fit(X_train) for k in range(1, 65)]
cleaned["PCA"] = min((p.inverse_transform(p.transform(noisy)) for p in fits), key=error)
mean, covariance = X_train.mean(axis=0), np.cov(X_train.T)
wiener = np.linalg.solve(covariance + deviation**2 * np.eye(64), covariance)
cleaned["Wiener filter"] = (noisy - mean) @ wiener + mean

# %%
# The autoencoder
# ---------------
# `noise_level` counts in the spread of the data around their mean. The code is as long as the samples:
# what forces the network to learn is the noise, not a narrow code.

scale = np.sqrt(X_train.var(axis=0).mean())
denoiser = DenoisingAutoencoder(
    64,
    noise="gaussian",
    noise_level=deviation / scale,
    hidden_layer_sizes=(512,),
    max_iter=100,
    random_state=0,
).fit(X_train)
cleaned["autoencoder"] = denoiser.inverse_transform(denoiser.transform(noisy))

# %%
# The result
# ----------

print(f"{'':<16}{'mean squared error':>20}")
for name, samples in cleaned.items():
    print(f"{name:<16}{error(samples):>20.4f}")
print(f"{'clean samples in':<16}{error(denoiser.reconstruct(X_test)):>20.4f}")

# %%
# Digits with holes
# -----------------
# Another noise: each pixel is lost with a probability of one half (its mean stands in its place).
# `noise="dropout"` trains on that. The best linear map is now found by least squares, from thirty
# damaged copies of each training sample; `corrupt` makes them.

repairer = DenoisingAutoencoder(
    64, noise="dropout", noise_level=0.5, hidden_layer_sizes=(512,), max_iter=100, random_state=0
).fit(X_train)
copies = np.concatenate([repairer.corrupt(X_train, random_state=seed) for seed in range(30)])
linear = LinearRegression().fit(copies, np.tile(X_train, (30, 1)))
holes = repairer.corrupt(X_test, random_state=30)
repaired = {
    "with holes": holes,
    "linear map": linear.predict(holes),
    "autoencoder": repairer.reconstruct(holes),
}
for name, samples in repaired.items():
    print(f"{name:<16}{error(samples):>20.4f}")

# %%
# Clean, damaged and cleaned digits
# ---------------------------------
# Above Gaussian noise, below holes: what is kept is drawn twice as far from the mean, so that a
# damaged sample is on average the sample.

figure = plt.figure(figsize=(9, 6), layout="constrained")
both = {"normal noise": (noisy, cleaned), "half of the pixels lost": (holes, repaired)}
for part, (title, (damaged, samples)) in zip(figure.subfigures(2, 1), both.items(), strict=True):
    ax = part.subplots()
    ReconstructionDisplay.from_predictions(
        X_test[:14],
        {name: images[:14] for name, images in samples.items() if images is not damaged},
        X_noisy=damaged[:14],
        image_shape=(8, 8),
        ax=ax,
    )
    ax.set_title(title)

# Run as a script the example knows its place; in a gallery it does not.
folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "denoising.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
